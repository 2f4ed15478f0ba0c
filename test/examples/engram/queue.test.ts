// The job queue: order, priorities, fairness, fullness, the wrap of its counters, and a real consumer thread.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { createQueue, emptyJob, JobQueue } from '../../../examples/engram/engine/queue.mjs'
import { PRIORITIES } from '../../../examples/engram/wordnet/vocabulary.mjs'

const [HIGH, NORMAL, LOW] = PRIORITIES.keys()

/** A job that carries a number. */
function job(priority: number, number: number) {
  const made = emptyJob()
  Object.assign(made, { priority, kind: 1, context: 7, count: 2, queuedAtNs: number + 0.5 })
  made.lemmas.set([number, -1])
  return made
}

/** Takes until the closed queue is empty. */
function drain(queue: JobQueue) {
  const taken: [priority: number, number: number][] = []
  const into = emptyJob()
  while (queue.takeOrWait(into)) taken.push([into.priority, into.lemmas[0]])
  return taken
}

test('a job comes out as it went in', () => {
  const queue = new JobQueue(createQueue(4))
  queue.push(job(NORMAL, 42))
  const into = emptyJob()
  expect(queue.takeOrWait(into)).toBe(true)
  expect({ ...into, lemmas: [...into.lemmas.subarray(0, into.count)] }).toEqual({
    priority: NORMAL,
    kind: 1,
    context: 7,
    lemmas: [42, -1],
    count: 2,
    queuedAtNs: 42.5,
  })
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
  queue.close()
  expect(drain(queue).map(([, number]) => number)).toEqual([3, 5, 2, 4, 1])
})

test('one take in sixteen starts from low, so that nothing starves', () => {
  const queue = new JobQueue(createQueue(64))
  for (let i = 0; i < 64; i++) queue.push(job(HIGH, i))
  for (let i = 0; i < 4; i++) queue.push(job(LOW, i))
  queue.close()
  const lows = drain(queue).flatMap(([priority], at) => (priority === LOW ? [at] : []))
  expect(lows).toEqual([15, 31, 47, 63])
})

test('a ring is full at its capacity, by priority, and has room again after a take', () => {
  const queue = new JobQueue(createQueue(2))
  queue.push(job(LOW, 1))
  expect(queue.isFull(LOW)).toBe(false)
  queue.push(job(LOW, 2))
  expect(queue.isFull(LOW)).toBe(true)
  expect(queue.isFull(HIGH)).toBe(false)
  expect(queue.depth(LOW)).toBe(2)
  queue.takeOrWait(emptyJob())
  expect(queue.isFull(LOW)).toBe(false)
  expect(queue.depth(LOW)).toBe(1)
})

test('the counters wrap at 2^32 without a trace', () => {
  const arrays = createQueue(4)
  // Head and tail of every ring, just below the wrap from 2^31 - 1 to -2^31, and from -1 to 0.
  for (const near of [2 ** 31 - 3, -3]) {
    arrays.control.fill(near, 2)
    const queue = new JobQueue(arrays)
    const into = emptyJob()
    for (let i = 0; i < 10; i++) {
      queue.push(job(NORMAL, i))
      queue.push(job(NORMAL, i + 100))
      expect(queue.depth(NORMAL)).toBe(2)
      queue.takeOrWait(into)
      expect(into.lemmas[0]).toBe(i)
      queue.takeOrWait(into)
      expect(into.lemmas[0]).toBe(i + 100)
    }
  }
})

test.each([0, 3, -4, 1.5])('a capacity of %d is refused', (capacity) => {
  expect(() => createQueue(capacity)).toThrow(RangeError)
})

test('a consumer thread gets every job once and in order, through a ring that is mostly full', async () => {
  const arrays = createQueue(8)
  const queue = new JobQueue(arrays)
  const consumer = new Worker(new URL('./fixtures/queue-consumer.mjs', import.meta.url), { workerData: arrays })
  const answer = once(consumer, 'message')
  const total = 30_000
  for (let number = 0; number < total; ) {
    const priority = number % PRIORITIES.length
    if (queue.isFull(priority)) {
      await new Promise((resolve) => setImmediate(resolve))
    } else {
      queue.push(job(priority, number++))
      queue.wake()
    }
  }
  queue.close()
  const [taken] = (await answer) as [[priority: number, number: number][]]
  expect(taken).toHaveLength(total)
  for (const priority of PRIORITIES.keys()) {
    const numbers = taken.filter(([of]) => of === priority).map(([, number]) => number)
    expect(numbers).toEqual(Array.from({ length: total / 3 }, (_, i) => i * 3 + priority))
  }
})
