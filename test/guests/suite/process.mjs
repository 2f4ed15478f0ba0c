// What is counted of a process: collectHardwareMetrics(), and `nanotally pmu stat`.
import { Worker } from 'node:worker_threads'
import { Registry } from 'nanotally'
import { collectHardwareMetrics, perfEvents } from 'nanotally/hardware'
import { runCli } from './children.mjs'
import { assert, branch, test } from './harness.mjs'
import { loop, warmUp } from './loop.mjs'
import { sampleOf, samplesOf } from './metrics.mjs'
import * as system from './system.mjs'

const events = new Map(perfEvents().map((event) => [event.name, event]))
const NAMES = ['instructions', 'cycles', 'l1d_loads', 'task_clock_seconds', 'page_faults', 'context_switches']
const offered = NAMES.filter((name) => events.get(name).available)

warmUp()

await test('what the process does is counted, of threads that start later, too', async () => {
  const registry = new Registry()
  const metrics = collectHardwareMetrics({ registry, events: NAMES })
  const read = async (event) => sampleOf(await registry.metrics(), 'perf_events_total', { event })
  const usage = process.resourceUsage()
  const before = await read('page_faults')
  const worker = new Worker(
    'const pages = new Uint8Array(3000 * 4096); for (let i = 0; i < 3000; i++) pages[i * 4096] = 1',
    {
      eval: true,
    },
  )
  await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject))
  const faults = (await read('page_faults')) - before
  const after = process.resourceUsage()
  const ofProcess = after.minorPageFault + after.majorPageFault - usage.minorPageFault - usage.majorPageFault
  assert.ok(faults > 0)
  assert.ok(Math.abs(faults - ofProcess) <= 0.05 * ofProcess + 300, `${faults} page faults of ${ofProcess}`)

  if (events.get('instructions').available) {
    branch('the process counts instructions')
    const earlier = await read('instructions')
    loop(20_000_000)
    const instructions = (await read('instructions')) - earlier
    assert.ok(instructions >= 20_000_000, `${instructions} instructions`)
    // What a turn of the loop takes, and all that is needed to ask.
    assert.ok(instructions < 600_000_000, `${instructions} instructions`)
  }
  metrics.stop()
})

await test('an event that is not counted is absent, and has its reason', async () => {
  const registry = new Registry()
  const metrics = collectHardwareMetrics({ registry, events: NAMES })
  const text = await registry.metrics()
  for (const event of NAMES) {
    const { value, labels } = samplesOf(text, 'perf_event_available').find(({ labels }) => labels.event === event)
    const { available, reason } = events.get(event)
    assert.equal(value, available ? 1 : 0, event)
    assert.equal(labels.reason, reason, event)
    if (!available) assert.equal(sampleOf(text, 'perf_events_total', { event }), undefined, event)
  }
  metrics.stop()
})

await test('each CPU that is online is counted for the whole machine, where this may be', async () => {
  const registry = new Registry()
  const metrics = collectHardwareMetrics({ registry, events: ['context_switches'], perCpu: true })
  loop(1_000_000)
  const counted = samplesOf(await registry.metrics(), 'perf_cpu_events_total').map(({ labels }) => Number(labels.cpu))
  const online = system.cpus().filter((cpu) => cpu.online)
  assert.deepEqual(
    counted.sort((a, b) => a - b),
    online.map(({ number }) => number),
  )
  metrics.stop()
})

await test('nanotally pmu stat counts a command, and tells what it cannot', () => {
  const file = '/tmp/stat.json'
  const printed = runCli(['pmu', 'stat', '--json', '-o', file, '-e', NAMES.join(), '--', 'echo', 'counted'])
  assert.equal(printed, 'counted\n')
  const { events: counted, absent } = JSON.parse(system.read(file))
  assert.deepEqual(counted.map(({ name }) => name).sort(), [...offered].sort())
  assert.deepEqual(
    absent.flatMap(({ events }) => events).sort(),
    NAMES.filter((name) => !offered.includes(name)).sort(),
  )
})
