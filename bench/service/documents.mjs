// The work of the service: a store of seeded documents with a cache, a search by words, and updates.
import { uniform } from '../harness/random.mjs'

const WORDS = 400
const CACHE_ENTRIES = 500

export const DOCUMENTS = 5000

/** Documents by id, an index of their words, and a small cache of serialized ones. One thread only. */
export class DocumentStore {
  #documents
  #index = new Map()
  #cache = new Map()

  constructor(seed = 41) {
    const random = uniform(seed)
    this.#documents = Array.from({ length: DOCUMENTS }, (_, id) => {
      const words = Array.from({ length: 40 }, () => `word-${Math.floor(random() ** 2 * WORDS)}`)
      for (const word of new Set(words)) {
        const ids = this.#index.get(word)
        if (ids) ids.push(id)
        else this.#index.set(word, [id])
      }
      return { id, title: `Document ${id}`, revision: 0, score: random(), words, tags: words.slice(0, 5) }
    })
  }

  /** @returns {{ body: string, hit: boolean } | undefined} The document as JSON; undefined where there is none. */
  read(id) {
    const cached = this.#cache.get(id)
    if (cached !== undefined) return { body: cached, hit: true }
    const document = this.#documents[id]
    if (document === undefined) return undefined
    const body = JSON.stringify(document)
    if (this.#cache.size >= CACHE_ENTRIES) this.#cache.delete(this.#cache.keys().next().value)
    this.#cache.set(id, body)
    return { body, hit: false }
  }

  /** The ten best documents that hold both words, as JSON, and how many were looked at. */
  search(first, second) {
    const ids = this.#index.get(first) ?? []
    const found = []
    for (const id of ids) {
      const document = this.#documents[id]
      if (document.words.includes(second)) found.push({ id, title: document.title, score: document.score })
    }
    found.sort((a, b) => b.score - a.score || a.id - b.id)
    return { body: JSON.stringify({ total: found.length, best: found.slice(0, 10) }), scanned: ids.length }
  }

  /** Takes a new score in; false where the document or the score is none. */
  update(id, text) {
    const { score } = JSON.parse(text)
    const document = this.#documents[id]
    if (document === undefined || !Number.isFinite(score)) return false
    document.score = score
    document.revision++
    this.#cache.delete(id)
    return true
  }
}
