// A health check of the spreading itself: does activation still get from one synset to those two hops away, in time? It
// runs on a graph of its own, which is small and always there, so that it tells of the code and of the thread that runs it,
// not of the data. What it returns is what nanotally's health.register() takes of a check; nothing of nanotally is imported.
import { Spreader } from '../engine/spread.mjs'
import { buildGraph } from '../wordnet/graph.mjs'
import { relationIndex } from '../wordnet/vocabulary.mjs'

/** What the spread may take. */
const LIMIT_MS = 50
const HOPS = 2

/** A robin is a bird, which is an animal and has a wing and a beak; flight is a third hop away. */
const WORDS = ['robin', 'bird', 'animal', 'wing', 'beak', 'flight']
/** @type {readonly [from: number, relation: string, to: number][]} */
const EDGES = [
  [0, 'hypernym', 1],
  [1, 'hyponym', 0],
  [1, 'hypernym', 2],
  [1, 'part_meronym', 3],
  [1, 'part_meronym', 4],
  [3, 'also_see', 5],
]
/** Of the words, those that two hops from the first one lead to. */
const REACHED = 5

/** @type {Spreader | undefined} */
let spreader

/** The spreader over the built-in graph: made once. */
function builtIn() {
  spreader ??= new Spreader(
    buildGraph({
      synsets: WORDS.map((word, synset) => ({
        partOfSpeech: 0,
        context: 3,
        words: [word],
        edges: EDGES.filter(([from]) => from === synset).map(([, relation, to]) => ({
          relation: relationIndex(relation),
          to,
        })),
      })),
      senses: new Map(WORDS.map((word, synset) => [word, [synset]])),
    }),
    { maxHops: HOPS },
  )
  return spreader
}

/**
 * Spreads over two hops of the built-in graph. Takes some microseconds.
 * @param {object} [options]
 * @param {Pick<Spreader, 'clear' | 'seed' | 'spread' | 'crossedCount' | 'touchedCount' | 'hops'>} [options.spreader] default:
 *   one over the built-in graph
 * @param {() => number} [options.now] a clock in milliseconds; default: performance.now
 * @returns {{ status: 'healthy' | 'unhealthy', message: string }} unhealthy: nothing was activated, not what should have
 *   been, or it took longer than 50 ms
 */
export function checkSpread({ spreader = builtIn(), now = () => performance.now() } = {}) {
  const start = now()
  spreader.clear()
  spreader.seed(0, 1)
  spreader.spread()
  const ms = now() - start
  const { crossedCount, touchedCount, hops } = spreader
  const told = `${crossedCount} activations reached ${touchedCount} synsets in ${hops} hops and ${ms.toFixed(3)} ms`
  if (crossedCount === 0) return { status: 'unhealthy', message: `no activations: ${told}` }
  if (touchedCount !== REACHED || hops !== HOPS) {
    return { status: 'unhealthy', message: `expected ${REACHED} synsets in ${HOPS} hops: ${told}` }
  }
  if (ms > LIMIT_MS) return { status: 'unhealthy', message: `expected at most ${LIMIT_MS} ms: ${told}` }
  return { status: 'healthy', message: told }
}
