// Where the cells lie, by the kernel's word: each thread's on the node that it runs on. Threads are moved by taskset.
import { readdirSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { counter, Registry } from 'nanotally'
import { collectHardwareMetrics } from 'nanotally/hardware'
import { run } from './children.mjs'
import { assert, branch, test } from './harness.mjs'
import { sampleOf, samplesOf } from './metrics.mjs'
import * as system from './system.mjs'

const all = system.nodes()
/** Those that a thread can run on. */
const nodes = all.filter((node) => node.cpus.length > 0)
/** The nearest that has memory. */
const homeOf = (node) =>
  all.filter((other) => other.memoryBytes > 0).sort((a, b) => distance(node, a) - distance(node, b))[0].number
const distance = (from, to) => from.distances[all.indexOf(to)]
const threads = () => readdirSync('/proc/self/task')
const pin = (thread, cpu) => run('taskset', ['-p', '-c', String(cpu), String(thread)])
const homes = new Set(nodes.map(homeOf))
branch(homes.size > 1 ? 'several nodes to record on' : 'one node to record on')
if (nodes.some((node) => homeOf(node) !== node.number)) branch('a node whose memory is another’s')

// Of its own: the other one has thousands of series, which are not asked for.
const registry = new Registry()
const metrics = collectHardwareMetrics({ registry, events: ['task_clock_seconds'] })
if (nodes.length > 0) pin(process.pid, nodes[0].cpus[0])
counter({ name: 'one_total', help: 'of this thread, whose cells are made now' }).inc()

const arenaBytes = async () =>
  new Map(
    samplesOf(await registry.metrics(), 'nanotally_arena_node_bytes').map(({ labels, value }) => [labels.node, value]),
  )

/** Pages of this process on a node, by /proc/self/numa_maps. */
function pagesOn(node) {
  return [...system.read('/proc/self/numa_maps').matchAll(new RegExp(` N${node}=(\\d+)`, 'g'))].reduce(
    (sum, [, pages]) => sum + Number(pages),
    0,
  )
}

/** A thread that imports nothing of nanotally before it is on its CPU. It ends when it is told to. */
async function threadOn(cpu, work) {
  const before = threads()
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
     parentPort.once('message', async () => {
       const result = await (async () => { ${work} })()
       parentPort.postMessage(result)
       parentPort.once('message', () => process.exit())
     })
     parentPort.postMessage('ready')`,
    { eval: true },
  )
  const message = () => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  await message()
  for (const thread of threads().filter((thread) => !before.includes(thread))) pin(thread, cpu)
  const result = message()
  worker.postMessage('go')
  return {
    result: await result,
    end: () => {
      const exit = new Promise((resolve) => worker.once('exit', resolve))
      worker.postMessage('end')
      return exit
    },
  }
}

/** Of cells. */
const CHUNK = 64 * 1024
const SERIES = 10_000
/** What they take, in chunks that no other thread has. */
const BYTES = SERIES * 8
const RECORD = `
  const { counter } = require('nanotally')
  const many = counter({ name: 'many_total', help: 'h', labels: ['n'], maxSeries: 100_000 })
  for (let i = 0; i < ${SERIES}; i++) many.inc({ n: String(i) })
  return process.pid`

if (nodes.length > 0) {
  await test('the cells of a thread lie on the node that it runs on, or the nearest that has memory', async () => {
    for (const node of nodes) {
      const home = homeOf(node)
      const before = await arenaBytes()
      const pages = pagesOn(home)
      const thread = await threadOn(node.cpus[0], RECORD)
      const after = await arenaBytes()
      const grown = (number) => (after.get(String(number)) ?? 0) - (before.get(String(number)) ?? 0)
      assert.ok(grown(home) >= BYTES, `node ${home} has ${grown(home)} bytes more`)
      for (const { number } of all) {
        if (number !== home) assert.ok(grown(number) < CHUNK, `node ${number} has ${grown(number)} more`)
      }
      assert.ok(pagesOn(home) - pages >= BYTES / 4096, `numa_maps has ${pagesOn(home) - pages} pages more`)
      await thread.end()
    }
  })
}

await test('all of the arena that is touched is on some node of the machine', async () => {
  const known = [...all.map(({ number }) => String(number)), 'unplaced']
  const bytes = await arenaBytes()
  assert.ok([...bytes.values()].some((value) => value > 0))
  for (const node of bytes.keys()) assert.ok(known.includes(node), `node ${node}`)
})

if (homes.size > 1) {
  await test('a thread that is moved from its cells is noticed', async () => {
    const [from] = nodes
    const to = nodes.find((node) => homeOf(node) !== homeOf(from))
    const seen = async () => {
      const text = await registry.metrics()
      const samples = (locality) => sampleOf(text, 'numa_thread_samples_total', { thread: 'main', locality }) ?? 0
      const moves = sampleOf(text, 'numa_thread_migrations_total', { thread: 'main', kind: 'node' }) ?? 0
      return { local: samples('local'), remote: samples('remote'), moves }
    }
    /** Until the samples, which turns of the event loop take, tell of it; no longer than 30 s. */
    const until = async (condition) => {
      for (let i = 0; i < 300 && !condition(await seen()); i++) await new Promise((resolve) => setTimeout(resolve, 100))
      const now = await seen()
      assert.ok(condition(now), JSON.stringify(now))
      return now
    }
    const start = await seen()
    // Its cells were made there. Where they are is looked up every ten seconds.
    pin(process.pid, from.cpus[0])
    const before = await until(({ local }) => local > start.local)
    pin(process.pid, to.cpus[0])
    await until(({ remote, moves }) => remote > before.remote && moves > before.moves)
    pin(process.pid, from.cpus[0])
    await until(({ local, moves }) => local > before.local && moves > before.moves + 1)
    pin(process.pid, system.allowed('Cpus').join())
  })
}

metrics.stop()
