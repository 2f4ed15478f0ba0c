// Reads the program's own metrics about once a second and shows them: the live view in place on a terminal, a line now and
// then elsewhere. It learns from the text that a scrape brings, and from nothing else in the engine but its last answer.
import { registry } from 'nanotally'
import { Scrape } from './exposition.mjs'
import { liveView, plainLine } from './screen.mjs'

/** Between two frames, and between two lines where there is no terminal. */
const FRAME_MS = 1000
const LINE_MS = 5000

/** @returns {Promise<import('./screen.mjs').Moment>} */
async function readMoment() {
  const text = await registry.metrics()
  return { scrape: new Scrape(text), atMs: performance.now() }
}

/** Shows a running engine until it is stopped. */
export class LiveReport {
  #display
  #facts
  #onFailure
  /** Undefined: no further frame is planned. @type {NodeJS.Timeout | undefined} */
  #timer
  /** @type {Promise<void> | undefined} */
  #showing
  /** @type {unknown} */
  #failure

  /**
   * @param {import('./screen.mjs').Display} display
   * @param {() => import('./screen.mjs').Facts} facts asked before each frame
   * @param {() => void} onFailure told when a frame failed; {@link LiveReport.stop} rejects with the error
   */
  constructor(display, facts, onFailure) {
    this.#display = display
    this.#facts = facts
    this.#onFailure = onFailure
  }

  /** Takes the first reading. The first frame comes a second later: it needs two. */
  async start() {
    this.#plan(await readMoment())
  }

  /** @param {import('./screen.mjs').Moment} before */
  #plan(before) {
    const wait = this.#display.inPlace ? FRAME_MS : LINE_MS
    this.#timer = setTimeout(() => {
      this.#showing = this.#show(before).catch((error) => {
        this.#failure = error
        this.#onFailure()
      })
    }, wait)
  }

  /** @param {import('./screen.mjs').Moment} before */
  async #show(before) {
    const now = await readMoment()
    const facts = this.#facts()
    if (this.#display.inPlace) this.#display.redraw(liveView(now, before, facts, this.#display.style))
    else this.#display.print([plainLine(now, before, facts)])
    if (this.#timer !== undefined) this.#plan(now)
  }

  /** Ends it; the last frame stays on the screen. @throws what a frame failed with */
  async stop() {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#showing
    this.#display.settle()
    if (this.#failure !== undefined) throw this.#failure
  }
}
