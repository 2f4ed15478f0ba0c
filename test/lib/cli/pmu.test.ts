// `nanotally pmu` on the machine of the test, and its report on others.
import { perfEvents, perfMachine } from 'nanotally/hardware'
import { describe, expect, test } from 'vitest'
import { machineReport } from '../../../dist/cli/pmu.js'
import { cli } from '../../support/cli.js'

const plain = (text: string) => text
const PLAIN = { bold: plain, dim: plain, red: plain, green: plain, inverse: plain }

const MACHINE = {
  vendor: 'intel',
  model: '06_8FH',
  modelName: 'Xeon',
  pmus: ['cpu'],
  container: false,
  cpuCounting: false,
}
const CPU = { features: ['avx2', 'sse2'], widestVectorBits: 256 }
const EVENT = { group: 'core', kind: 'hardware', unit: '', help: 'H.' } as const
const offered = (name: string, encoding: string, userReads = false) => {
  return { ...EVENT, name, available: true, encoding, source: 's', userReads } as const
}
const refused = (name: string, message: string, hint = '') => {
  return { ...EVENT, name, available: false, reason: 'processor', message, hint } as const
}

test('all events are told, in 80 columns', async () => {
  const { exitCode, stdout, stderr } = await cli(['pmu'])
  expect([exitCode, stderr]).toEqual([0, ''])
  const words = new Set(stdout.split(/\s+/))
  for (const { name } of perfEvents()) expect(words, name).toContain(name)
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  const count = perfEvents().filter(({ available }) => available).length
  expect(stdout).toMatch(new RegExp(`\n${count} of ${perfEvents().length} events are counted here\\.\n$`))
})

test('each reason is told once', async () => {
  const { stdout } = await cli(['pmu'])
  const text = stdout.replace(/\s+/g, ' ')
  const messages = new Set(perfEvents().flatMap((event) => (event.available ? [] : [event.message])))
  for (const message of messages) expect(text.split(message), message).toHaveLength(2)
})

test('JSON', async () => {
  const { stdout } = await cli(['pmu', '--json'])
  const told = JSON.parse(stdout)
  expect(told.events).toEqual(perfEvents())
  expect(told.machine).toEqual(perfMachine())
  expect(told.cpu.widestVectorBits).toBeGreaterThan(0)
})

test('wrong usage', async () => {
  const stderr = 'nanotally: no command pmu nothing: see nanotally pmu --help\n'
  for (const args of [
    ['pmu', 'nothing'],
    ['help', 'pmu', 'nothing'],
  ]) {
    expect(await cli(args)).toMatchObject({ exitCode: 2, stdout: '', stderr })
  }
})

describe('the report', () => {
  test('of one that counts', () => {
    const events = [
      offered('cycles', 'cpu/event=0x3c/', true),
      { ...offered('page_faults', 'software/page-faults/'), kind: 'software' } as const,
      refused('fp_512', 'There is none.', 'Buy another one.'),
      refused('node_loads', 'There is none.', 'Buy another one.'),
      refused('llc_loads', 'It is shared.'),
    ]
    expect(machineReport({ ...MACHINE, paranoid: 2 }, CPU, events, PLAIN, 80)).toEqual([
      'Processor  Xeon, intel 06_8FH',
      'Vectors    256 bits: avx2 sse2',
      'Kernel     perf_event_paranoid 2, whole CPUs may not be counted',
      'PMUs       cpu',
      '',
      '1 event counted by the processor',
      '  cycles  cpu/event=0x3c/ (no system call)',
      '',
      '1 event counted by the kernel',
      '  page_faults  software/page-faults/',
      '',
      '2 events not counted: processor',
      '  There is none.',
      '  To change it: Buy another one.',
      '  fp_512 node_loads',
      '',
      '1 event not counted: processor',
      '  It is shared.',
      '  llc_loads',
      '',
      '2 of 5 events are counted here.',
    ])
  })

  test('of one that nothing is known of', () => {
    const machine = { vendor: '', model: '', modelName: '', pmus: [], container: true, cpuCounting: true }
    const lines = machineReport(machine, { features: [], widestVectorBits: 0 }, [], PLAIN, 80)
    expect(lines.slice(0, 4)).toEqual([
      'Processor  not known',
      'Vectors    not known',
      'Kernel     no perf events, whole CPUs may be counted, in a container',
      'PMUs       none',
    ])
  })

  test('is folded, and what drives terminals is not obeyed', () => {
    const events = [refused('x', 'many words '.repeat(20).trim()), offered('y', `cpu/\x1b[2J${'z'.repeat(100)}/`)]
    const lines = machineReport({ ...MACHINE, modelName: 'a\x1b[2Jb' }, CPU, events, PLAIN, 60)
    expect(lines.filter((line) => line.length > 60 || line.includes('\x1b'))).toEqual([])
    expect(lines.filter((line) => line.includes('many'))).toHaveLength(4)
  })

  test('the largest group of refusals comes first', () => {
    const events = [refused('a', 'm'), refused('b', 'n'), refused('c', 'n'), refused('d', 'n', 'h')]
    const lines = machineReport(MACHINE, CPU, events, PLAIN, 80)
    expect(lines.filter((line) => /^ {2}[a-d]/.test(line))).toEqual(['  b c', '  a', '  d'])
  })
})
