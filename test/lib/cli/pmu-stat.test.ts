// pmu stat as a process: commands under the counters, whose output, exit codes and signals are their own.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { perfEvents } from 'nanotally/hardware'
import { describe, expect, test } from 'vitest'
import { absenceLines, absencesOf } from '../../../dist/cli/pmu/absences.js'
import { type Outcome, statJson, statText } from '../../../dist/cli/pmu/stat-report.js'
import { cliProcess, startCli, TerminalCli } from '../../support/cli.js'
import { temporaryFolder } from '../../support/temporary.js'
import { until } from '../../support/until.js'

const isOffered = (name: string) => perfEvents().some((event) => event.name === name && event.available)
const NODE = process.execPath

/** What is told as JSON of a command. */
async function statOf(command: readonly string[], options: readonly string[] = []) {
  const result = await cliProcess(['pmu', 'stat', '--json', ...options, '--', ...command])
  const told = JSON.parse(result.stderr.slice(result.stderr.indexOf('{\n')))
  const values = new Map<string, number>(
    told.events.map(({ name, value }: { name: string; value: number }) => [name, value] as const),
  )
  return { ...result, told, values }
}

describe.skipIf(process.platform === 'win32')('a command', () => {
  test('has its own input, output and exit code; counts are told on stderr', async () => {
    const { exitCode, stdout, stderr } = await cliProcess(
      ['pmu', 'stat', '--', 'sh', '-c', 'cat; echo own >&2; exit 3'],
      {
        input: 'through\n',
      },
    )
    expect([exitCode, stdout]).toEqual([3, 'through\n'])
    const lines = stderr.split('\n')
    expect(lines[0]).toBe('own')
    expect(lines).toContain('Counts of sh -c cat; echo own >&2; exit 3')
    expect(stderr).toMatch(/\n\d+\.\d{3} s from start to end, exit code 3\n$/)
    for (const event of perfEvents().filter(({ name }) => ['page_faults', 'cycles', 'branch_misses'].includes(name))) {
      if (event.available) expect(stderr).toMatch(new RegExp(`^ *~?[\\d,]+ {2}${event.name}`, 'm'))
      else expect(stderr).toMatch(new RegExp(`not counted:[^:]*\\b${event.name}\\b`))
    }
  })

  test('is counted as the kernel accounts for it, with what it starts', async ({ skip }) => {
    if (!isOffered('page_faults') || !isOffered('task_clock_seconds')) skip('the kernel counts no page faults here')
    const work = `
      const touch = (pages) => { for (let i = 0; i < pages; i++) Buffer.alloc(4096 * 256, 1) }
      if (process.argv[1] === 'inner') touch(20)
      else {
        touch(20)
        require('node:child_process').execFileSync(process.execPath, ['-e', process.argv[1], 'inner'])
        const { minorPageFault, majorPageFault, userCPUTime, systemCPUTime } = process.resourceUsage()
        console.log(JSON.stringify({ faults: minorPageFault + majorPageFault, seconds: (userCPUTime + systemCPUTime) / 1e6 }))
      }`
    const alone = (await statOf([NODE, '-e', work, work])).values
    const own = JSON.parse((await statOf([NODE, '-e', work, work])).stdout)
    // The inner process is not in what the outer one knows of itself.
    expect(alone.get('page_faults')).toBeGreaterThan(1.3 * own.faults)
    expect(alone.get('task_clock_seconds')).toBeGreaterThan(1.2 * own.seconds)
    const simple = `${work.replace(/require\('node:child_process'\).*\n/, '\n')}`
    const { values, stdout } = await statOf([NODE, '-e', simple, 'outer'])
    const usage = JSON.parse(stdout)
    // Node's end is behind its last look at itself.
    expect(values.get('page_faults')).toBeGreaterThanOrEqual(usage.faults * 0.95)
    expect(values.get('page_faults')).toBeLessThan(usage.faults * 1.3)
    expect(values.get('task_clock_seconds')).toBeGreaterThan(usage.seconds * 0.8)
  })

  test('counts nothing of what starts it', async ({ skip }) => {
    if (!isOffered('page_faults')) skip('the kernel counts no page faults here')
    const { values } = await statOf(['true'], ['--events', 'page_faults'])
    const shell = await statOf(['sh', '-c', 'true'], ['--events', 'page_faults'])
    expect([...values.keys()]).toEqual(['page_faults'])
    expect(values.get('page_faults')).toBeGreaterThan(0)
    expect(values.get('page_faults')).toBeLessThan(shell.values.get('page_faults') ?? 0)
  })

  test('agrees with perf stat', async ({ skip }) => {
    if (!isOffered('page_faults')) skip('the kernel counts no page faults here')
    const command = [NODE, '-e', 'for (let i = 0; i < 50; i++) Buffer.alloc(1 << 20, 1)']
    let text: string
    try {
      const file = join(temporaryFolder(), 'counts')
      execFileSync('perf', ['stat', '-x,', '-o', file, '-e', 'page-faults', '--', ...command])
      text = readFileSync(file, 'utf8')
    } catch {
      return skip('perf is not installed, or may not count (Debian: linux-perf)')
    }
    const faults = Number(/^(\d+),,page-faults/m.exec(text)?.[1])
    expect(faults).toBeGreaterThan(1000)
    const { values } = await statOf(command)
    expect(Math.abs((values.get('page_faults') ?? 0) - faults)).toBeLessThan(0.1 * faults)
  })

  test('that does not exist, and one that cannot be executed, are told as by a shell', async () => {
    const missing = await cliProcess(['pmu', 'stat', '--', 'no-such-command-of-all'])
    expect([missing.exitCode, missing.stdout]).toEqual([127, ''])
    expect(missing.stderr).toMatch(/no-such-command-of-all.*not found/)
    expect(missing.stderr).not.toContain('COUNT')
    const file = join(temporaryFolder(), 'no-program')
    writeFileSync(file, 'x', { mode: 0o644 })
    const refused = await cliProcess(['pmu', 'stat', '--', file])
    expect(refused.exitCode).toBe(126)
    expect(refused.stderr).toContain('nothing was counted')
  })

  test('that ends with 127 by itself was counted', async ({ skip }) => {
    if (!isOffered('page_faults')) skip('the kernel counts no page faults here')
    const { exitCode, stderr } = await cliProcess(['pmu', 'stat', '--', 'sh', '-c', 'exit 127'])
    expect(exitCode).toBe(127)
    expect(stderr).toContain('COUNT')
  })

  test('that is ended by a signal ends the call with it', async () => {
    const { exitCode, signal, stderr } = await cliProcess(['pmu', 'stat', '--', 'sh', '-c', 'kill -TERM $$'])
    expect([exitCode, signal]).toEqual([null, 'SIGTERM'])
    expect(stderr).toMatch(/ s from start to end, ended by SIGTERM\n$/)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('gets %s, and may go on', async (name) => {
    const script = `process.on('${name}', () => { console.log('got it'); process.exit(5) }); console.log('ready'); setInterval(() => {}, 1000)`
    const child = startCli(['pmu', 'stat', '--', NODE, '-e', script])
    let [output, told] = ['', '']
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      told += text
    })
    await until('it runs', () => output.includes('ready'))
    child.kill(name)
    const exitCode = await new Promise((resolve) => child.once('close', resolve))
    expect([exitCode, output]).toEqual([5, 'ready\ngot it\n'])
    expect(told).toContain('exit code 5')
  })

  test("gets a terminal's Ctrl-C once, and counts are told", async () => {
    const script = `process.on('SIGINT', () => { console.log('got ' + 1); setTimeout(() => process.exit(0), 200) }); console.log('ready'); setInterval(() => {}, 1000)`
    const terminal = new TerminalCli(['pmu', 'stat', '--', NODE, '-e', script])
    await until('it runs', () => terminal.output.includes('ready'))
    terminal.press('\x03')
    expect(await terminal.ended).toMatchObject({ exitCode: 0 })
    expect(terminal.output.match(/got 1/g)).toHaveLength(1)
    expect(terminal.output).toContain(' s from start to end')
  })

  test('its counts go to a file', async () => {
    const file = join(temporaryFolder(), 'counts.json')
    const { stderr, exitCode } = await cliProcess(['pmu', 'stat', '--json', '-o', file, '--', 'true'])
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ command: ['true'], exitCode: 0, signal: null })
  })

  test('is not run where its counts could not be told', async () => {
    const { exitCode, stdout, stderr } = await cliProcess(['pmu', 'stat', '-o', '/nowhere/at/all', '--', 'echo', 'ran'])
    expect([exitCode, stdout]).toEqual([5, ''])
    expect(stderr).toBe('nanotally: /nowhere/at/all: cannot be written: there is no such folder\n')
  })

  test('needs no -- before it: its options are its own', async () => {
    const own = await cliProcess(['pmu', 'stat', '-e', 'page_faults', 'sh', '-c', 'echo $0 $1', '--json', '--help'])
    expect([own.exitCode, own.stdout]).toEqual([0, '--json --help\n'])
    expect(own.stderr).toContain('Counts of sh -c echo $0 $1 --json --help')
    const unknown = await cliProcess(['pmu', 'stat', '--unknown', 'true'])
    expect([unknown.exitCode, unknown.stderr]).toEqual([
      2,
      "nanotally: Unknown option '--unknown'; see nanotally pmu stat --help\n",
    ])
  })
})

test.each([
  [['pmu', 'stat'], 'a command is missing; see nanotally pmu stat --help'],
  [['pmu', 'stat', '-o', '', 'true'], "--output: expected a file's name, received nothing"],
  [['pmu', 'stat', '-e', 'nothing', '--', 'true'], "--events: no event is named 'nothing': nanotally pmu lists them"],
  [['pmu', 'stat', '-e', 'link_bytes', '--', 'true'], '--events: link_bytes is counted for whole sockets'],
])('%j: %s', async (args, message) => {
  const { exitCode, stderr } = await cliProcess(args)
  expect(exitCode).toBe(2)
  expect(stderr).toContain(message)
})

test("--help is its own, unless it is the command's", async () => {
  expect((await cliProcess(['pmu', 'stat', '--help'])).stdout).toMatch(
    /^Usage: nanotally pmu stat \[options\] \[--\] COMMAND/,
  )
  expect((await cliProcess(['pmu', 'stat', '--', 'sh', '-c', 'echo $0 $1', '--help', '-h'])).stdout).toBe('--help -h\n')
})

describe('the report', () => {
  const event = (name: string, more: object = {}) =>
    ({
      name,
      group: 'g',
      kind: 'hardware',
      unit: '',
      help: '',
      available: true,
      encoding: '',
      source: '',
      userReads: false,
      ...more,
    }) as const
  const count = (value: number, running = 1000) => ({ value, enabled: 1000, running })
  const outcome: Outcome = {
    ...{ command: ['a\nb', 'c'], exitCode: 0, signal: null, elapsedSeconds: 2 },
    events: [
      event('task_clock_seconds', { kind: 'software', unit: 'seconds' }),
      event('cycles'),
      event('instructions'),
      event('branches'),
      event('branch_misses'),
      event('llc_loads', { available: false, reason: 'no_pmu', message: 'None is there.', hint: 'Get one.' }),
      event('l1d_loads'),
    ],
    counts: new Map([
      ['task_clock_seconds', { value: 1e9, enabled: 1000, running: 900 }],
      ['cycles', count(2_000_000)],
      ['instructions', count(1_000_000, 250)],
      ['branches', count(1000)],
      ['branch_misses', count(0, 0)],
    ]),
    errors: new Map([['l1d_loads', 'EACCES']]),
  }

  test('marks estimates, leaves out what was not counted and says why', () => {
    expect(statText(outcome).split('\n')).toEqual([
      '',
      'Counts of a\\nb c',
      '',
      '     COUNT  EVENT               PER CPU SECOND',
      '1.000000 s  task_clock_seconds                  0.500 CPUs',
      ' 2,000,000  cycles                          2M',
      '~4,000,000  instructions                    4M  2.00 a cycle  counted 25.0 % of the time',
      '     1,000  branches                      1000',
      '',
      ...absenceLines(absencesOf(outcome.events, outcome.errors, ['branch_misses'])),
      '',
      '2.000 s from start to end',
    ])
    expect(absenceLines(absencesOf(outcome.events, outcome.errors, ['branch_misses']))).toEqual([
      'not counted: branch_misses',
      '  not_running: Others had the counters all the time. Count fewer events, or for',
      '  longer.',
      'not counted: llc_loads',
      '  no_pmu: None is there. Get one.',
      'not counted: l1d_loads',
      "  permission: The process is another user's, or may not be looked into. Run as",
      '  its user or as root, or with CAP_PERFMON.',
    ])
  })

  test('as JSON', () => {
    expect(JSON.parse(statJson(outcome))).toEqual({
      ...{ command: ['a\nb', 'c'], exitCode: 0, signal: null, elapsedSeconds: 2 },
      events: [
        { name: 'task_clock_seconds', unit: 'seconds', value: 1, estimate: false, countedRatio: 1 },
        { name: 'cycles', value: 2_000_000, estimate: false, countedRatio: 1, perCpuSecond: 2_000_000 },
        { name: 'instructions', value: 4_000_000, estimate: true, countedRatio: 0.25, perCpuSecond: 4_000_000 },
        { name: 'branches', value: 1000, estimate: false, countedRatio: 1, perCpuSecond: 1000 },
      ],
      ratios: { instructions_per_cycle: 2 },
      absent: [
        expect.objectContaining({ events: ['branch_misses'], reason: 'not_running' }),
        { events: ['llc_loads'], reason: 'no_pmu', message: 'None is there.', hint: 'Get one.' },
        expect.objectContaining({ events: ['l1d_loads'], reason: 'permission' }),
      ],
    })
  })
})
