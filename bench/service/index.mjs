// The suite `service`: an HTTP service under load with metrics on, off, through a peer, and without any.
import { fileURLToPath } from 'node:url'
import { startChild } from '../harness/child.mjs'
import { OURS, PEERS } from '../harness/libraries.mjs'
import { median } from '../harness/statistics.mjs'

const [PROM_CLIENT] = PEERS
const ON = 'nanotally on'
const OFF = 'nanotally off'
const CONNECTIONS = 16
const server = fileURLToPath(new URL('server.mjs', import.meta.url))
const load = fileURLToPath(new URL('load.mjs', import.meta.url))

/** Two processes of one program differ by more than what is looked for, so that many pairs of them are needed. */
export const rounds = 20

/** @param {{ short: boolean }} options */
export function makeCases({ short }) {
  const times = short ? { warmUpMs: 300, windowMs: 200, windows: 2 } : { warmUpMs: 1500, windowMs: 500, windows: 6 }
  return [
    {
      name: 'a service under load, metrics on against off',
      note: 'Per round a fresh process each, loaded in turns of half a second; off is NANOTALLY_DISABLED=1.',
      reference: OFF,
      contenders: {
        'no metrics in the code': { task: {} },
        [OFF]: { task: { library: OURS }, env: { NANOTALLY_DISABLED: '1' } },
        [ON]: { task: { library: OURS, exposed: true } },
        [PROM_CLIENT]: { task: { library: PROM_CLIENT, exposed: true } },
      },
      runRound(names, { node }, round) {
        return measureRound(new Map(names.map((name) => [name, this.contenders[name]])), { node, round, ...times })
      },
      measures: [
        {
          key: 'perSecond',
          title: 'throughput',
          unit: 'requests/s',
          budgets: [{ of: ON, against: OFF, atLeast: 0.995, source: 'DESIGN 9' }],
        },
        {
          key: 'p99',
          title: '99th percentile of latency',
          unit: 'ms',
          budgets: [{ of: ON, against: OFF, atMost: 1.005, source: 'DESIGN 9' }],
        },
        {
          key: 'processor',
          title: 'processor time per request',
          unit: 'us',
          budgets: [{ of: ON, against: OFF, atMost: 1.005, source: 'DESIGN 9' }],
        },
      ],
    },
  ]
}

/**
 * One round: all services up at once, loaded one at a time in short turns, there and back (A B C C B A), so that what
 * drifts on the machine meets all of them alike.
 */
async function measureRound(contenders, { node, warmUpMs, windowMs, windows }) {
  const generator = startChild(load, {}, { node })
  const services = new Map()
  try {
    await generator.receive()
    for (const [name, { task, env }] of contenders) {
      const child = startChild(server, task, { node, env })
      services.set(name, { child, exposed: task.exposed, seen: [], asked: 0 })
      services.get(name).port = (await child.receive()).port
    }
    for (const service of services.values()) await loadFor(generator, service, warmUpMs)
    const order = [...services.values()]
    for (const service of order) service.seen = []
    for (let turn = 0; turn < windows; turn++) {
      for (const service of turn % 2 === 0 ? order : order.toReversed()) await loadFor(generator, service, windowMs)
    }
    const results = new Map()
    for (const [name, service] of services) {
      await proveRecorded(name, service)
      const middle = (key) => median(service.seen.map((seen) => seen[key]))
      const measures = { perSecond: middle('perSecond'), p99: middle('p99'), processor: middle('processor') }
      results.set(name, { measures, detail: service.seen })
    }
    return results
  } finally {
    await generator.stop()
    for (const { child } of services.values()) await child.stop()
  }
}

async function loadFor(generator, service, milliseconds) {
  const before = await service.child.ask('usage')
  const seen = await generator.ask({ port: service.port, connections: CONNECTIONS, milliseconds })
  const after = await service.child.ask('usage')
  const served = after.served - before.served
  if (served !== seen.requests)
    throw new Error(`the service served ${served} requests, the generator saw ${seen.requests}`)
  service.asked += served
  service.seen.push({ ...seen, processor: (after.processorMicroseconds - before.processorMicroseconds) / served })
}

/** A service whose metrics did nothing would be free: what it exposes must equal what it was asked. */
async function proveRecorded(name, { child, exposed, asked }) {
  const { recorded } = await child.ask('recorded')
  const expected = exposed ? asked : 0
  if (recorded !== expected) throw new Error(`${name} recorded ${recorded} requests of ${asked}, expected ${expected}`)
}
