// The load generator, a process of its own: closed loop over kept connections, for a fixed time, seeded requests.
//
// It speaks just enough HTTP over plain sockets to be far lighter than the service, so that the service is what is measured.
import { connect } from 'node:net'
import { report } from '../harness/child.mjs'
import { uniform } from '../harness/random.mjs'
import { quantile } from '../harness/statistics.mjs'
import { DOCUMENTS } from './documents.mjs'

const REQUESTS = makeRequests(4096)

process.on('message', async ({ port, connections, milliseconds }) => {
  const latencies = []
  const start = process.hrtime.bigint()
  const end = start + BigInt(Math.round(milliseconds * 1e6))
  await Promise.all(Array.from({ length: connections }, (_, index) => drive(port, index * 256, end, latencies)))
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  await report({
    requests: latencies.length,
    perSecond: latencies.length / seconds,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  })
})
await report({ ready: true })

/** One connection: sends the next request when the last one's answer is complete. */
function drive(port, first, end, latencies) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    let next = first
    let sent
    let answer = ''
    const send = () => {
      sent = process.hrtime.bigint()
      if (sent >= end) {
        socket.end(resolve)
        return
      }
      socket.write(REQUESTS[next++ % REQUESTS.length])
    }
    socket.on('connect', send)
    socket.on('error', reject)
    socket.setEncoding('latin1').on('data', (text) => {
      answer += text
      const length = answerLength(answer)
      if (length === undefined || answer.length < length) return
      if (answer.length > length) return reject(new Error('the service answered more than was asked'))
      if (!answer.startsWith('HTTP/1.1 200') && !answer.startsWith('HTTP/1.1 404')) {
        return reject(new Error(`expected status 200 or 404, received '${answer.slice(0, 40)}'`))
      }
      latencies.push(Number(process.hrtime.bigint() - sent) / 1e6)
      answer = ''
      send()
    })
  })
}

/** Bytes of head and body together; undefined while the head is not complete. */
function answerLength(answer) {
  const headEnd = answer.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const match = /\r\ncontent-length: ([0-9]+)/i.exec(answer.slice(0, headEnd))
  if (!match) throw new Error('the service answered without a length')
  return headEnd + 4 + Number(match[1])
}

/** 70 % reads, a few of them of documents that are not there; 20 % searches; 10 % updates. */
function makeRequests(count) {
  const random = uniform(43)
  const head = 'Host: localhost\r\nConnection: keep-alive\r\n'
  const word = () => `word-${Math.floor(random() ** 2 * 400)}`
  return Array.from({ length: count }, () => {
    const kind = random()
    const id = Math.floor(random() ** 2 * DOCUMENTS * 1.02)
    if (kind < 0.7) return `GET /items/${id} HTTP/1.1\r\n${head}\r\n`
    if (kind < 0.9) return `GET /search?a=${word()}&b=${word()} HTTP/1.1\r\n${head}\r\n`
    const body = JSON.stringify({ score: Math.round(random() * 1e6) / 1e6 })
    const known = id % DOCUMENTS
    return `POST /items/${known} HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  })
}
