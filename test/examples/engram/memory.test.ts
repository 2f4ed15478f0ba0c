// The store of observations: senses chosen by company, links, recall by activation, eviction; and its links against a
// plain model over thousands of random operations.
import { expect, test } from 'vitest'
import { createMemory, EpisodicMemory } from '../../../examples/engram/engine/memory.mjs'
import { Random } from '../../../examples/engram/engine/random.mjs'
import { Spreader } from '../../../examples/engram/engine/spread.mjs'
import { MAX_WORDS, SenseChooser } from '../../../examples/engram/wordnet/senses.mjs'
import { tinyGraph } from './tiny-graph.js'

const money = { bank_money: ['similar cash'], cash: [], bank_river: ['similar water'], water: [], stone: [] }
const bank = { bank: ['bank_money', 'bank_river'] }

/** The lemma numbers of some words, in an array as a job has them. */
function lemmas(graph: ReturnType<typeof tinyGraph>['graph'], ...words: string[]) {
  const numbers = new Int32Array(MAX_WORDS)
  numbers.set(words.map((word) => graph.lemmaOf(word)))
  return numbers
}

/** A view of a new shard. */
function shard(graph: ReturnType<typeof tinyGraph>['graph'], capacity: number) {
  return new EpisodicMemory(graph, createMemory(graph.synsetCount, capacity))
}

/** A spreader in which only the given synsets are active. */
function active(graph: ReturnType<typeof tinyGraph>['graph'], amounts: [synset: number, amount: number][]) {
  const spreader = new Spreader(graph, { maxHops: 0 })
  for (const [synset, amount] of amounts) spreader.seed(synset, amount)
  return spreader
}

test('a word means what its company says; without company, its most frequent sense', () => {
  const { graph, at } = tinyGraph(money, bank)
  const chooser = new SenseChooser(graph)
  const choose = (...words: string[]) => {
    const synsets = new Int32Array(MAX_WORDS)
    chooser.choose(lemmas(graph, ...words), words.length, synsets)
    return [...synsets.subarray(0, words.length)]
  }
  expect(choose('bank', 'water')).toEqual([at.bank_river, at.water])
  expect(choose('bank', 'cash')).toEqual([at.bank_money, at.cash])
  expect(choose('bank')).toEqual([at.bank_money])
  expect(choose('bank', 'stone', 'nonsense')).toEqual([at.bank_money, at.stone, -1])
})

test('an observation is linked to what its words mean, once', () => {
  const { graph, at } = tinyGraph(money, { ...bank, banking: ['bank_money'] })
  const memory = shard(graph, 4)
  memory.store(lemmas(graph, 'bank', 'nonsense', 'banking', 'cash'), 4, 0)
  expect([...memory.read(0).synsets]).toEqual([at.bank_money, at.cash])
  expect(Array.from(memory.read(0).words, (lemma) => (lemma < 0 ? '?' : graph.lemma(lemma)))).toEqual([
    'bank',
    '?',
    'banking',
    'cash',
  ])
})

test('the score is the sum of the activations, more in the same context; the best come first', () => {
  const { graph, at } = tinyGraph(money)
  const memory = shard(graph, 4)
  memory.store(lemmas(graph, 'cash', 'stone'), 2, 0, 11)
  memory.store(lemmas(graph, 'stone'), 1, 0, 12)
  memory.store(lemmas(graph, 'cash'), 1, 5, 13)
  memory.store(lemmas(graph, 'water'), 1, 0, 14)
  const spreader = active(graph, [
    [at.cash, 0.5],
    [at.stone, 0.375],
    [at.water, 0.125],
  ])
  const evidence = { state: 0, hippocampal: 1, neocortical: 0, transition: undefined }
  const expected = [
    { observation: 0, number: 11, score: 0.875, evidence },
    { observation: 2, number: 13, score: 0.75, evidence },
    { observation: 1, number: 12, score: 0.375, evidence },
  ]
  expect(memory.match(spreader, 5)).toEqual(expected)
  expect(memory.match(spreader, 5, { limit: 1 })).toEqual(expected.slice(0, 1))
  expect(memory.match(spreader, 5, { minScore: 0.8 })).toEqual(expected.slice(0, 1))
  expect(memory.match(active(graph, []), 5)).toEqual([])
})

test('a full store lets the oldest observation go that nothing recalled', () => {
  const { graph, at } = tinyGraph({ a: [], b: [], c: [], d: [] })
  const memory = shard(graph, 2)
  expect(memory.store(lemmas(graph, 'a'), 1, 0, 21)).toBe(false)
  expect(memory.store(lemmas(graph, 'b'), 1, 0, 22)).toBe(false)
  const found = (synset: number) => memory.match(active(graph, [[synset, 1]]), 0).length
  expect(found(at.a)).toBe(1)

  expect(memory.store(lemmas(graph, 'c'), 1, 7, 23)).toBe(true)
  expect(memory.evicted).toBe(22)
  expect(memory.read(1)).toMatchObject({ number: 23, context: 7 })
  expect(memory.size).toBe(2)
  expect([...memory.read(0).synsets]).toEqual([at.a])
  expect([...memory.read(1).synsets]).toEqual([at.c])
  // The recall of a counts for one round.
  expect(memory.store(lemmas(graph, 'd'), 1, 0)).toBe(true)
  expect([...memory.read(0).synsets]).toEqual([at.d])
  expect([found(at.a), found(at.b), found(at.c), found(at.d)]).toEqual([0, 0, 1, 1])
})

test('its links are those of a plain model, over 5 000 random operations (seed 7)', () => {
  const names = Array.from({ length: 30 }, (_, i) => `s${i}`)
  const { graph, at } = tinyGraph(Object.fromEntries(names.map((name) => [name, []])))
  const capacity = 50
  const memory = shard(graph, capacity)
  const random = new Random(7)
  const model: { synsets: Set<number>; recalled: boolean }[] = []
  let hand = 0
  let compared = 0
  for (let i = 0; i < 5000; i++) {
    if (random.next() < 0.6) {
      const words = Array.from({ length: 1 + random.below(MAX_WORDS) }, () => names[random.below(names.length)])
      memory.store(lemmas(graph, ...words), words.length, 0)
      const entry = { synsets: new Set(words.map((word) => at[word])), recalled: false }
      if (model.length < capacity) {
        model.push(entry)
        continue
      }
      while (model[hand].recalled) {
        model[hand].recalled = false
        hand = (hand + 1) % capacity
      }
      model[hand] = entry
      hand = (hand + 1) % capacity
    } else {
      const synset = random.below(names.length)
      const expected = model.flatMap((entry, slot) => (entry.synsets.has(synset) ? [slot] : [])).slice(0, 3)
      const found = memory.match(active(graph, [[synset, 1]]), 0).map(({ observation }) => observation)
      expect(found).toEqual(expected)
      for (const slot of found) model[slot].recalled = true
      compared += found.length
    }
  }
  expect(compared).toBeGreaterThan(1000)
})
