// What every command that asks a target does about one that is dead, wrong, hostile, slow or too large: one line and a code.
import { execFile } from 'node:child_process'
import { createServer as createTcpServer } from 'node:net'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { CLI, cli, cliProcess, deadPort, listen, serve, serveText } from '../../support/cli.js'

const COMMANDS = [['scrape'], ['top', '--once'], ['cardinality'], ['lint'], ['numa']]
/** Those that show only what of a target is theirs are among them. */
const ASKING = [...COMMANDS, ['pmu', 'top']]
const TEXT = { 'content-type': 'text/plain; version=0.0.4' }
const MEBIBYTE = 1024 * 1024

/** The same failure of every command. */
async function expectFailure(target: string, exitCode: number, message: string | RegExp, ...options: string[]) {
  for (const command of ASKING) {
    // One of them in a process of its own, which has to end by itself.
    const result = await (command[0] === 'scrape' ? cliProcess : cli)([...command, target, ...options])
    expect({ command, ...result }).toMatchObject({ command, exitCode, signal: null, stdout: '' })
    expect(result.stderr).toMatch(/^nanotally: [^\n]+\n$/)
    expect(result.stderr).toMatch(message)
    expect(result.stderr).toContain(target.replace(/^unix:/, ''))
  }
}

describe('3, not reachable', () => {
  test('a port at which nothing listens, a socket that is none', async () => {
    await expectFailure(`http://127.0.0.1:${await deadPort()}/metrics`, 3, 'nothing listens there: connection refused')
    await expectFailure('unix:/nothing/at/all.sock', 3, 'there is no such socket')
  })

  test('a server that does not answer, and one whose body has no end', async () => {
    await expectFailure(`${await serve(() => {})}/metrics`, 3, 'no answer within 0.3 s', '--timeout', '0.3')
    const dripping = await serve((_, response) => {
      response.writeHead(200, TEXT)
      const timer = setInterval(() => response.write('x 1\n'), 10)
      response.on('close', () => clearInterval(timer))
    })
    await expectFailure(`${dripping}/metrics`, 3, 'the answer was not complete within 2 s', '--timeout', '2')
  })

  test('a connection that is closed, a file that is none', async () => {
    const closing = await serve((request) => request.socket.destroy())
    await expectFailure(`${closing}/metrics`, 3, 'closed without an answer')
    for (const [file, reason] of [
      ['no/such/file', 'there is no such file; a target has a port, or begins with http://'],
      ['metrics.txt', 'there is no such file; a target has a port, or begins with http://'],
      ['./no:9090', 'there is no such file'],
      ['/', 'it is a folder'],
    ] as const) {
      expect(await cli(['lint', file])).toMatchObject({ exitCode: 3, stderr: `nanotally: ${file}: ${reason}\n` })
    }
  })
})

describe('4, no metrics', () => {
  test('an answer that is no HTTP, and one with too many headers', async () => {
    const port = await listen(createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')))
    await expectFailure(`http://127.0.0.1:${port}/metrics`, 4, 'it does not answer in HTTP (HPE_INVALID_CONSTANT)')
    const large = await serve((_, response) => response.writeHead(200, { ...TEXT, 'x-a': 'y'.repeat(100_000) }).end())
    await expectFailure(`${large}/metrics`, 4, 'the headers of its answer are too large')
  })

  test('other statuses', async () => {
    const url = await serve((request, response) => {
      response.statusCode = Number(request.url?.slice(1))
      response.end('no')
    })
    await expectFailure(`${url}/404`, 4, 'answered 404 Not Found')
    await expectFailure(`${url}/401`, 4, 'answered 401 Unauthorized: give --bearer-file or --user')
    await expectFailure(`${url}/503`, 4, 'answered 503 Service Unavailable')
  })

  test('a redirect names where to, and is not followed', async () => {
    let asked = 0
    const url = await serve((_, response) => {
      asked++
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    await expectFailure(`${url}/metrics`, 4, 'redirects to /elsewhere (302 Found); redirects are not followed')
    expect(asked).toBe(ASKING.length)
  })

  test('other contents', async () => {
    const page = '<!doctype html>\n<title>Hello</title>\n'
    await expectFailure(
      `${await serveText(page, 'text/html')}/metrics`,
      4,
      'answered text/html, which is no Prometheus',
    )
    await expectFailure(`${await serveText('{}', 'application/json')}/metrics`, 4, 'answered application/json')
    const brotli = await serve((_, response) => response.writeHead(200, { ...TEXT, 'content-encoding': 'br' }).end('x'))
    await expectFailure(`${brotli}/metrics`, 4, 'the content coding br, which was not asked for')
  })

  test('a page that says it is text: lint finds fault with each line, the others refuse it', async () => {
    const url = `${await serveText('<!doctype html>\n<title>Hello</title>\n', 'text/plain')}/metrics`
    for (const command of COMMANDS.filter(([name]) => name !== 'lint')) {
      const { exitCode, stdout, stderr } = await cli([...command, url])
      expect([exitCode, stdout]).toEqual([4, ''])
      expect(stderr).toBe(
        `nanotally: ${url}: no Prometheus exposition: line 1: expected the name of a metric, found "<!doctype html>"\n`,
      )
    }
    const { exitCode, stdout } = await cli(['lint', url])
    expect(exitCode).toBe(1)
    expect(stdout.split('\n')).toHaveLength(4)
  })

  test('a body that breaks off', async () => {
    const short = await serve((_, response) => {
      response.writeHead(200, { ...TEXT, 'content-length': 100 })
      response.write('x 1\n', () => response.destroy())
    })
    await expectFailure(`${short}/metrics`, 4, 'the answer broke off: aborted')
    const gzip = gzipSync('x 1\n'.repeat(1000))
    const cut = await serve((_, response) => {
      response.writeHead(200, { ...TEXT, 'content-encoding': 'gzip' }).end(gzip.subarray(0, gzip.length - 9))
    })
    await expectFailure(`${cut}/metrics`, 4, 'the answer broke off: unexpected end of file')
    const wrong = await serve((_, response) => {
      response.writeHead(200, { ...TEXT, 'content-encoding': 'gzip' }).end('x 1\n')
    })
    await expectFailure(`${wrong}/metrics`, 4, 'the answer broke off: incorrect header check')
  })

  test('a body that is too large, and one that has no end', async () => {
    const large = await serveText('x 1\n'.repeat(1000))
    const options = ['--max-bytes', '3999']
    await expectFailure(`${large}/metrics`, 4, 'the answer is larger than 3999 bytes: see --max-bytes', ...options)
    const endless = await serve((_, response) => {
      response.writeHead(200, TEXT)
      const line = `# ${'x'.repeat(65_536)}\n`
      const more = () => void (response.destroyed || (response.write(line) ? setImmediate(more) : undefined))
      response.on('drain', more)
      more()
    })
    await expectFailure(`${endless}/metrics`, 4, 'larger than 67108864 bytes', '--timeout', '60')
  })

  test('a gzip bomb is refused by what it becomes, not by what it is', async () => {
    const bomb = gzipSync(Buffer.alloc(256 * MEBIBYTE, '\n'))
    expect(bomb.length).toBeLessThan(MEBIBYTE)
    const url = await serve((_, response) => {
      response.writeHead(200, { ...TEXT, 'content-encoding': 'gzip' }).end(bomb)
    })
    await expectFailure(`${url}/metrics`, 4, 'larger than 67108864 bytes', '--timeout', '60')
  })
})

test('5, an output that cannot be written', async () => {
  const script = `"$0" "$1" --help > /dev/full; echo $?`
  const { stdout, stderr } = await promisify(execFile)('sh', ['-c', script, process.execPath, CLI])
  expect([stdout, stderr]).toEqual([
    '5\n',
    'nanotally: the output cannot be written: ENOSPC: no space left on device, write\n',
  ])
})

test('a password is not shown, whatever is wrong', async () => {
  const dead = `me:secret@127.0.0.1:${await deadPort()}`
  for (const args of [
    ...COMMANDS.flatMap((command) =>
      [`http://${dead}`, dead, 'me:secret@a:99999'].map((target) => [...command, target]),
    ),
    ['scrape', 'a', 'http://me:secret@a'],
    ['http://me:secret@a'],
  ]) {
    const { exitCode, stderr } = await cli(args)
    expect([2, 3]).toContain(exitCode)
    expect(stderr).toMatch(/^nanotally: [^\n]+\n$/)
    expect(stderr).not.toContain('secret')
  }
})

describe('a hostile target', () => {
  // As bytes of a header, which Node does not let a server send otherwise.
  const C1 = Buffer.from('\u009b31m').toString('latin1')
  const ESCAPE = '\x1b]0;owned\x07\x1b[2J\u009b31m\u202e'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  const DANGEROUS = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/

  test('drives no terminal by names, labels, help, units or types', async () => {
    const text = [
      `# HELP {"a${ESCAPE}"} help ${ESCAPE}`.replace(/[{}]/g, ''),
      `# TYPE "a${ESCAPE}" gauge`,
      `{"a${ESCAPE}","l${ESCAPE}"="${ESCAPE}"} 1`,
      `{"a${ESCAPE}","l${ESCAPE}"="${ESCAPE}"} 1`,
      '# TYPE nodejs_eventloop_stall_seconds gauge',
      `nodejs_eventloop_stall_seconds{thread="${ESCAPE}"} 5`,
      '',
    ].join('\n')
    const url = await serveText(text)
    // numa shows none of them.
    const shows = COMMANDS.filter(([name]) => name !== 'numa')
    for (const command of [...shows, ['scrape', '--json'], ['cardinality', '--json'], ['lint', '--json']]) {
      const { stdout, stderr } = await cli(
        [...command, url, '--interval', '0.1'].slice(0, command[0] === 'top' ? 5 : -2),
      )
      expect(stdout, command.join(' ')).not.toMatch(DANGEROUS)
      expect(stdout).toMatch(/owned/)
      expect(stderr).toBe('')
    }
  })

  test('nor by its status, its headers or its lines', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/location') response.writeHead(302, { location: `/${C1}` }).end()
      else if (request.url === '/type') response.writeHead(200, { 'content-type': `text/${C1}` }).end()
      else response.writeHead(200, TEXT).end(`${ESCAPE}\n`)
    })
    for (const path of ['/location', '/type', '/line']) {
      const { exitCode, stderr } = await cli(['scrape', url + path])
      expect(exitCode).toBe(4)
      expect(stderr).not.toMatch(DANGEROUS)
    }
    const linted = await cli(['lint', `${url}/line`])
    expect(linted.stdout).not.toMatch(DANGEROUS)
    expect(linted.exitCode).toBe(1)
  })

  test('its own labels stay its labels', async () => {
    const url = await serveText('# TYPE x gauge\n# HELP x h\nx{__proto__="a",constructor="b"} 1\n')
    const { stdout } = await cli(['scrape', url, '--json'])
    const [{ series }] = JSON.parse(stdout).families
    expect(Object.entries(series[0].labels)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
    expect((await cli(['scrape', url, '--label', 'toString=?*'])).exitCode).toBe(1)
  })
})
