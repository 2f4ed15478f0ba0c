// scrape, cardinality and lint on good targets: what they print, as tables and as JSON, and their exit codes.
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { counter, gauge, histogram, Registry, startExporter } from 'nanotally'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isTarget } from '../../../dist/cli/source.js'
import { CLI, cli, cliProcess, listen, serve, serveText } from '../../support/cli.js'
import { temporaryFolder } from '../../support/temporary.js'

const TEXT = `# HELP jobs_total Jobs done.
# TYPE jobs_total counter
jobs_total{kind="a"} 3
jobs_total{kind="b"} 1e+06
# HELP wait_seconds Time in the queue.
# TYPE wait_seconds histogram
wait_seconds_bucket{le="1"} 1
wait_seconds_bucket{le="2"} 3
wait_seconds_bucket{le="+Inf"} 4
wait_seconds_sum 6
wait_seconds_count 4
# HELP lag_seconds Lag.
# TYPE lag_seconds summary
lag_seconds{quantile="0.5"} 0.25
lag_seconds_sum 1
lag_seconds_count 4
`

describe('scrape', () => {
  test('tables', async () => {
    const { exitCode, stdout, stderr } = await cli(['scrape', await serveText(TEXT)])
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toBe(`jobs_total  counter  Jobs done.
  kind="a"        3
  kind="b"  1000000

wait_seconds  histogram  Time in the queue.
     COUNT  SUM  MEAN  P50  P90  P99
  -      4    6   1.5  1.5    2    2

lag_seconds  summary  Lag.
     COUNT  SUM  MEAN   P50  P90  P99
  -      4    1  0.25  0.25    -    -
`)
  })

  test('JSON, in the shape of /snapshot.json', async () => {
    const { stdout } = await cli(['scrape', '--json', await serveText(TEXT)])
    expect(JSON.parse(stdout)).toEqual({
      target: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/),
      format: 'text',
      families: [
        {
          ...{ name: 'jobs_total', type: 'counter', unit: '', help: 'Jobs done.' },
          series: [
            { labels: { kind: 'a' }, value: 3 },
            { labels: { kind: 'b' }, value: 1e6 },
          ],
        },
        {
          ...{ name: 'wait_seconds', type: 'histogram', unit: '', help: 'Time in the queue.' },
          series: [
            {
              ...{ labels: {}, count: 4, sum: 6, quantiles: { '0.5': 1.5, '0.9': 2, '0.99': 2 } },
              buckets: [
                [0, 1, 1],
                [1, 2, 2],
                [2, '+Inf', 1],
              ],
            },
          ],
        },
        {
          ...{ name: 'lag_seconds', type: 'summary', unit: '', help: 'Lag.' },
          series: [{ labels: {}, count: 4, sum: 1, quantiles: { '0.5': 0.25 } }],
        },
      ],
    })
  })

  test('filters; what matches nothing is 1', async () => {
    const url = await serveText(TEXT)
    const { stdout } = await cli(['scrape', url, '--type', 'counter', '--label', 'kind=b'])
    expect(stdout).toBe('jobs_total  counter  Jobs done.\n  kind="b"  1000000\n')
    const nothing = await cli(['scrape', url, '--name', 'nothing'])
    expect(nothing).toEqual({
      exitCode: 1,
      signal: null,
      stdout: '',
      stderr: `nanotally: ${url}/metrics: nothing matches\n`,
    })
    expect(await cli(['scrape', await serveText('')])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('no metrics'),
    })
  })

  test("nanotally's exporter, asked for OpenMetrics or for text", async () => {
    const registry = new Registry()
    counter({ name: 'read_bytes_total', help: 'h', unit: 'bytes', registry }).inc(5)
    histogram({ name: 'x.seconds', help: 'h', labels: ['l.m'], registry }).observe({ 'l.m': 'a' }, 0.3)
    const exporter = await startExporter({ port: 0, registry })
    onTestFinished(() => exporter.close())
    const openMetrics = JSON.parse((await cli(['scrape', exporter.url, '--json'])).stdout)
    expect(openMetrics).toMatchObject({ format: 'openmetrics' })
    expect(openMetrics.families.slice(0, 2)).toMatchObject([
      { name: 'read_bytes_total', type: 'counter', unit: 'bytes', series: [{ labels: {}, value: 5 }] },
      { name: 'x.seconds', series: [{ labels: { 'l.m': 'a' }, count: 1, sum: 0.3, buckets: [[0.25, 0.5, 1]] }] },
    ])
    const text = JSON.parse((await cli(['scrape', exporter.url, '--json', '--format', 'text'])).stdout)
    expect(text).toMatchObject({ format: 'text' })
    expect(text.families.slice(0, 2)).toMatchObject([{ name: 'read_bytes_total', unit: '' }, { name: 'x.seconds' }])
  })

  test('a unix socket; gzip; headers and credentials as given', async () => {
    const seen: (string | undefined)[] = []
    const server = createServer((request, response) => {
      seen.push(request.url, request.headers.authorization, request.headers['x-a'] as string, request.headers.host)
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(gzipSync(TEXT))
    })
    const path = `${temporaryFolder()}/s.sock`
    server.listen(path)
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const headers = ['-H', 'X-A: b', '--header', 'Host: other']
    const { exitCode, stdout } = await cliProcess(['scrape', `unix:${path}:/x?y`, ...headers], {
      env: { NANOTALLY_USER: 'u:p' },
    })
    expect(exitCode).toBe(0)
    expect(stdout).toContain('jobs_total')
    expect(seen).toEqual(['/x?y', `Basic ${btoa('u:p')}`, 'b', 'other'])
  })

  test('content codings in whatever case', async () => {
    for (const [coding, body] of [
      ['Identity', TEXT],
      ['GZIP', gzipSync(TEXT)],
    ] as const) {
      const url = await serve((_, response) => response.writeHead(200, { 'content-encoding': coding }).end(body))
      expect((await cli(['scrape', url])).exitCode).toBe(0)
    }
  })

  test('TLS: refused until its certificate is trusted', async () => {
    const folder = temporaryFolder()
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const files = ['-keyout', `${folder}/key.pem`, '-out', `${folder}/cert.pem`]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files], {
      stdio: 'ignore',
    })
    const [key, cert] = [readFileSync(`${folder}/key.pem`), readFileSync(`${folder}/cert.pem`)]
    const url = `https://localhost:${await listen(createTlsServer({ key, cert }, (_, response) => response.end(TEXT)))}`
    const refused = await cli(['scrape', url])
    expect(refused.exitCode).toBe(3)
    expect(refused.stderr).toMatch(
      /its certificate is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\): give --ca FILE, or --insecure\n$/,
    )
    expect((await cli(['scrape', url, '--ca', `${folder}/cert.pem`])).exitCode).toBe(0)
    expect((await cli(['scrape', url, '--insecure'])).exitCode).toBe(0)
    const plain = await cli(['scrape', (await serveText(TEXT)).replace('http:', 'https:')])
    expect([plain.exitCode, plain.stderr]).toEqual([3, expect.stringContaining('it does not speak TLS: try http://')])
  })
})

describe('cardinality', () => {
  test('names the label that explodes', async () => {
    const registry = new Registry()
    const c = counter({ name: 'requests_total', help: 'h', labels: ['user', 'method'], registry })
    for (let user = 0; user < 150; user++) c.inc({ user, method: user % 2 ? 'GET' : 'PUT' })
    const small = gauge({ name: 'small', help: 'h', labels: ['a', 'b'], maxSeries: 3, registry })
    for (let a = 0; a < 5; a++) small.set({ a, b: 'x' }, 1)
    process.removeAllListeners('warning')
    const exporter = await startExporter({ port: 0, registry })
    onTestFinished(() => exporter.close())
    const OURS = ['--top', '2', '--name', '/^(requests_total|small|nanotally_overflowed_total)$/']
    const json = JSON.parse((await cli(['cardinality', exporter.url, '--json', ...OURS])).stdout)
    expect(json).toMatchObject({ series: expect.any(Number), samples: expect.any(Number) })
    expect(json.top).toEqual([
      {
        ...{ name: 'requests_total', type: 'counter', series: 150, samples: 150, exploding: 'user' },
        ...{ overflow: false, overflowed: null },
        labels: [
          { name: 'user', values: 150, share: 1 },
          { name: 'method', values: 2, share: 2 / 150 },
        ],
      },
      {
        ...{ name: 'small', type: 'gauge', series: 4, samples: 4, exploding: 'a', overflow: true, overflowed: 2 },
        labels: [
          { name: 'a', values: 3, share: 0.75 },
          { name: 'b', values: 1, share: 0.25 },
        ],
      },
    ])
    const { exitCode, stdout } = await cli(['cardinality', exporter.url, ...OURS])
    expect(exitCode).toBe(0)
    const lines = stdout.split('\n')
    expect(lines[3]).toMatch(/^requests_total +counter +150 +150 +user +150 +100 % +explodes$/)
    expect(lines[4]).toMatch(/^ +method +2 +1\.3 %$/)
    expect(lines[7]).toMatch(/^ +otel_metric_overflow +overflowed: 2 look-ups had no room$/)
    expect(lines[8]).toMatch(/^\.\.\. and \d+ smaller famil(y|ies): see --top$/)
    expect((await cli(['cardinality', exporter.url, '--min', '151', '--name', 'requests_total'])).stdout).not.toContain(
      'explodes',
    )
  })
})

describe('lint', () => {
  const WRONG = '# HELP jobs Jobs.\n# TYPE jobs counter\njobs 1\njobs 2\n?\nlag_ms 1\n'
  const FOUND = [
    [1, 'jobs', 'counter-suffix'],
    [4, 'jobs', 'duplicate-series'],
    [5, '', 'syntax'],
    [6, 'lag_ms', 'no-help'],
    [6, 'lag_ms', 'abbreviated-unit'],
    [6, 'lag_ms', 'no-type'],
  ]

  test('a URL, a file, stdin: findings with their lines', async () => {
    const folder = temporaryFolder({ 'wrong.txt': WRONG })
    const url = await serveText(WRONG)
    for (const source of [url, `${folder}/wrong.txt`, '-']) {
      const { exitCode, stdout } = await cli(['lint', source, '--json'], source === '-' ? WRONG : '')
      expect(exitCode).toBe(1)
      const { findings, families } = JSON.parse(stdout)
      expect(families).toBe(2)
      expect(findings.map((finding: Record<string, string>) => [finding.line, finding.name, finding.rule])).toEqual(
        FOUND,
      )
    }
    const { stdout } = await cliProcess(['lint', 'wrong.txt'], { cwd: folder })
    expect(stdout.split('\n')).toHaveLength(FOUND.length + 2)
    expect(stdout).toContain('wrong.txt:1: jobs: end a counter in _total [counter-suffix]\n')
    expect(stdout).toContain('wrong.txt:4: jobs: jobs is there twice [duplicate-series]\n')
    expect(stdout).toContain('\n6 findings in 2 families\n')
  })

  test('nothing wrong is 0, and so is what is ignored', async () => {
    expect(await cli(['lint', '-'], TEXT)).toMatchObject({
      exitCode: 0,
      stdout: 'stdin: nothing wrong in 3 families\n',
    })
    const ignored = ['counter-suffix', 'duplicate-series', 'syntax', 'no-help', 'abbreviated-unit', 'no-type']
    const { exitCode } = await cli(['lint', '-', ...ignored.flatMap((rule) => ['--ignore', rule])], WRONG)
    expect(exitCode).toBe(0)
    const wrong = await cli(['lint', '-', '--ignore', 'no-such-rule'], WRONG)
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('no rule no-such-rule')])
  })

  test('names that the allow-list allows, unless it is strict', async () => {
    const given =
      '# HELP process_cpu_usage_percent CPU.\n# TYPE process_cpu_usage_percent gauge\nprocess_cpu_usage_percent 1\n'
    expect((await cli(['lint', '-'], given)).exitCode).toBe(0)
    expect((await cli(['lint', '-', '--strict'], given)).stdout).toContain('[base-unit]')
  })

  test("nanotally's own text: a state set, told as a gauge, is none of its faults", async () => {
    const set = '# HELP phase Phase.\n# TYPE phase gauge\nphase{phase="idle"} 0\nphase{phase="busy"} 1\n'
    expect((await cli(['lint', '-'], set)).exitCode).toBe(0)
    expect((await cli(['lint', '-'], set.replace(' 1\n', ' 2\n'))).stdout).toContain('[label-as-metric]')
  })

  test('input that is too large, and lines without end that cannot be read', async () => {
    const large = await cli(['lint', '-', '--max-bytes', '10'], TEXT)
    expect([large.exitCode, large.stderr]).toEqual([4, 'nanotally: stdin: larger than 10 bytes: see --max-bytes\n'])
    const endless = await cli(['lint', '/dev/full', '--max-bytes', '100000'])
    expect([endless.exitCode, endless.stderr]).toEqual([
      ...[4, 'nanotally: /dev/full: larger than 100000 bytes: see --max-bytes\n'],
    ])
    const { stdout } = await cli(['lint', '-'], '?\n'.repeat(10_000))
    expect(stdout.split('\n')).toHaveLength(102)
  })

  test('a rule that each line breaks: its first findings, and that there are more', async () => {
    const repeated = `# HELP a A.\n# TYPE a gauge\n${'a 1\n'.repeat(300_000)}`
    const { exitCode, stdout } = await cli(['lint', '-'], repeated)
    const lines = stdout.trimEnd().split('\n')
    expect([exitCode, lines.length]).toEqual([1, 101])
    expect(lines.at(-1)).toBe('100 findings in 1 family: of duplicate-series only the first 100 are told')
    expect(JSON.parse((await cli(['lint', '-', '--json'], repeated)).stdout)).toMatchObject({
      cut: ['duplicate-series'],
    })
  })

  test('what holds no metrics is no success', async () => {
    const folder = temporaryFolder({ empty: '' })
    const url = await serveText('')
    for (const [source, name] of [
      ['-', 'stdin'],
      [`${folder}/empty`, `${folder}/empty`],
      [url, `${url}/metrics`],
    ] as const) {
      expect(await cli(['lint', source])).toMatchObject({
        ...{ exitCode: 1, stdout: '', stderr: `nanotally: ${name}: no metrics\n` },
      })
    }
    const ignored = await cli(['lint', '-', '--ignore', 'syntax'], '?\n')
    expect([ignored.exitCode, ignored.stderr]).toEqual([1, 'nanotally: stdin: no metrics\n'])
    const json = await cli(['lint', '-', '--json'], '# EOF\n')
    expect([json.exitCode, JSON.parse(json.stdout).findings]).toEqual([1, []])
  })

  test('what Prometheus reads and promtool refuses is read by all, and told', async () => {
    const disputed = '# HELP x_total X.\n# TYPE x_total counter\nx_total{a="\\t"} 1\nx_total{a="b"} 2'
    const { exitCode, stdout } = await cli(['lint', '-'], disputed)
    expect(exitCode).toBe(1)
    expect(stdout).toContain('stdin:3: promtool refuses "\\\\t", which is no escape sequence [disputed]\n')
    expect(stdout).toMatch(/\nstdin:4: promtool refuses a last line .* \[disputed\]\n2 findings in 1 family\n$/)
    const url = await serveText(disputed)
    for (const command of [['scrape'], ['cardinality'], ['top', '--once', '--interval', '0.1']]) {
      expect(await cli([...command, url])).toMatchObject({ exitCode: 0, stderr: '' })
    }
  })

  test('a file, a target, or what may be both', () => {
    const folder = temporaryFolder({ 'a:1': '' })
    const targets = [
      'localhost',
      'LOCALHOST/x',
      '9464',
      ':9464',
      'metrics.txt:80',
      'http://a',
      '::1',
      '[::1]/x',
      '10.0.0.1',
    ]
    expect(targets.filter((word) => !isTarget(word))).toEqual([])
    const files = ['metrics.txt', 'host', './x:9090', '/x:9090', '../x:1', `${folder}/a:1`, 'a b']
    expect(files.filter(isTarget)).toEqual([])
  })
})

test('EPIPE: whoever reads may leave', async () => {
  const url = await serve((_, response) => {
    const lines = Array.from({ length: 100_000 }, (_, i) => `x{a="${i}"} 1\n`)
    response.writeHead(200, { 'content-type': 'text/plain' }).end(`# TYPE x gauge\n${lines.join('')}`)
  })
  const script = `"$0" "$1" scrape "$2" | head -n 1; exit "\${PIPESTATUS[0]}"`
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script, process.execPath, CLI, url])
  expect(stdout.split('\n')).toHaveLength(2)
  expect(stderr).toBe('')
})
