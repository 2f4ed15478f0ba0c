// Pattern completion: both systems on a small graph, where plausibilities can be worked out; what is false; and the rules
// against a plain model on random memories.
import { expect, test } from 'vitest'
import { Associations, createAssociations } from '../../../examples/engram/cognition/associations.mjs'
import { Completer, HIPPOCAMPAL, NEOCORTICAL } from '../../../examples/engram/cognition/completion.mjs'
import { createMet, Met } from '../../../examples/engram/cognition/met.mjs'
import { either, plausibilityOf } from '../../../examples/engram/cognition/plausibility.mjs'
import { Random } from '../../../examples/engram/engine/random.mjs'
import { Spreader } from '../../../examples/engram/engine/spread.mjs'
import { MAX_WORDS } from '../../../examples/engram/wordnet/senses.mjs'
import { tinyGraph } from './tiny-graph.js'

const KITCHEN = 0
const GARDEN = 1

const { graph, at } = tinyGraph(
  { cup: ['similar mug'], mug: [], tea: [], spoon: [], rose: [], bank_money: [], bank_river: [] },
  { bank: ['bank_money', 'bank_river'] },
)

/** A cue of some words in a context. */
function cueOf(context: number, ...words: string[]) {
  const lemmas = new Int32Array(MAX_WORDS)
  lemmas.set(words.map((word) => graph.lemmaOf(word)))
  return { lemmas, count: words.length, context }
}

/** A spreader in which only the given synsets are active. */
function active(amounts: Record<string, number>) {
  const spreader = new Spreader(graph, { maxHops: 0 })
  for (const [name, amount] of Object.entries(amounts)) spreader.seed(at[name], amount)
  return spreader
}

/** A completer over observations, each in its context. */
function memoryOf(...observations: [context: number, ...names: string[]][]) {
  const met = new Met(createMet(graph.synsetCount, 2), graph.synsetCount)
  const associations = new Associations(createAssociations(64), { rate: 0.5, halfLife: Number.POSITIVE_INFINITY })
  const held = observations.map(([context, ...names]) => {
    const synsets = names.map((name) => at[name])
    met.note(synsets, context)
    return synsets
  })
  const completer = new Completer(graph, { episodes: { synsets: (slot) => held[slot] }, associations, witness: met })
  return { completer, associations, met }
}

test('the rest of an observation, as plausible as its overlap with the cue and its activation', () => {
  const { completer } = memoryOf([KITCHEN, 'cup', 'tea', 'spoon'])
  const spreader = active({ cup: 1, tea: 0.05 })
  const complete = (...words: string[]) =>
    completer.complete(cueOf(KITCHEN, ...words), spreader, { observation: 0, minPlausibility: 0 })
  expect(complete('cup')).toEqual([
    { synset: at.tea, type: HIPPOCAMPAL, plausibility: either(1 / 3, 0.5), isFalse: false },
    { synset: at.spoon, type: HIPPOCAMPAL, plausibility: either(1 / 3, 0), isFalse: false },
  ])
  // More of the pattern speaks for more, what is not in it for less; an unknown word for nothing.
  expect(complete('cup', 'tea')).toMatchObject([{ synset: at.spoon, plausibility: either(2 / 3, 0) }])
  expect(complete('cup', 'tea', 'rose')).toMatchObject([{ synset: at.spoon, plausibility: either(2 / 4, 0) }])
  expect(complete('cup', 'nonsense')).toEqual(complete('cup'))
  expect(complete('nonsense')).toEqual([])
  expect(complete('cup', 'tea', 'spoon')).toEqual([])
})

test('what was associated with the cue, without any observation', () => {
  const { completer, associations } = memoryOf()
  associations.learn([at.cup, at.tea])
  associations.learn([at.cup, at.tea, at.spoon])
  const spreader = active({ cup: 1 })
  const complete = (...words: string[]) =>
    completer.complete(cueOf(KITCHEN, ...words), spreader, { minPlausibility: 0 })
  expect(complete('cup')).toEqual([
    { synset: at.tea, type: NEOCORTICAL, plausibility: 0.75, isFalse: true },
    { synset: at.spoon, type: NEOCORTICAL, plausibility: 0.5, isFalse: true },
  ])
  // Each word of the cue speaks for itself.
  expect(complete('cup', 'tea')).toMatchObject([{ synset: at.spoon, plausibility: either(0.5, 0.5) }])
  expect(complete('mug')).toEqual([])
})

test('a word speaks by any of its senses', () => {
  const { completer, associations } = memoryOf([GARDEN, 'bank_river', 'rose'])
  associations.learn([at.bank_river, at.tea])
  associations.learn([at.bank_money, at.bank_river])
  const spreader = active({ bank_money: 0.5, bank_river: 0.5 })
  expect(completer.complete(cueOf(GARDEN, 'bank'), spreader, { observation: 0, minPlausibility: 0 })).toEqual([
    { synset: at.rose, type: HIPPOCAMPAL, plausibility: 0.5, isFalse: false },
    { synset: at.tea, type: NEOCORTICAL, plausibility: 0.5, isFalse: true },
  ])
})

test('false is what no observation of the context ever had, also when it was let go', () => {
  const { completer, associations } = memoryOf([KITCHEN, 'cup', 'tea'], [GARDEN, 'cup', 'rose'])
  associations.learn([at.cup, at.tea, at.rose])
  const complete = (context: number, observation?: number) =>
    completer
      .complete(cueOf(context, 'cup'), active({ cup: 1 }), { observation, minPlausibility: 0 })
      .map(({ synset, type, isFalse }) => [type, graph.name(synset), isFalse])
  const inferred = (isTeaFalse: boolean) => [
    [NEOCORTICAL, 'tea', isTeaFalse],
    [NEOCORTICAL, 'rose', !isTeaFalse],
  ]
  expect(complete(KITCHEN)).toEqual(inferred(false))
  expect(complete(GARDEN)).toEqual(inferred(true))
  // A true thing, from another context.
  expect(complete(KITCHEN, 1)).toEqual([[HIPPOCAMPAL, 'rose', true], ...inferred(false)])
})

test('only what is plausible enough, and not more than the limit', () => {
  const { completer, associations } = memoryOf([KITCHEN, 'cup', 'tea', 'spoon', 'mug'])
  associations.learn([at.cup, at.tea, at.spoon, at.mug])
  const spreader = active({ cup: 1, tea: 0.2, mug: 0.1 })
  const complete = (options: object) =>
    completer.complete(cueOf(KITCHEN, 'cup'), spreader, { observation: 0, ...options }).map(({ synset }) => synset)
  expect(complete({ limit: 1 })).toEqual([at.tea, at.tea])
  expect(complete({})).toEqual([at.tea, at.mug, at.tea, at.mug, at.spoon])
  expect(complete({ minPlausibility: 0.87 })).toEqual([at.tea])
  expect(complete({ minPlausibility: 1 })).toEqual([])
})

test('what was met has a bit of its own', () => {
  const [synsets, contexts] = [13, 5]
  const met = new Met(createMet(synsets, contexts), synsets)
  const model = new Set<string>()
  const random = new Random(2)
  for (let i = 0; i < 40; i++) {
    const [synset, context] = [random.below(synsets), random.below(contexts)]
    met.note([synset], context)
    model.add(`${synset} ${context}`)
    for (let s = 0; s < synsets; s++) {
      for (let c = 0; c < contexts; c++) expect(met.hasMet(s, c)).toBe(model.has(`${s} ${c}`))
    }
  }
  expect(model.size).toBeGreaterThan(20)
})

test('over 2 000 random memories it completes as a plain model does (seed 9)', () => {
  const random = new Random(9)
  const size = 40
  const names = Array.from({ length: size }, (_, i) => `s${i}`)
  const edges = names.map((name) => [
    name,
    [`similar ${names[random.below(size)]}`, `similar ${names[random.below(size)]}`],
  ])
  const senses = Object.fromEntries(names.map((_, i) => [`word${i}`, [names[i], names[random.below(size)]]]))
  const { graph: wide } = tinyGraph(Object.fromEntries(edges), senses)
  const spreader = new Spreader(wide)
  const associations = new Associations(createAssociations(256), { rate: 0.2, halfLife: 1000 })
  const met = new Met(createMet(size, 3), size)
  const held: number[][] = []
  const sum = { hippocampal: 0, neocortical: 0, false: 0 }
  for (let i = 0; i < 2000; i++) {
    const synsets = [...new Set(Array.from({ length: 1 + random.below(6) }, () => random.below(size)))]
    held.push(synsets)
    if (random.next() < 0.3) met.note(synsets, random.below(3))
    associations.learn(synsets)

    const count = 1 + random.below(3)
    const lemmas = Int32Array.from({ length: count }, () => random.below(wide.lemmaCount + 1) - 1)
    const context = random.below(3)
    const words = [...lemmas].filter((lemma) => lemma >= 0).map((lemma) => [...wide.senses(lemma)])
    spreader.clear()
    for (const sense of words.flat()) spreader.seed(sense, 1)
    spreader.spread()
    const observation = random.next() < 0.2 ? -1 : random.below(held.length)
    const minPlausibility = random.next() < 0.5 ? 0 : random.next()
    const limit = 1 + random.below(8)

    const completer = new Completer(wide, { episodes: { synsets: (slot) => held[slot] }, associations, witness: met })
    const completions = completer.complete({ lemmas, count, context }, spreader, {
      observation,
      minPlausibility,
      limit,
    })

    const rest = (type: number, items: number[], evidence: (item: number) => number) =>
      items
        .filter((item) => !words.flat().includes(item))
        .map((synset) => ({
          synset,
          type,
          plausibility: either(evidence(synset), plausibilityOf(spreader.confidence(synset))),
          isFalse: !met.hasMet(synset, context),
        }))
        .filter(({ plausibility }) => plausibility >= minPlausibility)
        .sort((a, b) => b.plausibility - a.plausibility || a.synset - b.synset)
        .slice(0, limit)
    const pattern = observation === -1 || words.length === 0 ? [] : held[observation]
    const shared = words.filter((word) => word.some((sense) => pattern.includes(sense))).length
    const overlap = shared / (words.length + pattern.length - shared)
    const known = Array.from({ length: size }, (_, s) => s).filter((s) =>
      words.flat().some((sense) => associations.strength(sense, s) >= 1e-3),
    )
    const associated = (item: number) =>
      words.reduce((p, word) => either(p, Math.max(...word.map((sense) => associations.strength(sense, item)))), 0)
    expect(completions).toEqual([...rest(HIPPOCAMPAL, pattern, () => overlap), ...rest(NEOCORTICAL, known, associated)])

    for (const { plausibility, type, isFalse } of completions) {
      expect(plausibility >= 0 && plausibility <= 1).toBe(true)
      sum[type === HIPPOCAMPAL ? 'hippocampal' : 'neocortical']++
      if (isFalse) sum.false++
    }
  }
  for (const count of Object.values(sum)) expect(count).toBeGreaterThan(500)
})
