// pmu top: the threads of real processes, and the regions that a target tells; its tables from rows.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type PerfEvent, perfEvents } from 'nanotally/hardware'
import { describe, expect, onTestFinished, test } from 'vitest'
import { countedRatio, countsSince, estimateOf } from '../../../dist/cli/pmu/counting.js'
import { Regions } from '../../../dist/cli/pmu/regions.js'
import { type CountRow, countTable, stallText } from '../../../dist/cli/pmu/rows.js'
import { Threads } from '../../../dist/cli/pmu/threads.js'
import { widthOf } from '../../../dist/cli/text.js'
import { parseExposition } from '../../../dist/exposition/parse.js'
import { cli, cliProcess, serve, serveText, startCli, TerminalCli } from '../../support/cli.js'
import { until } from '../../support/until.js'

const FAST = ['--interval', '0.1']
const isOffered = (name: string) => perfEvents().some((event) => event.name === name && event.available)

/** A process with a busy thread besides its main one, which ends, or gets one more, as it is told by a line. */
async function threadedProcess(): Promise<ChildProcess> {
  const program = `
    import sys, threading
    busy = True
    def work():
        while busy: sum(range(1000))
    threads = [threading.Thread(target=work)]
    threads[0].start()
    print('ready', flush=True)
    for line in sys.stdin:
        if line == 'more\\n':
            waiting = threading.Thread(target=threading.Event().wait, daemon=True)
            waiting.start()
        else:
            busy = False
            threads[0].join()
        print('done', flush=True)`
  const child = spawn('python3', ['-c', program.replaceAll('\n    ', '\n')], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data')
  return child
}

/** The rows of the last whole block, each by its columns. */
function lastBlock(output: string): Record<string, string>[] {
  const block = output.split('\n\n').findLast((text) => text.includes('THREAD') || text.includes('REGION')) ?? ''
  const [titles = '', ...lines] = block.trim().split('\n').slice(2)
  const names = titles.split(/ {2,}/)
  return lines.map((line) => Object.fromEntries(line.split(/ {2,}/).map((text, i) => [names[i] ?? '', text.trim()])))
}

describe.skipIf(process.platform !== 'linux')('threads', () => {
  test('each with its share of a CPU; new ones appear, ended ones go', async ({ skip }) => {
    if (!isOffered('task_clock_seconds')) skip('the kernel counts no processor time here')
    const child = await threadedProcess()
    const top = startCli(['pmu', 'top', String(child.pid), ...FAST])
    let output = ''
    top.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    const whole = () => output.slice(0, output.lastIndexOf('\n\n') + 1)
    // The main one has told that it is ready before it waits.
    const [busy] = await until('two threads, of which the main one waits', () => {
      const rows = lastBlock(whole())
      return rows.length === 2 && rows[1]?.TID === String(child.pid) && rows[1].TIME === '0.0%' && rows
    })
    expect(busy?.THREAD).toBe('python3')
    expect(Number.parseFloat(busy?.TIME ?? '')).toBeGreaterThan(1)
    child.stdin?.write('more\n')
    await until('three threads', () => lastBlock(whole()).length === 3)
    child.stdin?.write('end\n')
    await until('two threads again', () => lastBlock(whole()).length === 2)
    expect(lastBlock(whole()).map(({ TID }) => TID)).not.toContain(busy?.TID)
    child.kill('SIGKILL')
    await until('its end', () => new RegExp(`^process ${child.pid}  DOWN for \\d+ s: it has ended`, 'm').test(output))
    top.kill('SIGINT')
    const [exitCode] = await once(top, 'close')
    expect(exitCode).toBe(0)
  })

  test('counts that are wanted, and what of them is not counted', async ({ skip }) => {
    if (!isOffered('page_faults')) skip('the kernel counts no page faults here')
    const child = await threadedProcess()
    const events = 'page_faults,cycles'
    const { stdout } = await cli(['pmu', 'top', String(child.pid), ...FAST, '--once', '--events', events])
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(new RegExp(`^process ${child.pid} {2}up {2}[\\d.]+ ms {2}every 0.1 s$`))
    expect(lines[1]).toMatch(
      isOffered('cycles') ? /^2 threads/ : /^2 threads; not counted: cycles \(\w+: see nanotally pmu\)$/,
    )
    expect(lines[2]).toMatch(/^THREAD +TID +FAULT\/s$/)
  })

  test('rows and notes, from the start of a process to its end', async ({ skip }) => {
    if (!isOffered('task_clock_seconds')) skip('the kernel counts no processor time here')
    const child = await threadedProcess()
    const pid = child.pid as number
    const offered = perfEvents().filter(({ name }) => ['task_clock_seconds', 'page_faults'].includes(name))
    const lacking = ['cycles', 'instructions'].map((name) => {
      const why = { reason: 'no_pmu' as const, message: 'There is none.', hint: 'Take another machine.' }
      return { ...perfEvents().find((event) => event.name === name), ...why, available: false } as PerfEvent
    })
    const threads = new Threads(pid, [...offered, ...lacking])
    threads.read()
    expect(threads.rows.map(({ name, id }) => [name, id])).toContainEqual(['python3', pid])
    await until('a count', () => {
      threads.read()
      return threads.rows.some(({ time = 0 }) => time > 0.1)
    })
    expect(threads.rows.every(({ rates }) => rates.has('page_faults') && !rates.has('cycles'))).toBe(true)
    expect(threads.note).toEqual({
      text: '2 threads; not counted: cycles and 1 more (no_pmu: see nanotally pmu)',
      alarms: false,
    })
    const all = new Threads(pid, offered)
    all.read()
    expect(all.note.text).toBe('2 threads')
    const none = new Threads(pid, lacking)
    expect(() => none.read()).toThrow(`process ${pid}: There is none. Take another machine.`)
    all.close()
    child.kill('SIGKILL')
    await once(child, 'close')
    for (let i = 0; i < 2; i++) expect(() => threads.read()).toThrow(`process ${pid}: it has ended`)
    expect(() => new Threads(pid, offered)).toThrow(`there is no process ${pid}`)
  })

  test('a screen at 80 columns', async ({ skip }) => {
    if (!isOffered('task_clock_seconds')) skip('the kernel counts no processor time here')
    const child = await threadedProcess()
    const top = new TerminalCli(['pmu', 'top', String(child.pid), ...FAST], { columns: 80, lines: 12 })
    const screen = await top.until('two threads', (lines) => /^2 rows {2}by time$/.test(lines[2] ?? ''))
    expect(screen[3]).toMatch(/^THREAD +TID +TIME/)
    expect(Math.max(...screen.map(widthOf))).toBeLessThanOrEqual(80)
    top.press('s')
    await top.until('another order', (lines) => /by ipc/.test(lines[2] ?? ''))
    top.press('?')
    await top.until('help', (lines) => lines.some((line) => line.includes('sort by time, by ipc, by stalls, by name')))
    top.press('q')
    expect(await top.ended).toMatchObject({ exitCode: 0, echo: true })
  })

  test('a process that is not there', async () => {
    const { exitCode, stderr } = await cli(['pmu', 'top', '4194305'])
    expect([exitCode, stderr]).toEqual([3, 'nanotally: there is no process 4194305\n'])
    // As somebody writes who means a port.
    expect((await cli(['pmu', 'top', '0'])).stderr).toBe('nanotally: there is no process 0: a port is :0\n')
  })

  test("another user's process is refused with what to do", async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('to be another user, root is needed')
    if (!isOffered('page_faults')) skip('the kernel counts no page faults here')
    const child = await threadedProcess()
    const script = `process.setgid(65534); process.setuid(65534); process.argv.splice(1, 1); require(process.argv[1])`
    const main = new URL('../../../dist/cli/main.js', import.meta.url).pathname
    const other = spawn(process.execPath, ['-e', script, 'x', main, 'pmu', 'top', String(child.pid), '--once'])
    let told = ''
    other.stderr.setEncoding('utf8').on('data', (text: string) => {
      told += text
    })
    const [exitCode] = await once(other, 'close')
    expect([exitCode, told]).toEqual([
      3,
      expect.stringMatching(/^nanotally: process \d+: .*(CAP_PERFMON|perf_event_paranoid)/),
    ])
  })
})

test('a count is what it would be had it been counted all the time', () => {
  const count = (value: number, enabled: number, running: number) => ({ value, enabled, running })
  expect(estimateOf(count(10, 100, 50), 'hardware')).toBe(20)
  expect(estimateOf(count(10, 100, 100), 'hardware')).toBe(10)
  expect(estimateOf(count(10, 100, 50), 'software')).toBe(10)
  expect(estimateOf(count(0, 100, 0), 'hardware')).toBeUndefined()
  expect(estimateOf(count(0, 0, 0), 'hardware')).toBe(0)
  expect(estimateOf(undefined, 'hardware')).toBeUndefined()
  expect([count(1, 100, 50), count(1, 0, 0), count(1, 10, 11)].map(countedRatio)).toEqual([0.5, 1, 1])
  const before = new Map([['a', count(1, 2, 3)]])
  const now = new Map(Object.entries({ a: count(10, 20, 30), b: count(1, 1, 1) }))
  expect([...countsSince(before, now)]).toEqual([['a', count(9, 18, 27)]])
})

/** What a program with two regions tells at its n-th scrape. */
function regionsText(scrape: number): string {
  const lines = [
    ['perf_region_runs_total', '', { cosine: 100, parse: 10 }],
    ['perf_region_seconds_total', '', { cosine: 0.01, parse: 0.05 }],
    ['perf_region_events_total', 'cycles', { cosine: 1000, parse: 2000 }],
    ['perf_region_events_total', 'instructions', { cosine: 3000, parse: 500 }],
    ['perf_region_events_total', 'stalled_cycles_backend', { cosine: 50, parse: 1400 }],
    ['perf_region_events_total', 'stalled_cycles_frontend', { cosine: 20, parse: 200 }],
    ['perf_region_events_total', 'llc_load_misses', { cosine: 0, parse: 5 }],
    ['perf_region_events_total', 'llc_loads', { cosine: 10, parse: 50 }],
  ] as const
  const families = new Map<string, string[]>()
  for (const [family, event, regions] of lines) {
    const samples = Object.entries(regions).map(([region, each]) => {
      const labels = event === '' ? `region="${region}"` : `region="${region}",event="${event}"`
      return `${family}{${labels}} ${each * scrape}\n`
    })
    families.set(family, [...(families.get(family) ?? []), ...samples])
  }
  return [...families].map(([family, samples]) => `# TYPE ${family} counter\n${samples.join('')}`).join('')
}

describe('regions', () => {
  test('what each stalls on, those that take most of the time first', async () => {
    let scrapes = 0
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(regionsText(++scrapes))
    })
    const { exitCode, stdout } = await cliProcess(['pmu', 'top', url, ...FAST, '--once'])
    expect(exitCode).toBe(0)
    expect(stdout.split('\n')[1]).toBe('counted all the time')
    const rows = lastBlock(stdout)
    expect(rows.map(({ REGION }) => REGION)).toEqual(['parse', 'cosine'])
    expect(rows[0]).toMatchObject({ IPC: '0.25', FRONT: '10%', BACK: '70%', LLC: '10%', 'STALLS ON': 'back: memory' })
    expect(rows[1]).toMatchObject({ IPC: '3.00', FRONT: '2.0%', BACK: '5.0%', LLC: '0.0%' })
    expect(rows[1]).not.toHaveProperty('STALLS ON')
    const byIpc = await cliProcess(['pmu', 'top', url, ...FAST, '--once', '--sort', 'ipc'])
    expect(lastBlock(byIpc.stdout).map(({ REGION }) => REGION)).toEqual(['parse', 'cosine'])
  })

  test('a target without regions says what is missing', async () => {
    const url = await serveText('# TYPE x gauge\nx 1\n')
    const { exitCode, stdout } = await cli(['pmu', 'top', url, ...FAST, '--once'])
    expect(exitCode).toBe(0)
    expect(stdout.split('\n')[1]).toMatch(/^no regions: perf_region_runs_total is not told/)
  })

  const regionsAfter = (...texts: string[]) => {
    const regions = new Regions()
    for (const [seconds, text] of texts.entries()) regions.update(parseExposition(Buffer.from(text)).families, seconds)
    return regions
  }

  test('rates are of the last interval; a reset counts from 0; a new region waits for its second scrape', () => {
    const text = (runs: number) => `# TYPE perf_region_runs_total counter\nperf_region_runs_total{region="a"} ${runs}\n`
    expect(regionsAfter(text(5)).rows).toEqual([{ name: 'a', rates: new Map() }])
    expect(regionsAfter(text(5), text(9)).rows).toEqual([{ name: 'a', runs: 4, rates: new Map() }])
    expect(regionsAfter(text(5), text(9), text(2)).rows).toEqual([{ name: 'a', runs: 2, rates: new Map() }])
    expect(regionsAfter('', text(9)).rows).toEqual([{ name: 'a', rates: new Map() }])
  })

  test('estimates are told as such', () => {
    const text = (seconds: number) =>
      `# TYPE perf_region_events_total counter\nperf_region_events_total{region="a",event="cycles"} ${seconds}\n` +
      `# TYPE perf_region_enabled_seconds_total counter\nperf_region_enabled_seconds_total{region="a",group="core"} ${seconds}\n` +
      `# TYPE perf_region_running_seconds_total counter\nperf_region_running_seconds_total{region="a",group="core"} ${seconds / 4}\n`
    expect(regionsAfter(text(4), text(8)).note).toEqual({
      text: 'estimates: counted for 25 % of the time',
      alarms: false,
    })
  })
})

describe('the table', () => {
  const plain = (text: string) => text
  const PLAIN = { bold: plain, dim: plain, red: plain, green: plain, inverse: plain }
  const everything = new Map(
    Object.entries({
      ...{ cycles: 1e9, instructions: 2e9, stalled_cycles_frontend: 1e8, stalled_cycles_backend: 3e8 },
      ...{ l1d_loads: 1e8, l1d_load_misses: 1e6, llc_loads: 1e6, llc_load_misses: 1e6, dtlb_loads: 1e8 },
      ...{ dtlb_load_misses: 1e5, branches: 1e8, branch_misses: 1e6 },
      ...{ context_switches: 10, cpu_migrations: 1, page_faults: 100 },
    }),
  )
  const row: CountRow = { name: 'nearest-neighbours', id: 4711, runs: 12_345, time: 0.5, rates: everything }
  const titles = (columns: number) => countTable('REGION').lines([row], PLAIN, columns)[0]?.trim().split(/ {2,}/)

  test('keeps at 80 columns what stalls and on what', () => {
    expect(titles(80)).toEqual(['REGION', 'RUNS/s', 'TIME', 'IPC', 'FRONT', 'BACK', 'LLC', 'BRANCH', 'STALLS ON'])
    expect(titles(Infinity)).toHaveLength(15)
    for (const width of [40, 80, 120]) {
      for (const line of countTable('REGION').lines([row], PLAIN, width))
        expect(widthOf(line)).toBeLessThanOrEqual(width)
    }
  })

  test('has no column that nothing was counted for', () => {
    const software = { name: 'node', id: 1, time: 0.5, rates: new Map([['context_switches', 3]]) }
    expect(countTable('THREAD').lines([software], PLAIN, 80)).toEqual([
      'THREAD  TID  TIME  SWITCH/s',
      'node      1   50%         3',
    ])
  })

  test.each([
    [{}, ''],
    [{ stalled_cycles_backend: 500, cycles: 1000 }, 'back'],
    [{ stalled_cycles_frontend: 500, stalled_cycles_backend: 90, cycles: 1000 }, 'front'],
    [{ stalled_cycles_frontend: 50, stalled_cycles_backend: 90, cycles: 1000 }, ''],
    [{ stalled_cycles_backend: 500, cycles: 1000, llc_load_misses: 1, l1d_load_misses: 8 }, 'back: memory'],
    [{ stalled_cycles_backend: 500, cycles: 1000, l1d_load_misses: 30 }, 'back: caches'],
    [{ cycles: 1000, branch_misses: 10 }, 'branches'],
    [{ cycles: 1000, branch_misses: 5 }, ''],
    [{ llc_load_misses: 100 }, ''],
  ])('%j stalls on %j', (rates, text) => {
    expect(stallText(new Map(Object.entries(rates)))).toBe(text)
  })
})

test.each([
  [['pmu', 'top'], 2, 'a target is missing; see nanotally pmu top --help'],
  [['pmu', 'top', ':1', '--events', 'cycles'], 2, '--events: a program chooses those of its regions itself'],
  [['pmu', 'top', '1', '--sort', 'x'], 2, '--sort: expected time, ipc, stalls, name, received x'],
])('%j: %i', async (args, code, message) => {
  const { exitCode, stderr } = await cli(args)
  expect(exitCode).toBe(code)
  expect(stderr).toContain(message)
})
