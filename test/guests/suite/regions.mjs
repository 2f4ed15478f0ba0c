// perf.region() against what the kernel tells otherwise: getrusage(2) and /proc, its refusals, and the length of a loop.
import { Registry } from 'nanotally'
import { perf, perfEvents } from 'nanotally/hardware'
import { assert, branch, test } from './harness.mjs'
import { loop, warmUp } from './loop.mjs'
import { sampleOf, samplesOf } from './metrics.mjs'
import { read } from './system.mjs'

const events = new Map(perfEvents().map((event) => [event.name, event]))
const counts = (name) => events.get(name).available
const EVENTS = 'perf_region_events_total'

warmUp()

await test('what a region does not count it gives the reason for, and no series', async () => {
  const registry = new Registry()
  const names = ['instructions', 'cycles', 'l1d_loads', 'page_faults', 'task_clock_seconds']
  const region = perf.region('reasons', { registry, events: names })
  region.measure(() => loop(1000))
  assert.deepEqual([...region.events].sort(), names.filter(counts).sort())
  assert.deepEqual(
    region.unavailable.map(({ name, reason }) => ({ name, reason })).sort((a, b) => (a.name < b.name ? -1 : 1)),
    names
      .filter((name) => !counts(name))
      .map((name) => ({ name, reason: events.get(name).reason }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  )
  const text = await registry.metrics()
  assert.deepEqual(
    samplesOf(text, EVENTS)
      .map(({ labels }) => labels.event)
      .sort(),
    names.filter(counts).sort(),
  )
})

await test('its page faults are those of getrusage', async () => {
  const registry = new Registry()
  const region = perf.region('faults', { registry, events: ['page_faults', 'minor_faults'] })
  const touch = () => {
    const PAGES = 2000
    const pages = new Uint8Array(PAGES * 4096)
    for (let i = 0; i < PAGES; i++) pages[i * 4096] = 1
    return pages.length
  }
  region.measure(touch)
  const before = sampleOf(await registry.metrics(), EVENTS, { event: 'page_faults' })
  const usage = process.resourceUsage()
  region.measure(touch)
  const after = process.resourceUsage()
  const faults = sampleOf(await registry.metrics(), EVENTS, { event: 'page_faults' }) - before
  const process_ = after.minorPageFault + after.majorPageFault - usage.minorPageFault - usage.majorPageFault
  assert.ok(faults > 0, `${faults} page faults`)
  assert.ok(faults <= process_, `${faults} page faults of ${process_}`)
  // The rest are of other threads of Node's, and of what asks.
  assert.ok(faults >= process_ - 500, `${faults} page faults of ${process_}`)
})

await test('its processor time is that of the kernel’s own account of the thread', async () => {
  const registry = new Registry()
  const region = perf.region('time', { registry, events: ['task_clock_seconds'] })
  const ofThread = () => Number(read(`/proc/self/task/${process.pid}/schedstat`).split(' ')[0]) / 1e9
  const before = ofThread()
  region.measure(() => loop(300_000_000))
  const account = ofThread() - before
  const seconds = sampleOf(await registry.metrics(), EVENTS, { event: 'task_clock_seconds' })
  // The account is kept at the kernel's ticks, of 10 ms at most.
  assert.ok(seconds > 0.05 && Math.abs(seconds - account) < 0.03, `${seconds} s of ${account}`)
  const wall = sampleOf(await registry.metrics(), 'perf_region_seconds_total', { region: 'time' })
  assert.ok(seconds <= wall * 1.01 + 0.001, `${seconds} s in ${wall} s`)
})

await test('work that is begun and ended elsewhere is refused, not mismeasured', async () => {
  const registry = new Registry()
  const region = perf.region('misuse', { registry })
  assert.throws(() => region.measure(async () => {}), { code: 'ERR_NANOTALLY_INVALID_TYPE' })
  region.begin()
  await new Promise((resolve) => setTimeout(resolve, 1))
  region.end()
  assert.equal(sampleOf(await registry.metrics(), 'perf_region_runs_total', { region: 'misuse' }) ?? 0, 0)
  region.measure(() => loop(10))
  assert.equal(sampleOf(await registry.metrics(), 'perf_region_runs_total', { region: 'misuse' }), 1)
})

if (counts('instructions')) {
  branch('regions count instructions')

  /** Short beside the time between two of the kernel's ticks. */
  const TURNS = 100_000

  await test('twice the loop is twice the instructions', async () => {
    const registry = new Registry()
    const region = perf.region('loop', { registry, events: ['instructions', 'cycles'] })
    const readCount = async () => sampleOf(await registry.metrics(), EVENTS, { event: 'instructions' }) ?? 0
    /** The least of some: interrupts may add to a count, and where QEMU emulates the PMU, what other CPUs execute. */
    const measure = async (turns) => {
      let least = Infinity
      for (let i = 0; i < 20; i++) {
        const before = await readCount()
        region.measure(() => loop(turns))
        least = Math.min(least, (await readCount()) - before)
      }
      return least
    }
    const one = await measure(TURNS)
    const two = await measure(2 * TURNS)
    const three = await measure(3 * TURNS)
    const turn = (two - one) / TURNS
    assert.ok(turn >= 1 && turn < 20, `${turn} instructions a turn`)
    assert.ok(Math.abs((three - two) / (two - one) - 1) < 0.02, `${one}, ${two}, ${three}`)
    const ratio = sampleOf(await registry.metrics(), 'perf_region_instructions_per_cycle', { region: 'loop' })
    if (counts('cycles')) assert.ok(ratio > 0, `${ratio} instructions per cycle`)
  })

  await test('regions that ask for more than there are counters for tell estimates, and how much was measured', async () => {
    // Each list of events has counters of its own; software events, which need none, make lists differ.
    const software = ['page_faults', 'minor_faults', 'major_faults', 'context_switches', 'cpu_migrations']
    const registry = new Registry()
    const regions = Array.from({ length: 20 }, (_, i) =>
      perf.region(`shared ${i}`, {
        registry,
        events: ['instructions', ...software.filter((_, bit) => (i & (1 << bit)) !== 0)],
      }),
    )
    const nested = ([first, ...rest], body) => first.measure(rest.length === 0 ? body : () => nested(rest, body))
    nested(regions, () => loop(1000)) // opens the counters
    const before = await registry.metrics()
    nested(regions, () => loop(150_000_000))
    const after = await registry.metrics()
    const instructions = regions.map(({ name }) => {
      const of = (text) => sampleOf(text, EVENTS, { region: name, event: 'instructions' })
      return of(after) - of(before)
    })
    const mean = instructions.reduce((sum, count) => sum + count, 0) / instructions.length
    for (const [i, count] of instructions.entries()) {
      assert.ok(Math.abs(count / mean - 1) < 0.25, `shared ${i}: ${count}, on average ${mean}`)
    }
    const ratios = samplesOf(after, 'perf_region_multiplexing_ratio').map(({ value }) => value)
    assert.ok(ratios.length > 0)
    for (const ratio of ratios) assert.ok(ratio > 0 && ratio <= 1, `a ratio of ${ratio}`)
    if (ratios.some((ratio) => ratio < 0.99)) branch('counters are shared')
  })
}
