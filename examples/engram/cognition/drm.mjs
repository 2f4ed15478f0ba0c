// The paradigm of Deese (1959) and of Roediger and McDermott (1995): who studies bed, rest, awake, tired, dream, ... will
// swear that sleep was among them. Here it measures the engine: how often something that was never studied is recognised,
// because activation from what was studied comes together in it.
//
// A subject studies a list: its words in an order of its own, in observations of six, each word in the sense that its
// company suggests (senses.mjs). A fifth of them it misses; the others it takes in with a strength of 0.5 to 1.5.
// Activation spreads from what was taken in. Then it is asked for every studied word, for the critical lure, and for as
// many words of the other lists as were studied, which have nothing to do with this one. It recognises what is as plausible
// as the threshold asks, by the most activated sense of the word.
//
// What it does not claim: that these are the rates of people. No trace of the study but activation is asked, so it is
// recognition by familiarity alone, without recollection; and the associations are those of WordNet, a dictionary. The
// lures sleep and rough, which WordNet links with several of their words, are hard to resist; mountain is easy.
import { Random } from '../engine/random.mjs'
import { MAX_WORDS, SenseChooser } from '../wordnet/senses.mjs'
import { plausibilityOf } from './plausibility.mjs'

/**
 * The lists of Roediger and McDermott's first experiment by their critical lures, twelve words each: Journal of Experimental
 * Psychology: Learning, Memory, and Cognition 21 (1995), 803-814. Of legs and riders the singular, which WordNet has.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const DRM_LISTS = Object.freeze(
  Object.fromEntries(
    Object.entries({
      chair: 'table sit leg seat couch desk recliner sofa wood cushion swivel stool',
      mountain: 'hill valley climb summit top molehill peak plain glacier goat bike climber',
      needle: 'thread pin eye sewing sharp point prick thimble haystack thorn hurt injection',
      rough: 'smooth bumpy road tough sandpaper jagged ready coarse uneven rider rugged sand',
      sleep: 'bed rest awake tired dream wake snooze blanket doze slumber snore nap',
      sweet: 'sour candy sugar bitter good taste tooth nice honey soda chocolate heart',
    }).map(([lure, words]) => [lure, Object.freeze(words.split(' '))]),
  ),
)

/** Words of an observation, in a study. */
const OBSERVED_TOGETHER = 6
/** Share of the studied words that a subject misses. */
const MISSED = 0.2

/** What a word was to the subject. */
export const ITEM_KINDS = Object.freeze(['studied', 'lure', 'unrelated'])
const STUDIED = 0
export const LURE = 1
const UNRELATED = 2

/**
 * @typedef {object} Trial a word that a subject was asked for
 * @property {string} lure the list that it studied
 * @property {string} word
 * @property {number} kind index into ITEM_KINDS
 * @property {number} plausibility that it was studied, 0 to 1
 *
 * @typedef {object} DrmRates shares of what was asked for, 0 to 1
 * @property {number} falseRate of critical lures that were recognised
 * @property {number} hitRate of studied words
 * @property {number} unrelatedRate of words of other lists
 *
 * @typedef {object} DrmOptions
 * @property {import('../wordnet/graph.mjs').Graph} graph
 * @property {import('../engine/spread.mjs').Spreader} spreader of the graph; its last spread is lost
 * @property {number} seed an integer
 * @property {number} [subjects] each studies every list; default 20
 * @property {Readonly<Record<string, readonly string[]>>} [lists] by their lure; default {@link DRM_LISTS}
 */

/** Puts a list into an order of chance (Fisher and Yates). @template T @param {T[]} list @param {Random} random */
function shuffle(list, random) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[list[i], list[j]] = [list[j], list[i]]
  }
  return list
}

/**
 * The trials of a number of subjects: about 0.5 ms per list and subject on WordNet.
 * @param {DrmOptions} options
 * @returns {Trial[]} the same ones for the same seed
 * @throws {RangeError} for a word that the graph does not have
 */
export function drmTrials({ graph, spreader, seed, subjects = 20, lists = DRM_LISTS }) {
  const random = new Random(seed)
  const chooser = new SenseChooser(graph)
  const lemmas = new Int32Array(MAX_WORDS)
  const chosen = new Int32Array(MAX_WORDS)
  const lures = Object.keys(lists)
  const lemmaOf = new Map()
  for (const word of [...lures, ...Object.values(lists).flat()]) {
    const lemma = graph.lemmaOf(word)
    if (lemma < 0) throw new RangeError(`the graph does not have the word ${JSON.stringify(word)}`)
    lemmaOf.set(word, lemma)
  }

  /** @param {readonly string[]} list */
  function study(list) {
    spreader.clear()
    const words = shuffle([...list], random)
    for (let start = 0; start < words.length; start += OBSERVED_TOGETHER) {
      const together = words.slice(start, start + OBSERVED_TOGETHER)
      for (const [i, word] of together.entries()) lemmas[i] = lemmaOf.get(word)
      chooser.choose(lemmas, together.length, chosen)
      for (let i = 0; i < together.length; i++) {
        const strength = 0.5 + random.next()
        if (random.next() >= MISSED) spreader.seed(chosen[i], strength)
      }
    }
    spreader.spread()
  }

  /** @param {string} lure @param {string} word @param {number} kind @returns {Trial} */
  function ask(lure, word, kind) {
    let confidence = 0
    for (const sense of graph.senses(lemmaOf.get(word))) confidence = Math.max(confidence, spreader.confidence(sense))
    return { lure, word, kind, plausibility: plausibilityOf(confidence) }
  }

  /** @type {Trial[]} */
  const trials = []
  for (let subject = 0; subject < subjects; subject++) {
    for (const lure of lures) {
      study(lists[lure])
      const related = new Set([lure, ...lists[lure]])
      const others = lures.flatMap((other) => [other, ...lists[other]]).filter((word) => !related.has(word))
      const unrelated = shuffle([...new Set(others)], random).slice(0, lists[lure].length)
      for (const word of lists[lure]) trials.push(ask(lure, word, STUDIED))
      trials.push(ask(lure, lure, LURE))
      for (const word of unrelated) trials.push(ask(lure, word, UNRELATED))
    }
  }
  return trials
}

/**
 * What of some trials a threshold lets pass. A kind that was never asked for has the rate NaN.
 * @param {readonly Trial[]} trials
 * @param {number} threshold the plausibility from which a word is recognised
 * @returns {DrmRates & { perList: (DrmRates & { lure: string })[] }}
 */
export function drmRates(trials, threshold) {
  /** @param {readonly Trial[]} some @returns {DrmRates} */
  function rates(some) {
    const [hitRate, falseRate, unrelatedRate] = [STUDIED, LURE, UNRELATED].map((kind) => {
      const asked = some.filter((trial) => trial.kind === kind)
      return asked.filter(({ plausibility }) => plausibility >= threshold).length / asked.length
    })
    return { falseRate, hitRate, unrelatedRate }
  }
  const lures = [...new Set(trials.map(({ lure }) => lure))]
  const perList = lures.map((lure) => ({ lure, ...rates(trials.filter((trial) => trial.lure === lure)) }))
  return { ...rates(trials), perList }
}

/**
 * Runs the paradigm.
 * @param {DrmOptions & { threshold: number }} options the threshold as in {@link drmRates}
 */
export function runDrm({ threshold, ...options }) {
  return drmRates(drmTrials(options), threshold)
}
