// The suite `integrations`: what measuring adds to a request of node:http, Express and Fastify, a query of pg, a command of
// ioredis.
import { fileURLToPath } from 'node:url'
import { OURS, PEERS } from '../harness/libraries.mjs'

const [PROM_CLIENT] = PEERS
const BARE = 'not measured'
const httpScript = fileURLToPath(new URL('http-child.mjs', import.meta.url))
const clientScript = fileURLToPath(new URL('client-child.mjs', import.meta.url))

export const rounds = 9

/** @param {{ short: boolean }} options */
export function makeCases({ short }) {
  const times = short ? { warmUpMs: 150, timeMs: 250 } : { warmUpMs: 1500, timeMs: 3000 }
  return [
    httpCase('node:http', times),
    httpCase('Express 5', times),
    httpCase('Fastify 5', times),
    clientCase('pg', 'a query of pg, through a pool of one connection', times),
    clientCase('ioredis', 'a command of ioredis', times),
  ]
}

function httpCase(framework, times) {
  const task = (measured) => ({ task: { framework, measured, ...times } })
  return {
    name: `a request to ${framework}, with a parameter in its route`,
    note: 'Server and client in one process, eight kept connections: processor time of both for each request.',
    script: httpScript,
    reference: BARE,
    contenders: {
      [BARE]: task(undefined),
      [OURS]: task(OURS),
      [`${OURS}, OpenTelemetry’s names`]: task('opentelemetry'),
      [PROM_CLIENT]: task(PROM_CLIENT),
    },
    measures: [{ key: 'microseconds', title: 'processor time', unit: 'us' }],
  }
}

function clientCase(client, name, times) {
  const task = (measured) => ({ task: { client, measured, ...times } })
  return {
    name,
    note: 'Against another process that answers at once, one after the other: processor time of the client for each.',
    script: clientScript,
    reference: BARE,
    contenders: { [BARE]: task(undefined), [OURS]: task(OURS), [PROM_CLIENT]: task(PROM_CLIENT) },
    measures: [{ key: 'microseconds', title: 'processor time', unit: 'us' }],
  }
}
