// The job queue: order, priorities, fairness, batches, fullness, the wrap of its counters, and several consumer threads.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { createQueue, emptyJob, JobQueue } from '../../../examples/engram/engine/queue.mjs'
import { OBSERVE, PRIORITIES, RECALL } from '../../../examples/engram/wordnet/vocabulary.mjs'

const [HIGH, NORMAL, LOW] = PRIORITIES.keys()

/** A job that carries a number. */
function job(priority: number, number: number, kind = OBSERVE) {
  const made = emptyJob()
  Object.assign(made, { number, priority, kind, context: 7, count: 2, queuedAtNs: number + 0.5 })
  made.lemmas.set([number, -1])
  return made
}

/** Takes until the queue is empty: the numbers of each take. */
function drain(queue: JobQueue, size: number) {
  const batches: number[][] = []
  const jobs = Array.from({ length: size }, emptyJob)
  for (let count = queue.take(jobs, size); count > 0; count = queue.take(jobs, size)) {
    expect(new Set(jobs.slice(0, count).map(({ kind }) => kind)).size).toBe(1)
    batches.push(jobs.slice(0, count).map(({ number }) => number))
  }
  return batches
}

test('a job comes out as it went in', () => {
  const queue = new JobQueue(createQueue(4))
  queue.push(job(NORMAL, 42, RECALL))
  const [into] = [emptyJob()]
  expect(queue.take([into], 1)).toBe(1)
  expect({ ...into, lemmas: [...into.lemmas.subarray(0, into.count)] }).toEqual({
    number: 42,
    priority: NORMAL,
    kind: RECALL,
    context: 7,
    lemmas: [42, -1],
    count: 2,
    queuedAtNs: 42.5,
  })
  expect(queue.take([into], 1)).toBe(0)
})

test('urgent jobs come first, and within a priority the oldest', () => {
  const queue = new JobQueue(createQueue(4))
  for (const [priority, number] of [
    [LOW, 1],
    [NORMAL, 2],
    [HIGH, 3],
    [NORMAL, 4],
    [HIGH, 5],
  ]) {
    queue.push(job(priority, number))
  }
  expect(queue.observations).toBe(5)
  expect(drain(queue, 2)).toEqual([[3, 5], [2, 4], [1]])
  expect(queue.observations).toBe(0)
})

test('recalls are taken one by one, between the observations that are older and those that are younger', () => {
  const queue = new JobQueue(createQueue(8))
  queue.push(job(NORMAL, 1))
  queue.push(job(NORMAL, 2))
  queue.push(job(NORMAL, 3, RECALL))
  queue.push(job(NORMAL, 4, RECALL))
  queue.push(job(LOW, 5, RECALL))
  queue.push(job(NORMAL, 6))
  queue.push(job(LOW, 7))
  expect(queue.observations).toBe(4)
  expect(drain(queue, 2)).toEqual([[1, 2], [3], [4], [6, 7], [5]])
})

test('a thief takes half of the observations, a batch at most, and leaves the recalls', () => {
  const queue = new JobQueue(createQueue(8))
  for (let number = 1; number <= 5; number++) queue.push(job(LOW, number))
  for (let number = 11; number <= 13; number++) queue.push(job(HIGH, number, RECALL))
  queue.push(job(NORMAL, 6))
  const jobs = Array.from({ length: 8 }, emptyJob)
  const stolen = (most: number, above: number) => {
    const count = queue.steal(jobs.slice(0, most), above)
    return jobs.slice(0, count).map(({ number }) => number)
  }
  expect(stolen(2, 5)).toEqual([6, 1])
  expect(stolen(8, 3)).toEqual([2, 3])
  expect(drain(queue, 8)).toEqual([[11], [12], [13], [4, 5]])
})

test('the second of two thieves that have seen the same queue leaves to the owner what is the owner’s', () => {
  const queue = new JobQueue(createQueue(8))
  for (let number = 1; number <= 6; number++) queue.push(job(NORMAL, number))
  const jobs = Array.from({ length: 8 }, emptyJob)
  expect([queue.steal(jobs, 5), queue.steal(jobs, 5)]).toEqual([3, 0])
  expect(queue.observations).toBe(3)
})

test('one take in sixteen starts from low, so that nothing starves', () => {
  const queue = new JobQueue(createQueue(64))
  for (let i = 0; i < 64; i++) queue.push(job(HIGH, i))
  for (let i = 0; i < 4; i++) queue.push(job(LOW, 100 + i))
  const lows = drain(queue, 1).flatMap(([number], at) => (number >= 100 ? [at] : []))
  expect(lows).toEqual([15, 31, 47, 63])
})

test('a ring is full at its capacity, by kind and priority, and has room again after a take', () => {
  const queue = new JobQueue(createQueue(2))
  expect(queue.observationCapacity).toBe(6)
  expect(queue.byteLength).toBeGreaterThan(12 * 10 * 4)
  queue.push(job(LOW, 1))
  expect(queue.isFull(OBSERVE, LOW)).toBe(false)
  queue.push(job(LOW, 2))
  expect(queue.isFull(OBSERVE, LOW)).toBe(true)
  expect(queue.isFull(OBSERVE, HIGH)).toBe(false)
  expect(queue.isFull(RECALL, LOW)).toBe(false)
  expect(queue.depth(OBSERVE, LOW)).toBe(2)
  queue.take([emptyJob()], 1)
  expect(queue.isFull(OBSERVE, LOW)).toBe(false)
  expect(queue.depth(OBSERVE, LOW)).toBe(1)
})

test('the counters wrap at 2^32 without a trace', () => {
  const arrays = createQueue(4)
  // Head and tail of every ring, just below the wrap from 2^31 - 1 to -2^31, and from -1 to 0.
  for (const near of [2 ** 31 - 3, -3]) {
    arrays.control.fill(near, 3)
    const queue = new JobQueue(arrays)
    for (let i = 0; i < 10; i++) {
      queue.push(job(NORMAL, i))
      queue.push(job(NORMAL, i + 100))
      expect(queue.depth(OBSERVE, NORMAL)).toBe(2)
      expect(drain(queue, 4)).toEqual([[i, i + 100]])
    }
  }
})

test.each([0, 3, -4, 1.5])('a capacity of %d is refused', (capacity) => {
  expect(() => createQueue(capacity)).toThrow(RangeError)
})

type Taken = [priority: number, number: number]

test('an owner and three thieves get every job once and in order, through a ring that is mostly full', async () => {
  const arrays = createQueue(64)
  const queue = new JobQueue(arrays)
  const takes = new Int32Array(new SharedArrayBuffer(4 * 4))
  const answers = [true, false, false, false].map((owns, consumer) => {
    const workerData = { arrays, owns, size: 7, takes, consumer }
    const thread = new Worker(new URL('./fixtures/queue-consumer.mjs', import.meta.url), { workerData })
    return once(thread, 'message').then(([batches]) => batches as Taken[][])
  })
  // More where one of them does all while the others have yet to begin.
  let total = 0
  while (total < 30_000 || takes.filter((count) => count > 0).length < 2) {
    const priority = total % PRIORITIES.length
    if (queue.isFull(OBSERVE, priority)) {
      await new Promise((resolve) => setImmediate(resolve))
    } else {
      queue.push(job(priority, total++))
      queue.wake()
    }
  }
  queue.close()
  const consumers = await Promise.all(answers)
  const taken = consumers.flat(2)
  expect(taken).toHaveLength(total)
  expect(new Set(taken.map(([, number]) => number)).size).toBe(total)
  expect(taken.every(([priority, number]) => number % PRIORITIES.length === priority)).toBe(true)
  // A consumer's batches follow each other, and each priority is in order in all of them.
  for (const batches of consumers) {
    for (const priority of PRIORITIES.keys()) {
      const numbers = batches.flat().flatMap(([of, number]) => (of === priority ? [number] : []))
      expect(numbers.every((number, i) => i === 0 || number > (numbers[i - 1] as number))).toBe(true)
    }
  }
  expect(consumers.filter((batches) => batches.length > 0).length).toBeGreaterThan(1)
})
