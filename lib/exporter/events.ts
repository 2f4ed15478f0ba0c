// Server-Sent Events (html.spec.whatwg.org, "Server-sent events"): all there is to each new listener, then what has changed,
// once an interval, to all of them. Nothing is read while nobody listens.
import type { ServerResponse } from 'node:http'
import type { Exposition } from '../native.js'
import { whenOver } from './in-flight.js'
import type { Scrapes } from './scrapes.js'

/** What tells changes: the whole at first, then what is new since the last call. */
export interface Feed {
  next(): Exposition | Promise<Exposition>
  close(): void
}

/**
 * A listener that has not read so many bytes is ended: it comes again by itself, to the whole. Which is not counted until it
 * has caught up once: of a large one it would never hear the end.
 */
const LONGEST_BACKLOG_BYTES = 4 * 1024 * 1024
const MOST_LISTENERS = 64
const RECONNECT_MS = 1000

const HEAD = Buffer.from('event: changes\ndata: ')
const TAIL = Buffer.from('\n\n')

/** The listeners of one server. */
export class Events {
  readonly #scrapes: Scrapes
  readonly #openFeed: () => Feed
  readonly #intervalMs: number
  /** What each may leave unread, in bytes. */
  readonly #listeners = new Map<ServerResponse, number>()
  #feed: Feed | undefined
  /** Settled once the feed has a base to tell changes from. */
  #started: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(scrapes: Scrapes, openFeed: () => Feed, intervalMs: number) {
    this.#scrapes = scrapes
    this.#openFeed = openFeed
    this.#intervalMs = intervalMs
  }

  get isFull(): boolean {
    return this.#listeners.size >= MOST_LISTENERS
  }

  /** Answers a request for events, until the listener goes. Rejects, with nothing written, where the registry cannot be read. */
  async listen(response: ServerResponse): Promise<void> {
    this.#listeners.set(response, LONGEST_BACKLOG_BYTES)
    whenOver(response, () => this.#forget(response))
    if (!this.#listeners.has(response)) return
    try {
      // The feed is there before the listener's snapshot is taken, so that no change falls between the two.
      this.#started ??= this.#start()
      await this.#started
      const { body } = await this.#scrapes.get(null, [])
      if (!this.#listeners.has(response)) return
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
      response.write(`retry: ${RECONNECT_MS}\nevent: snapshot\ndata: {"interval":${this.#intervalMs / 1000},`)
      response.write(body.subarray(1))
      if (response.write(TAIL)) return
      this.#listeners.set(response, LONGEST_BACKLOG_BYTES + response.writableLength)
      response.once('drain', () => {
        if (this.#listeners.has(response)) this.#listeners.set(response, LONGEST_BACKLOG_BYTES)
      })
    } catch (error) {
      this.#forget(response)
      throw error
    }
  }

  /** Ends all listeners. */
  close(): void {
    for (const response of [...this.#listeners.keys()]) {
      this.#forget(response)
      response.end()
    }
  }

  async #start(): Promise<void> {
    const feed = this.#openFeed()
    this.#feed = feed
    await feed.next()
    this.#tellLater(feed)
  }

  #tellLater(feed: Feed): void {
    if (this.#feed !== feed) return
    this.#timer = setTimeout(() => this.#tell(feed), this.#intervalMs)
    this.#timer.unref()
  }

  async #tell(feed: Feed): Promise<void> {
    let body: Uint8Array | undefined
    try {
      body = (await feed.next()).body
    } catch {
      body = undefined
    }
    if (this.#feed !== feed) return
    if (body === undefined) {
      // The registry was closed, or there was no memory: who listens comes again, and is told why.
      this.close()
      return
    }
    for (const [response, longestBacklog] of [...this.#listeners]) {
      if (!response.headersSent) continue
      if (response.writableLength > longestBacklog) {
        this.#forget(response)
        response.destroy()
        continue
      }
      response.write(HEAD)
      response.write(body)
      response.write(TAIL)
    }
    this.#tellLater(feed)
  }

  #forget(response: ServerResponse): void {
    this.#listeners.delete(response)
    if (this.#listeners.size > 0) return
    clearTimeout(this.#timer)
    this.#feed?.close()
    this.#feed = undefined
    this.#started = undefined
  }
}
