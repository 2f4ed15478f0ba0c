// Scrapes that come together get one snapshot: whoever asks while a rendering waits or runs shares the next one.
import { constants, gzipSync } from 'node:zlib'
import type { Exposition, NativeRenderRequest } from '../native.js'

/** Renders what is asked for, all of it of one snapshot, in the order of the requests. */
export type RenderAll = (requests: readonly NativeRenderRequest[]) => Exposition[] | Promise<Exposition[]>

/** The fastest level: a quarter of the default level's time or less, for a fifth more bytes, measured on 10 000 series. */
const GZIP_LEVEL = constants.Z_BEST_SPEED

/** How long scrapes are gathered that keep coming: libuv takes up one connection in a turn of the event loop. */
const LONGEST_GATHERING_MS = 25

/**
 * Different renderings that may wait at a time: each is a body of its own, all of them are there at once. Besides them the whole
 * may wait in each format, for Accept headers that are remembered: those of who scrapes again and again.
 */
const MOST_WAITING = 32
/** Accept headers of which it is remembered what they come to. The first: later ones, of somebody's who makes them up, take no place. */
const MOST_REMEMBERED = 64

/** Too many different scrapes wait: another one may be asked for soon. */
export class TooManyScrapes extends Error {
  readonly status = 503
  readonly retryAfterSeconds = 1

  constructor() {
    super(`more than ${MOST_WAITING} different scrapes wait`)
  }
}

/** An exposition that several scrapes may share. */
export class Scrape {
  readonly contentType: string
  readonly body: Uint8Array
  #compressed: Uint8Array | undefined

  constructor({ contentType, body }: Exposition) {
    this.contentType = contentType
    this.body = body
  }

  /** The body by gzip. Compressed once, on the calling thread: 10 ms for each MB. */
  compressed(): Uint8Array {
    this.#compressed ??= gzipSync(this.body, { level: GZIP_LEVEL })
    return this.#compressed
  }
}

interface Waiting {
  request: NativeRenderRequest
  scrape: Promise<Scrape>
  settle: { resolve: (scrape: Scrape) => void; reject: (error: unknown) => void }
}

/** Asks for renderings, as few as do. */
export class Scrapes {
  readonly #renderAll: RenderAll
  /** By what was asked for. */
  #waiting = new Map<string, Waiting>()
  /** By Accept header, the content type that it was answered with: that names all there is to negotiate. */
  readonly #negotiated = new Map<string, string>()
  #isBusy = false
  #asked = 0

  constructor(renderAll: RenderAll) {
    this.#renderAll = renderAll
  }

  /**
   * What an Accept header (null: JSON) and `name[]` parameters ask for. It is never older than the call. Rejects with what
   * the rendering threw, and with `TooManyScrapes` at once.
   */
  get(...request: NativeRenderRequest): Promise<Scrape> {
    this.#asked++
    const key = this.#keyOf(request)
    const waiting = this.#waiting.get(key)
    if (waiting !== undefined) return waiting.scrape
    if (this.#waiting.size >= MOST_WAITING && !this.#isOfFew(request)) return Promise.reject(new TooManyScrapes())
    if (!this.#isBusy) this.#gather(performance.now())
    let settle!: Waiting['settle']
    const scrape = new Promise<Scrape>((resolve, reject) => {
      settle = { resolve, reject }
    })
    this.#waiting.set(key, { request, scrape, settle })
    return scrape
  }

  /** The same for requests that are answered alike, as far as that is known. */
  #keyOf([accept, names]: NativeRenderRequest): string {
    const contentType = accept === null ? undefined : this.#negotiated.get(accept)
    const what = contentType === undefined ? { accept } : { contentType }
    return JSON.stringify([what, [...new Set(names)].sort()])
  }

  #isOfFew([accept, names]: NativeRenderRequest): boolean {
    return names.length === 0 && (accept === null || this.#negotiated.has(accept))
  }

  #remember([accept]: NativeRenderRequest, { contentType }: Exposition): void {
    if (accept !== null && this.#negotiated.size < MOST_REMEMBERED) this.#negotiated.set(accept, contentType)
  }

  /** Renders after the first whole turn of the event loop that brings no further scrape. */
  #gather(since: number, asked = 0): void {
    this.#isBusy = true
    setImmediate(() => {
      if (this.#asked > asked && performance.now() - since < LONGEST_GATHERING_MS) this.#gather(since, this.#asked)
      else this.#render()
    })
  }

  async #render(): Promise<void> {
    const all = [...this.#waiting.values()]
    this.#waiting = new Map()
    try {
      const expositions = await this.#renderAll(all.map(({ request }) => request))
      for (const [index, { request, settle }] of all.entries()) {
        const exposition = expositions[index] as Exposition
        this.#remember(request, exposition)
        settle.resolve(new Scrape(exposition))
      }
    } catch (error) {
      for (const { settle } of all) settle.reject(error)
    }
    this.#isBusy = false
    if (this.#waiting.size > 0) this.#gather(performance.now())
  }
}
