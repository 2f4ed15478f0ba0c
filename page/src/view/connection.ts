// The connection to ./events: what it brings, and how it is. EventSource reconnects by itself, but not after an answer that
// is no event stream (a proxy's error, say), nor where the other end went without a word: then it is opened again here.
import type { EventDocument } from '../model/document.js'

/** Without an event for so many intervals the connection counts as stale. */
const STALE_INTERVALS = 3
/** Without one for so many it is given up. */
const DEAD_INTERVALS = 10
const REOPEN_MS = 3000

export type ConnectionState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Open and silent. `since`: Unix seconds of the last event, by this machine's clock. */
  | { readonly kind: 'stale'; readonly since: number }
  /** Gone; undefined where no event ever came. */
  | { readonly kind: 'lost'; readonly since: number | undefined }

export interface ConnectionListener {
  snapshot(document: EventDocument): void
  changes(document: EventDocument): void
  state(state: ConnectionState): void
}

export class Connection {
  readonly #url: string
  readonly #listener: ConnectionListener
  #source!: EventSource
  #intervalMs = 1000
  #lastEvent: number | undefined
  #silence: ReturnType<typeof setTimeout> | undefined
  #reopening: ReturnType<typeof setTimeout> | undefined

  constructor(url: string, listener: ConnectionListener) {
    this.#url = url
    this.#listener = listener
    listener.state({ kind: 'connecting' })
    this.#open()
  }

  #open(): void {
    this.#source = new EventSource(this.#url)
    this.#source.addEventListener('snapshot', ({ data }) => {
      const document = JSON.parse(data) as EventDocument
      this.#intervalMs = (document.interval ?? 1) * 1000
      this.#listener.snapshot(document)
      this.#heard()
    })
    this.#source.addEventListener('changes', ({ data }) => {
      this.#listener.changes(JSON.parse(data))
      this.#heard()
    })
    this.#source.addEventListener('error', () => {
      this.#lose()
      if (this.#source.readyState === EventSource.CLOSED) this.#reopenIn(REOPEN_MS)
      else this.#reopenIn(this.#intervalMs * DEAD_INTERVALS)
    })
    this.#reopenIn(this.#intervalMs * DEAD_INTERVALS)
  }

  #lose(): void {
    clearTimeout(this.#silence)
    this.#listener.state({ kind: 'lost', since: this.#lastEvent })
  }

  /** Unless there is an event before. */
  #reopenIn(ms: number): void {
    clearTimeout(this.#reopening)
    this.#reopening = setTimeout(() => {
      this.#source.close()
      this.#lose()
      this.#open()
    }, ms)
  }

  #heard(): void {
    const since = Date.now() / 1000
    this.#lastEvent = since
    this.#listener.state({ kind: 'live' })
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => this.#listener.state({ kind: 'stale', since }), this.#intervalMs * STALE_INTERVALS)
    this.#reopenIn(this.#intervalMs * DEAD_INTERVALS)
  }
}
