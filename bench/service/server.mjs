// A small HTTP service in a process of its own; it tells the runner its port, its processor time and its counts.
import { createServer } from 'node:http'
import { childTask, report } from '../harness/child.mjs'
import { sumOf } from '../harness/exposition.mjs'
import { DocumentStore } from './documents.mjs'
import { recordNothing, recordThrough } from './instruments.mjs'

const ITEM = '/items/:id'
const SEARCH = '/search'
const UNKNOWN = 'unknown'

const { library: name, exposed } = childTask()
const store = new DocumentStore()
const instruments = name ? await recordThrough(name, [ITEM, SEARCH, UNKNOWN]) : recordNothing()
let served = 0

const server = createServer(async (request, response) => {
  const { method, url } = request
  const route = url.startsWith('/items/') ? ITEM : url.startsWith('/search?') ? SEARCH : UNKNOWN
  const begun = instruments.begin(route)
  const { status, body } = await answer(route, request)
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
  served++
  instruments.end(begun, method, route, status, body.length)
})

async function answer(route, request) {
  if (route === SEARCH) {
    const parameters = new URL(request.url, 'http://localhost').searchParams
    const { body, scanned } = store.search(parameters.get('a'), parameters.get('b'))
    instruments.scanned(scanned)
    return { status: 200, body }
  }
  if (route === UNKNOWN) return { status: 404, body: '{}' }
  const id = Number(request.url.slice('/items/'.length))
  if (request.method === 'POST') {
    let text = ''
    request.setEncoding('utf8')
    for await (const chunk of request) text += chunk
    return store.update(id, text) ? { status: 200, body: '{"updated":true}' } : { status: 400, body: '{}' }
  }
  const read = store.read(id)
  if (read === undefined) return { status: 404, body: '{}' }
  instruments.cache(read.hit)
  return { status: 200, body: read.body }
}

process.on('message', async (message) => {
  if (message === 'usage') {
    const { user, system } = process.cpuUsage()
    await report({ processorMicroseconds: user + system, served })
  } else {
    await report({ recorded: await recordedRequests(), served })
  }
})

/** Proof for the runner that a service with metrics recorded every request, and that one without exposes none. */
async function recordedRequests() {
  const text = await instruments.text()
  if (exposed) return sumOf(text, 'http_requests_total').sum
  if (text.includes('http_requests_total')) throw new Error('expected nothing to be exposed')
  return 0
}

await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
await report({ port: server.address().port })
