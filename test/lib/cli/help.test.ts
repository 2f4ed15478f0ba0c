// Help, versions, wrong usage; and every example of the help texts, run against the demo.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CLI, cli, cliProcess, deadPort, startCli } from '../../support/cli.js'
import { startDemoCli } from '../../support/cli-demo.js'
import { temporaryFolder } from '../../support/temporary.js'
import { until } from '../../support/until.js'

const COMMANDS = ['scrape', 'top', 'cardinality', 'lint', 'numa', 'pmu', 'demo']
const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))

/** The commands of the Examples section, without `nanotally`. */
function examplesOf(help: string): string[] {
  const [, section = ''] = /\nExamples:\n((?: {2}.*\n)+)/.exec(help) ?? []
  return [...section.matchAll(/^ {2}nanotally (.+?)(?: {2}.*)?$/gm)].map(([, command]) => command as string)
}

test('the package names this file as its command', () => {
  expect(manifest.bin).toEqual({ nanotally: 'dist/cli/main.js' })
  expect(readFileSync(CLI, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
})

test('--version', async () => {
  for (const option of ['--version', '-V']) {
    expect(await cliProcess([option])).toMatchObject({ exitCode: 0, stdout: `${manifest.version}\n`, stderr: '' })
  }
})

test('only commands that need the addon load it', async () => {
  const code = "process.dlopen = () => { throw new Error('an addon was loaded') }"
  const folder = temporaryFolder({ 'no-addons.cjs': code })
  const options = {
    env: { NODE_OPTIONS: `--require ${join(folder, 'no-addons.cjs')}` },
    input: '# HELP a A.\n# TYPE a gauge\na 1\n',
  }
  expect((await cliProcess(['numa', '--json'], options)).stderr).toContain('an addon was loaded')
  for (const args of [['--version'], ['lint', '-'], ['numa', '--help'], ['pmu', '--help'], ['pmu', 'stat', '--help']]) {
    expect(await cliProcess(args, options), args.join(' ')).toMatchObject({ exitCode: 0, stderr: '' })
  }
})

test('--help tells all commands, options and exit codes', async () => {
  const { exitCode, stdout } = await cli(['--help'])
  expect(exitCode).toBe(0)
  for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} +\\S`, 'm'))
  expect((await cli(['-h'])).stdout).toBe(stdout)
  for (const command of COMMANDS) {
    const help = (await cli([command, '--help'])).stdout
    expect((await cli(['help', command])).stdout).toBe(help)
    expect(help).toMatch(new RegExp(`^Usage: nanotally ${command} `))
    expect(help).toContain('\nExit codes:\n  0   fine\n')
    expect(help.split('\n').filter((line) => line.length > 100)).toEqual([])
    expect(examplesOf(help).length).toBeGreaterThanOrEqual(2)
    expect(help.includes('a factor of up to 2')).toBe(['scrape', 'top'].includes(command))
  }
})

test.each([
  [[], 'a command is missing: see nanotally --help'],
  [['nothing'], 'no command nothing: see nanotally --help'],
  [['toString'], 'no command toString: see nanotally --help'],
  [['scrape'], 'a target is missing; see nanotally scrape --help'],
  [['scrape', ''], 'the target is empty; see nanotally scrape --help'],
  [
    ['demo', '--workers', '-1'],
    '--workers: a value that begins with - is given as --NAME=-VALUE; see nanotally demo --help',
  ],
  [['demo', '-p', '-1'], '-p: a value that begins with - is given as --NAME=-VALUE; see nanotally demo --help'],
  [['scrape', 'a', 'b'], 'one word too many: b; see nanotally scrape --help'],
  [['scrape', 'a', '--nothing'], "Unknown option '--nothing'; see nanotally scrape --help"],
  [['scrape', 'a', '--timeout'], "Option '--timeout <value>' argument missing; see nanotally scrape --help"],
  [
    ['scrape', 'a', '--format', 'json'],
    '--format: expected text or openmetrics, received json; see nanotally scrape --help',
  ],
  [
    ['top', 'a', '--interval', '0'],
    '--interval: expected a number of 0.1 to 3600, received 0; see nanotally top --help',
  ],
  [['top', 'a', '--sort', 'x'], '--sort: expected name, rate, change, received x; see nanotally top --help'],
  [
    ['demo', '--port', '65536'],
    '--port: expected a whole number of 0 to 65535, received 65536; see nanotally demo --help',
  ],
])('wrong usage: %j', async (args, message) => {
  expect(await cliProcess(args)).toEqual({ exitCode: 2, signal: null, stdout: '', stderr: `nanotally: ${message}\n` })
})

describe('examples', () => {
  const helps = [[], ...COMMANDS.map((command) => [command])].map((words) =>
    execFileSync(process.execPath, [CLI, ...words, '--help'], { encoding: 'utf8' }),
  )
  const examples = [...new Set(helps.flatMap(examplesOf))]

  test('there are some of each command', () => {
    expect(examples.length).toBeGreaterThanOrEqual(12)
    expect(new Set(examples.map((example) => example.split(' ')[0]))).toEqual(new Set(COMMANDS))
  })

  test.each(examples)('nanotally %s', async (example) => {
    const demo = await startDemoCli()
    const words = [...example.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '')
    const args = words.map((word) => word.replace(/^(localhost)?:9464$/, demo.address))
    if (args[0] === 'demo' && !args.includes('--port')) args.push('--port', '0')
    const text = '# HELP x_total h\n# TYPE x_total counter\nx_total 1\n'
    const cwd = temporaryFolder({ 'metrics.txt': text })
    const child = startCli(args, { cwd })
    let output = ''
    child.stdout?.setEncoding('utf8').on('data', (data: string) => {
      output += data
    })
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
    child.stdin?.on('error', () => {}).end(text)
    const runsOn =
      (args[0] === 'top' && !args.includes('--once')) || (args[0] === 'demo' && !args.includes('--seconds'))
    if (runsOn) {
      await until('output', () => /\n\n$|Ctrl-C ends it\n/.test(output))
      child.kill('SIGINT')
    }
    expect(await exited).toBe(0)
    expect(output).not.toBe('')
  })
})

describe('the demo', () => {
  test('records from all of its threads, and scrapes go on while its main thread is blocked', async () => {
    const demo = await startDemoCli('--stall')
    const counts = async () => {
      const { families } = JSON.parse(
        (await cli(['scrape', demo.address, '--json', '--name', 'demo_jobs_total'])).stdout,
      )
      const totals: Record<string, number> = {}
      for (const { labels, value } of families[0]?.series ?? [])
        totals[labels.thread] = (totals[labels.thread] ?? 0) + value
      return totals
    }
    await until(
      'all threads',
      async () =>
        Object.keys(await counts())
          .sort()
          .join() === 'demo-1,demo-2,main',
    )
    // While it is blocked, others count and it does not.
    await until('a scrape of a blocked thread', async () => {
      const [before, after] = [await counts(), await counts()]
      return before.main === after.main && (before['demo-1'] ?? 0) < (after['demo-1'] ?? 0)
    })
    expect(await demo.interrupt()).toBe(0)
  })

  test('a port that is taken', async () => {
    const demo = await startDemoCli()
    const port = demo.address.split(':')[1] as string
    const second = await cli(['demo', '--port', port])
    expect(second.exitCode).toBe(3)
    expect(second.stderr).toMatch(/^nanotally: port \d+ on 127\.0\.0\.1 is in use.*\(--port\)\n$/)
    expect((await cli(['demo', '--port', `${await deadPort()}`, '--seconds', '0.1'])).exitCode).toBe(0)
  })
})
