// Where the cells lie, by the kernel's word: each thread's on the node that it runs on. Threads are moved by taskset.
import { readdirSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { counter, Registry } from 'nanotally'
import { collectHardwareMetrics } from 'nanotally/hardware'
import { run } from './children.mjs'
import { assert, branch, test } from './harness.mjs'
import { sampleOf, samplesOf } from './metrics.mjs'
import * as system from './system.mjs'

/** Those that a thread can run on and have memory of. */
const nodes = system.nodes().filter((node) => node.cpus.length > 0 && node.memoryBytes > 0)
const threads = () => readdirSync('/proc/self/task')
const pin = (thread, cpu) => run('taskset', ['-p', '-c', String(cpu), String(thread)])
branch(nodes.length > 1 ? 'several nodes to record on' : 'one node to record on')

// Of its own: the other one has thousands of series, which are not asked for.
const registry = new Registry()
const metrics = collectHardwareMetrics({ registry, events: ['task_clock_seconds'] })
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

/** 20 000 series: 160 kB of cells, in chunks that no other thread has. */
const RECORD = `
  const { counter } = require('nanotally')
  const many = counter({ name: 'many_total', help: 'h', labels: ['n'], maxSeries: 100_000 })
  for (let i = 0; i < 20_000; i++) many.inc({ n: String(i) })
  return process.pid`

if (nodes.length > 0) {
  await test('the cells of a thread lie on the node that it runs on', async () => {
    for (const node of nodes) {
      const before = await arenaBytes()
      const pages = pagesOn(node.number)
      const thread = await threadOn(node.cpus[0], RECORD)
      const after = await arenaBytes()
      const grown = (number) => (after.get(String(number)) ?? 0) - (before.get(String(number)) ?? 0)
      assert.ok(grown(node.number) >= 160_000, `node ${node.number} has ${grown(node.number)} bytes more`)
      for (const { number } of system.nodes()) {
        if (number !== node.number) assert.ok(grown(number) < 64 * 1024, `node ${number} has ${grown(number)} more`)
      }
      assert.ok(pagesOn(node.number) - pages >= 160_000 / 4096, 'nor does numa_maps')
      await thread.end()
    }
  })
}

await test('all of the arena that is touched is on some node of the machine', async () => {
  counter({ name: 'one_total', help: 'h' }).inc()
  const known = [...system.nodes().map(({ number }) => String(number)), 'unplaced']
  const bytes = await arenaBytes()
  assert.ok([...bytes.values()].some((value) => value > 0))
  for (const node of bytes.keys()) assert.ok(known.includes(node), `node ${node}`)
})

if (nodes.length > 1) {
  await test('a thread that is moved from its cells is noticed', async () => {
    const [from, to] = nodes
    const seen = async () => {
      const text = await registry.metrics()
      return {
        remote: sampleOf(text, 'numa_thread_samples_total', { thread: 'main', locality: 'remote' }) ?? 0,
        moves: sampleOf(text, 'numa_thread_migrations_total', { thread: 'main', kind: 'node' }) ?? 0,
      }
    }
    /** Until the samples, which turns of the event loop take, tell of it; no longer than 20 s. */
    const until = async (condition) => {
      for (let i = 0; i < 400 && !condition(await seen()); i++) await new Promise((resolve) => setTimeout(resolve, 50))
      assert.ok(condition(await seen()), JSON.stringify(await seen()))
    }
    pin(process.pid, from.cpus[0])
    await until(() => true)
    const before = await seen()
    pin(process.pid, to.cpus[0])
    await until(({ moves }) => moves > before.moves)
    pin(process.pid, from.cpus[0])
    await until(({ moves }) => moves > before.moves + 1)
    // Its cells lie on one of the two, so it was away from them on the other.
    await until(({ remote }) => remote > before.remote)
    pin(process.pid, system.allowed('Cpus').join())
  })
}

metrics.stop()
