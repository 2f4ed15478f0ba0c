// Servers on a free loopback port, requests as scrapers make them, and bytes as those send who mean no good.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { ConnectionOptions } from 'node:tls'
import { onTestFinished } from 'vitest'

/** Where a server of that listener is, such as `http://127.0.0.1:4711`. It is closed when the test ends. */
export function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  onTestFinished(() => server.closeAllConnections())
  return listening(server)
}

/** As `serve`, for a server of another making. */
export async function listening(server: Server): Promise<string> {
  onTestFinished(() => {
    server.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export interface Asking {
  method?: string
  headers?: Record<string, string>
  body?: string
  /** In place of the address of the URL. */
  socketPath?: string
  tls?: ConnectionOptions
}

/** Sends a request over a connection of its own; resolves once the head of the answer is there. */
export async function send(url: string, asking: Asking = {}): Promise<IncomingMessage> {
  const { method = 'GET', headers = {}, body, socketPath, tls } = asking
  const open = url.startsWith('https:') ? secureRequest : request
  const sent = open(url, { agent: false, method, headers, socketPath, ...tls }).end(body)
  // What fails after the head is told by who reads the body.
  sent.on('error', () => {})
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return response
}

export interface Answer {
  status: number | undefined
  headers: IncomingHttpHeaders
  /** As it was sent: compressed, where it was. */
  body: Buffer
}

export async function ask(url: string, asking?: Asking): Promise<Answer> {
  const response = await send(url, asking)
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) }
}

/** A connection that was made; it is cut when the test ends. */
export async function connected(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect(port, host)
  onTestFinished(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  return socket
}

/** Resolves when the connection is gone, with a reset or without: a reset tells of bytes that the other side left unread. */
export async function hungUp(socket: Socket): Promise<void> {
  socket.on('error', () => {})
  // Not once() of node:events: that rejects at a reset.
  if (!socket.closed) await new Promise<void>((resolve) => socket.once('close', () => resolve()))
}

/** All that a server says to these bytes until it hangs up. What it has not read by then may make that a reset. */
export async function answerTo(port: number, bytes: string): Promise<string> {
  const socket = await connected(port)
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk) => {
    answer += chunk
  })
  const gone = hungUp(socket)
  socket.write(bytes)
  await gone
  return answer
}

/** One event of Server-Sent Events. */
export interface ServerEvent {
  event: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON it is
  data: any
}

/** The events of an answer. To leave the loop hangs up. */
export async function* eventsOf(response: IncomingMessage): AsyncGenerator<ServerEvent, undefined> {
  let rest = ''
  for await (const chunk of response.setEncoding('utf8')) {
    const blocks = `${rest}${chunk}`.split('\n\n')
    rest = blocks.pop() as string
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1] ?? 'message'
      yield { event, data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? 'null') }
    }
  }
}
