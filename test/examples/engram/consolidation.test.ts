// Consolidation: the table of associations in numbers worked out by hand and within its bounds; the states against a plain
// model over random operations; whose evidence a recall is.
import { expect, test } from 'vitest'
import { Associations, createAssociations } from '../../../examples/engram/cognition/associations.mjs'
import {
  CONSOLIDATING,
  Consolidation,
  createConsolidation,
  RECENT,
  REMOTE,
} from '../../../examples/engram/cognition/consolidation.mjs'
import { Random } from '../../../examples/engram/engine/random.mjs'
import { MAX_WORDS } from '../../../examples/engram/wordnet/senses.mjs'

/** Different numbers below a limit, at least one. */
function someOf(random: Random, limit: number, most: number) {
  return [...new Set(Array.from({ length: 1 + random.below(most) }, () => random.below(limit)))]
}

/** A clock that is set by hand. */
function clock() {
  const time = { ms: 0, now: () => time.ms }
  return time
}

/** What is associated with a synset. */
function readAll(table: Associations, synset: number) {
  const targets = new Int32Array(Associations.most)
  return [...targets.subarray(0, table.read(synset, targets, 0))].sort((a, b) => a - b)
}

test('each time that two synsets are learnt together, what is missing to 1 shrinks by the rate', () => {
  const table = new Associations(createAssociations(64), { rate: 0.25, halfLife: Number.POSITIVE_INFINITY })
  table.learn([1, 2, 3])
  expect([table.strength(1, 2), table.strength(2, 1), table.strength(3, 1)]).toEqual([0.25, 0.25, 0.25])
  table.learn([1, 2])
  expect([table.strength(1, 2), table.strength(1, 3)]).toEqual([1 - 0.75 ** 2, 0.25])
  expect([table.strength(1, 1), table.strength(1, 9), table.strength(9, 1)]).toEqual([0, 0, 0])
  expect(readAll(table, 1)).toEqual([2, 3])
  expect(table.cohesion([1, 2, 3])).toBeCloseTo((0.4375 + 0.25 + 0.25) / 3, 12)
  expect([table.cohesion([1]), table.cohesion([])]).toEqual([0, 0])
  expect(table.size).toBe(6)
})

test('a strength halves while so many others are learnt, whether or not anybody looks', () => {
  const table = new Associations(createAssociations(64), { rate: 0.5, halfLife: 10 })
  table.learn([1, 2])
  for (let i = 0; i < 10; i++) {
    table.learn([100, 101])
    table.strength(1, 2)
  }
  expect(table.strength(1, 2)).toBe(0.25)
  // What is left is where learning goes on from.
  for (let i = 0; i < 9; i++) table.learn([100, 101])
  table.learn([1, 2])
  expect(table.strength(1, 2)).toBeCloseTo(0.125 + 0.5 * 0.875, 6)
  for (let i = 0; i < 200; i++) table.learn([100, 101])
  expect(readAll(table, 1)).toEqual([])
})

test('a full row lets its weakest go, and a full bucket its weakest row; nothing else', () => {
  const table = new Associations(createAssociations(4), { halfLife: Number.POSITIVE_INFINITY })
  for (let to = 1; to <= Associations.most; to++) for (let i = to === 3 ? 1 : 0; i < 2; i++) table.learn([0, to])
  // Only four rows: those of 0 and of the last few.
  expect(readAll(table, 0)).toHaveLength(Associations.most)
  table.learn([0, 50])
  expect(readAll(table, 0)).not.toContain(3)
  expect(readAll(table, 0)).toContain(50)
  const owners = Array.from({ length: 60 }, (_, synset) => readAll(table, synset).length).filter((count) => count > 0)
  expect(owners).toHaveLength(4)
  expect(owners.reduce((sum, count) => sum + count, 0)).toBe(table.size)
})

test('what goes is weakest now, not what was weakest when it was learnt', () => {
  const table = new Associations(createAssociations(4), { rate: 0.5, halfLife: 10 })
  for (let i = 0; i < 3; i++) table.learn([0, 1])
  // A set of one teaches nothing, but time goes on.
  for (let i = 0; i < 100; i++) table.learn([2])
  table.learn([2, 3])
  // There is no row left for 4 but those of 0 and 1, which were strong once.
  table.learn([2, 4])
  expect(table.strength(4, 2)).toBe(0.5)
  expect(table.strength(3, 2)).toBeCloseTo(0.5 * 2 ** -0.1, 6)
})

test('the table stays within its bounds and below 1 over 20 000 random sets (seed 3)', () => {
  const random = new Random(3)
  const arrays = createAssociations(64)
  const table = new Associations(arrays, { rate: 0.3, halfLife: 500 })
  for (let i = 0; i < 20_000; i++) {
    const set = someOf(random, 400, MAX_WORDS)
    table.learn(set)
    if (i % 100 !== 0) continue
    // The rows of the others may have made room for later ones of the same set.
    const last = set[set.length - 1]
    for (const to of set.slice(0, -1)) expect(table.strength(last, to)).toBeGreaterThan(0)
    expect(arrays.target.filter((target) => target >= 0)).toHaveLength(table.size)
    const owners = arrays.owner.filter((owner) => owner >= 0)
    expect(new Set(owners).size).toBe(owners.length)
    expect(Math.max(...arrays.strength)).toBeLessThan(1)
  }
  expect(table.size).toBeGreaterThan(500)
  expect(table.size).toBeLessThanOrEqual(64 * Associations.most)
})

test('rows are a power of two', () => {
  for (const rows of [0, 2, 12, 4.5, 2 ** 25]) expect(() => createAssociations(rows)).toThrow(RangeError)
})

test('the first replay begins consolidation, the fifth ends it, a recall reopens it', () => {
  const time = clock()
  const consolidation = new Consolidation(createConsolidation(4, { rows: 64 }), time)
  time.ms = 100
  consolidation.stored(2, [7, 8, 9])
  expect(consolidation.state(2)).toBe(RECENT)
  time.ms = 130
  expect(consolidation.replay(10)).toEqual([{ slot: 2, from: RECENT, to: CONSOLIDATING, ms: 30 }])
  for (let i = 0; i < 3; i++) expect(consolidation.replay(10)).toEqual([])
  expect(consolidation.recalled(2).transition).toBeUndefined()
  time.ms = 200
  expect(consolidation.replay(10)).toEqual([{ slot: 2, from: CONSOLIDATING, to: REMOTE, ms: 70 }])
  expect(consolidation.replay(10)).toEqual([])
  time.ms = 1200
  const { state, transition } = consolidation.recalled(2)
  expect(state).toBe(REMOTE)
  expect(transition).toEqual({ slot: 2, from: REMOTE, to: CONSOLIDATING, ms: 1000 })
  // Fewer replays than the first time.
  expect(consolidation.replay(10)).toEqual([])
  expect(consolidation.replay(10)).toEqual([{ slot: 2, from: CONSOLIDATING, to: REMOTE, ms: 0 }])
  expect(consolidation.figures()).toEqual({ stored: 1, present: [0, 0, 1], evicted: [0, 0, 0], replays: 7 })
  // What replay taught stays when the observation goes.
  expect(consolidation.evicted(2)).toBe(REMOTE)
  expect(consolidation.state(2)).toBeUndefined()
  expect(consolidation.associations.strength(7, 9)).toBeGreaterThan(0.7)
})

test('a slot without an observation can be neither recalled nor evicted', () => {
  const consolidation = new Consolidation(createConsolidation(2, { rows: 64 }))
  for (const slot of [0, 2, -1]) {
    expect(() => consolidation.recalled(slot)).toThrow(RangeError)
    expect(() => consolidation.evicted(slot)).toThrow(RangeError)
  }
})

test('the evidence goes from the hippocampus to the neocortex, and adds up to 1', () => {
  const consolidation = new Consolidation(createConsolidation(8, { rows: 64 }))
  const none = { hippocampal: 1, neocortical: 0, recalls: 0 }
  expect([RECENT, CONSOLIDATING, REMOTE].map((state) => consolidation.weights(state))).toEqual([none, none, none])
  consolidation.stored(0, [1, 2, 3, 4])
  const shares = [consolidation.recalled(0).neocortical]
  for (let i = 0; i < 5; i++) {
    consolidation.replay(1)
    shares.push(consolidation.recalled(0).neocortical)
  }
  expect(shares[0]).toBe(0)
  for (let i = 1; i < shares.length; i++) expect(shares[i]).toBeGreaterThan(shares[i - 1])
  expect(shares[5]).toBeGreaterThan(0.75)
  // Reopened by that recall: a fresh trace.
  expect(consolidation.recalled(0).neocortical).toBeLessThan(shares[5])

  const weights = [RECENT, CONSOLIDATING, REMOTE].map((state) => consolidation.weights(state))
  expect(weights.map(({ recalls }) => recalls)).toEqual([1, 5, 1])
  for (const { hippocampal, neocortical } of weights) expect(hippocampal + neocortical).toBe(1)
  expect(weights[RECENT].hippocampal).toBeGreaterThan(weights[CONSOLIDATING].hippocampal)
  expect(weights[CONSOLIDATING].hippocampal).toBeGreaterThan(weights[REMOTE].hippocampal)

  // What others have taught speaks for a new observation as well.
  consolidation.stored(1, [1, 2, 3])
  expect(consolidation.recalled(1).neocortical).toBeGreaterThan(0.3)
})

test('later recalls count more', () => {
  const consolidation = new Consolidation(createConsolidation(2, { rows: 64 }))
  for (let i = 0; i < 1000; i++) {
    consolidation.stored(0, [1, 2])
    consolidation.recalled(0)
  }
  expect(consolidation.weights(RECENT)).toEqual({ hippocampal: 1, neocortical: 0, recalls: 1000 })
  for (let i = 0; i < 10; i++) consolidation.associations.learn([1, 2])
  for (let i = 0; i < 640; i++) consolidation.recalled(0)
  expect(consolidation.weights(RECENT).neocortical).toBeCloseTo(consolidation.recalled(0).neocortical, 4)
})

test('its states are those of a plain model, over 20 000 random operations by two views of one state (seed 11)', () => {
  const capacity = 40
  const time = clock()
  const arrays = createConsolidation(capacity, { rows: 256 })
  for (const array of Object.values({ ...arrays, ...arrays.associations })) {
    if (ArrayBuffer.isView(array)) expect(array.buffer).toBeInstanceOf(SharedArrayBuffer)
  }
  // Two threads have two views, of the same memory after a structured clone.
  const views = [new Consolidation(arrays, time), new Consolidation(structuredClone(arrays), time)]
  const random = new Random(11)
  interface Entry {
    slot: number
    state: number
    replays: number
    since: number
  }
  const held = new Map<number, Entry>()
  let waiting: Entry[] = []
  const evicted = [0, 0, 0]
  const seen = { stored: 0, replays: 0, transitions: 0, reopened: 0 }
  const move = (entry: Entry, to: number) => {
    const transition = { slot: entry.slot, from: entry.state, to, ms: time.ms - entry.since }
    entry.state = to
    entry.since = time.ms
    seen.transitions++
    return transition
  }
  const drop = (slot: number) => {
    const entry = held.get(slot) as Entry
    held.delete(slot)
    waiting = waiting.filter((other) => other !== entry)
    evicted[entry.state]++
    return entry.state
  }
  for (let i = 0; i < 20_000; i++) {
    time.ms += random.below(5)
    const consolidation = views[random.below(2)]
    const slot = random.below(capacity)
    const kind = random.next()
    if (kind < 0.15) {
      if (held.has(slot)) drop(slot)
      const entry = { slot, state: RECENT, replays: 0, since: time.ms }
      held.set(slot, entry)
      waiting.push(entry)
      seen.stored++
      consolidation.stored(slot, someOf(random, 100, MAX_WORDS))
    } else if (kind < 0.2) {
      if (held.has(slot)) expect(consolidation.evicted(slot)).toBe(drop(slot))
    } else if (kind < 0.6) {
      const entry = held.get(slot)
      if (entry === undefined) continue
      const before = entry.state
      let transition: ReturnType<typeof move> | undefined
      if (before === REMOTE) {
        entry.replays = 3
        transition = move(entry, CONSOLIDATING)
        waiting.push(entry)
        seen.reopened++
      }
      expect(consolidation.recalled(slot)).toMatchObject({ state: before, transition })
    } else {
      const budget = random.below(6)
      const transitions: ReturnType<typeof move>[] = []
      for (const entry of waiting.splice(0, budget)) {
        entry.replays++
        seen.replays++
        const to = entry.replays >= 5 ? REMOTE : CONSOLIDATING
        if (to !== entry.state) transitions.push(move(entry, to))
        if (to !== REMOTE) waiting.push(entry)
      }
      expect(consolidation.replay(budget)).toEqual(transitions)
    }
    const present = [RECENT, CONSOLIDATING, REMOTE].map(
      (state) => [...held.values()].filter((entry) => entry.state === state).length,
    )
    expect(consolidation.figures()).toEqual({ stored: seen.stored, present, evicted, replays: seen.replays })
    const kept = [...present, ...evicted].reduce((sum, count) => sum + count, 0)
    expect(kept).toBe(seen.stored)
  }
  expect(Math.min(...evicted)).toBeGreaterThan(50)
  expect(seen.transitions).toBeGreaterThan(2000)
  expect(seen.reopened).toBeGreaterThan(500)
})
