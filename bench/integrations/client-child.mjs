// Asks a stub of a database for a while, measured or not, and tells the processor time that one question takes.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { childTask, release, report } from '../harness/child.mjs'
import { expectSum } from '../harness/exposition.mjs'
import { OURS } from '../harness/libraries.mjs'

const { client: kind, measured, warmUpMs, timeMs } = childTask()
const folder = mkdtempSync(join(tmpdir(), 'nanotally-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
// Where pg looks for the socket of a host that is a folder.
const path = join(folder, '.s.PGSQL.5432')
const stub = fork(fileURLToPath(new URL('stub.mjs', import.meta.url)), [kind, path])
await once(stub, 'message')
const peer = measured === 'prom-client' ? await import('./prom-client.mjs') : undefined

/** What asks once, and the name of the metric that counts that. */
const CLIENTS = {
  async pg() {
    const { default: pg } = await import('pg')
    const pool = new pg.Pool({ host: folder, user: 'bench', database: 'bench', max: 1 })
    if (measured === OURS) {
      const { instrumentPool } = await import('nanotally/integrations/pg')
      instrumentPool(pool)
    }
    const ask = () => pool.query('SELECT 1 AS one')
    return { ask, name: 'postgres_query_duration_seconds', label: { operation: 'SELECT' }, end: () => pool.end() }
  },
  async ioredis() {
    const { Redis } = await import('ioredis')
    const client = new Redis({ path, enableReadyCheck: false, disableClientInfo: true, protocol: 2 })
    await once(client, 'ready')
    if (measured === OURS) {
      const { instrumentRedis } = await import('nanotally/integrations/ioredis')
      instrumentRedis(client)
    }
    const ask = () => client.set('key', 'value')
    const label = { command_class: 'string' }
    return { ask, name: 'redis_command_duration_seconds', label, end: () => client.disconnect() }
  },
}
const { ask: bare, name, label, end } = await CLIENTS[kind]()
const theirs = peer?.durationRecorder(name, Object.keys(label)[0])
const ask = theirs === undefined ? bare : measuredByThem

async function measuredByThem() {
  const stop = theirs.startTimer({ ...label })
  try {
    return await bare()
  } finally {
    stop()
  }
}

let asked = 0
async function drive(milliseconds) {
  const until = performance.now() + milliseconds
  while (performance.now() < until) {
    await ask()
    asked++
  }
}
await drive(warmUpMs)
const before = { asked, usage: process.cpuUsage() }
await drive(timeMs)
const { user, system } = process.cpuUsage(before.usage)
const questions = asked - before.asked

if (measured !== undefined) {
  expectSum(peer ? await peer.text() : await (await import('nanotally')).registry.metrics(), `${name}_count`, asked)
}
await end()
stub.disconnect()
await report({ measures: { microseconds: (user + system) / questions }, detail: { questions } })
release()
