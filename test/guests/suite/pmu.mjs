// What is offered and what is refused, against the kernel's own lists and settings; `nanotally pmu`.
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { perfEvents, perfMachine } from 'nanotally/hardware'
import { runCli, runModule } from './children.mjs'
import { assert, branch, test } from './harness.mjs'
import { read, readIfThere } from './system.mjs'

const SOURCES = '/sys/bus/event_source/devices'
const PARANOID = '/proc/sys/kernel/perf_event_paranoid'
const USER_ACCESS = '/proc/sys/kernel/perf_user_access'
/** What arm64 kernels list of an event: the name of a PMU's file, and ours. */
const LISTED = {
  cpu_cycles: 'cycles',
  inst_retired: 'instructions',
  stall_frontend: 'stalled_cycles_frontend',
  stall_backend: 'stalled_cycles_backend',
}
/** Who is not root. */
const SOMEBODY = { uid: 1000, gid: 1000 }

const mayChangeSettings = process.env.NANOTALLY_TEST_OWN_MACHINE === '1'

const events = perfEvents()
const machine = perfMachine()
const offered = events.filter((event) => event.available)
const byName = (name, of = events) => of.find((event) => event.name === name)
const ofKind = (kind, of = events) => of.filter((event) => event.kind === kind)
const pmu = readdirSync(SOURCES).find((name) => /^(cpu|cpu_core|armv8\w*)$/.test(name))

branch(pmu === undefined ? 'no PMU' : 'a PMU')
branch(ofKind('hardware', offered).length > 0 ? 'hardware events are counted' : 'no hardware event is counted')

/** The events, as another process finds them. */
const eventsElsewhere = (options = {}) =>
  runModule(`import { perfEvents } from 'nanotally/hardware'; console.log(JSON.stringify(perfEvents()))`, options)

/** Runs a function while a setting of the kernel's is another. */
function withSetting(file, value, body) {
  const before = read(file)
  writeFileSync(file, String(value))
  try {
    body()
  } finally {
    writeFileSync(file, before)
  }
}

await test('each event is offered, with how and by whose word, or has its reason', () => {
  assert.ok(events.length > 20)
  for (const event of events) {
    if (event.available) {
      assert.notEqual(event.encoding, '', `${event.name}: its encoding`)
      assert.notEqual(event.source, '', `${event.name}: its source`)
    } else {
      assert.match(event.reason, /^[a-z_]+$/, `${event.name}: its reason`)
      assert.notEqual(event.message, '', `${event.name}: ${event.reason}`)
    }
  }
})

await test('the machine is told as the kernel tells it', () => {
  assert.deepEqual([...machine.pmus].sort(), readdirSync(SOURCES).sort())
  assert.equal(machine.paranoid, Number(read(PARANOID)))
  const userAccess = readIfThere(USER_ACCESS)
  assert.equal(machine.userAccess, userAccess === undefined ? undefined : Number(userAccess))
})

await test('software events are offered', () => {
  for (const name of ['task_clock_seconds', 'context_switches', 'cpu_migrations', 'page_faults']) {
    assert.equal(byName(name)?.available, true, name)
  }
})

if (pmu === undefined) {
  await test('without a PMU each hardware event says so', () => {
    for (const { name, available, reason, message } of ofKind('hardware')) {
      assert.equal(available, false, name)
      assert.ok(['no_pmu', 'processor', 'sampling'].includes(reason), `${name}: ${reason}`)
      assert.ok(message.length > 10, `${name}: ${message}`)
    }
    assert.equal(byName('cycles').reason, 'no_pmu')
    assert.equal(byName('instructions').reason, 'no_pmu')
  })
} else {
  const folder = `${SOURCES}/${pmu}/events`
  await test('what the PMU lists is offered', () => {
    const listed = existsSync(folder) ? readdirSync(folder).filter((name) => LISTED[name]) : []
    assert.ok(listed.includes('cpu_cycles'))
    for (const name of listed) {
      const event = byName(LISTED[name])
      assert.ok(
        event.available || event.reason === 'not_counting',
        `${LISTED[name]}: ${event.reason}, ${event.message}`,
      )
    }
    assert.equal(byName('cycles').available, true)
    if (listed.includes('inst_retired')) {
      branch('instructions are counted')
      assert.equal(byName('instructions').available, true)
    }
  })

  await test('what opens and is not listed, or never counts, is refused', () => {
    const refused = ofKind('hardware').filter((event) => !event.available)
    for (const { name, reason } of refused) assert.notEqual(reason, 'no_pmu', name)
    const unlisted = refused.filter(({ reason }) => reason === 'not_listed' || reason === 'not_counting')
    if (unlisted.length > 0) branch('unlisted events are refused')
    assert.equal(byName('l1d_loads').available, existsSync(`${folder}/l1d_cache`), byName('l1d_loads').message)
    assert.equal(byName('branches').available, existsSync(`${folder}/br_retired`), byName('branches').message)
  })

  if (existsSync(USER_ACCESS) && mayChangeSettings) {
    await test('a thread may read a counter by itself exactly where the kernel was told to let it', () => {
      for (const access of [0, 1]) {
        withSetting(USER_ACCESS, access, () => {
          const cycles = byName('cycles', eventsElsewhere())
          assert.equal(cycles.userReads, access === 1, `perf_user_access=${access}`)
        })
      }
      branch('user-space reads')
    })
  }
}

// The settings are those of the whole machine: run.sh says that nobody else uses it.
if (mayChangeSettings) {
  await test('who may not count is told by which setting, and what to change', () => {
    withSetting(PARANOID, 3, () => {
      // Debian's kernels know 3: perf_event_open(2) is root's. The kernel of others takes it for 2.
      const refused = eventsElsewhere(SOMEBODY)
      const clock = byName('task_clock_seconds', refused)
      if (clock.available) {
        branch('paranoid 3 is as 2')
        return assert.equal(byName('cycles', refused).available, byName('cycles').available)
      }
      branch('paranoid 3 refuses')
      for (const { name, available, reason, message, hint } of ofKind('software', refused)) {
        assert.equal(available, false, name)
        assert.equal(reason, 'permission', `${name}: ${message}`)
        assert.match(`${message} ${hint}`, /perf_event_paranoid/, name)
        assert.notEqual(hint, '', name)
      }
      for (const { name, available } of ofKind('hardware', refused)) assert.equal(available, false, name)
      if (byName('cycles').available) assert.equal(byName('cycles', refused).reason, 'permission')
    })
  })

  await test('at 2 anybody counts in user space', () => {
    withSetting(PARANOID, 2, () => {
      const theirs = eventsElsewhere(SOMEBODY)
      for (const name of ['cycles', 'instructions', 'task_clock_seconds', 'page_faults']) {
        assert.equal(byName(name, theirs).available, byName(name).available, name)
      }
    })
  })

  await test('whole CPUs are counted by root, and at 0 by anybody', () => {
    const mayCountCpus = (options) =>
      runModule(`import { perfMachine } from 'nanotally/hardware'; console.log(perfMachine().cpuCounting)`, options)
    assert.equal(machine.cpuCounting, true)
    withSetting(PARANOID, 2, () => assert.equal(mayCountCpus(SOMEBODY), false))
    withSetting(PARANOID, 0, () => assert.equal(mayCountCpus(SOMEBODY), true))
  })
}

await test('nanotally pmu --json tells the same', () => {
  const told = JSON.parse(runCli(['pmu', '--json']))
  assert.deepEqual(
    told.events.map(({ name, available, reason }) => ({ name, available, reason })),
    events.map(({ name, available, reason }) => ({ name, available, reason })),
  )
})

await test('nanotally pmu names each event', () => {
  const text = runCli(['pmu'])
  for (const { name } of events) assert.ok(text.includes(name), name)
})
