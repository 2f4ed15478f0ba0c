// Requests that are not yet answered to the end, and when each of them is over.
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What all answers together may hold that their clients have not read. */
const MOST_UNREAD_BYTES = 256 * 1024 * 1024
/** No answer is cut off before: those that share a body are counted as if they did not, and are soon read where all is well. */
const PATIENCE_MS = 10_000

/** What waits for the end of a connection. Requests that come in one packet share it: it has one listener. */
const waiting = new WeakMap<Socket, Set<() => void>>()

function waitersOf(socket: Socket): Set<() => void> {
  let waiters = waiting.get(socket)
  if (waiters === undefined) {
    const made = new Set<() => void>()
    socket.once('close', () => {
      for (const gone of [...made]) gone()
    })
    waiting.set(socket, made)
    waiters = made
  }
  return waiters
}

/**
 * Calls `then` once, when the response is over. node:http tells nothing of one that waits for its turn behind others when
 * their connection ends, so that is listened to as well.
 */
export function whenOver(response: ServerResponse, then: () => void): void {
  // None where a framework has made the response of its own, for tests without a server.
  const socket: Socket | undefined = response.req?.socket
  if (socket?.closed) {
    then()
    return
  }
  const waiters = socket === undefined ? new Set<() => void>() : waitersOf(socket)
  const over = () => {
    if (waiters.delete(over)) then()
  }
  waiters.add(over)
  response.once('close', over)
}

/** The requests of one server. */
export class InFlight {
  /** In the order in which they came, by when they did. */
  readonly #responses = new Map<ServerResponse, number>()
  readonly #mostUnreadBytes: number
  readonly #patienceMs: number
  #willCut = false
  /** Called when there are none any more. */
  onIdle = () => {}

  constructor(mostUnreadBytes = MOST_UNREAD_BYTES, patienceMs = PATIENCE_MS) {
    this.#mostUnreadBytes = mostUnreadBytes
    this.#patienceMs = patienceMs
  }

  get isIdle(): boolean {
    return this.#responses.size === 0
  }

  add(response: ServerResponse): void {
    this.#responses.set(response, performance.now())
    whenOver(response, () => {
      this.#responses.delete(response)
      if (this.isIdle) this.onIdle()
    })
    if (this.#willCut) return
    this.#willCut = true
    setImmediate(() => {
      this.#willCut = false
      this.#cutUnread()
    })
  }

  /** Ends the connections of the oldest, while all together hold too much. One alone may hold what it likes. */
  #cutUnread(): void {
    const unread = [...this.#responses].filter(([{ writableLength }]) => writableLength > 0)
    let bytes = unread.reduce((sum, [{ writableLength }]) => sum + writableLength, 0)
    for (const [response, since] of unread.slice(0, -1)) {
      if (bytes <= this.#mostUnreadBytes || performance.now() - since < this.#patienceMs) return
      bytes -= response.writableLength
      response.req.socket.destroy()
    }
  }
}
