// Exemplars across threads: each has a source of its own, and one that is set keeps no thread from ending.
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { histogram, Registry, setExemplarSource } from 'nanotally'
import { expect, onTestFinished, test } from 'vitest'
import { watchExemplars } from '../support/exemplars.js'
import { read, rejections } from '../support/registry.js'
import { Actor } from './actor.js'

const kept = watchExemplars()

test('a source is asked by the thread that set it, and by no other', async () => {
  const registry = new Registry('exemplars')
  onTestFinished(() => {
    setExemplarSource(undefined)
    registry.close()
  })
  const h = histogram({ name: 'h', help: 'h', registry })
  const [first, second] = [new Actor(), new Actor()]
  const observe = (actor: Actor, isSource: boolean) =>
    actor.run((n, state, isSource) => {
      const registry = new n.Registry('exemplars')
      state.h ??= n.histogram({ name: 'h', help: 'h', registry })
      state.asked ??= 0
      if (isSource) {
        n.setExemplarSource(() => {
          state.asked++
          throw new Error('of this thread')
        })
      }
      for (const value of [1.5, 3, 1.5, 3]) state.h.observe(value)
      return state.asked
    }, isSource)
  expect(await observe(first, true)).toBe(2)
  expect(await observe(second, false)).toBe(0)
  for (const value of [1.5, 3]) h.observe(value)
  expect(kept).toEqual([])
  setExemplarSource(() => ({ traceId: 'a'.repeat(32) }))
  for (const value of [1.5, 3]) h.observe(value)
  expect(kept.map(({ value }) => value)).toEqual([1.5, 3])
  expect(await read(registry, 'h_count')).toBe(12)
  expect(await rejections(registry, 'h')).toEqual({ exemplar: 2 })
})

test('a thread with a source ends by itself', async () => {
  const nanotally = JSON.stringify(fileURLToPath(import.meta.resolve('nanotally')).replace(/\.mjs$/, '.js'))
  const worker = new Worker(
    `const { histogram, setExemplarSource } = require(${nanotally})
     setExemplarSource(() => ({ traceId: 'b'.repeat(32) }))
     histogram({ name: 'ended', help: 'h' }).observe(1)`,
    { eval: true },
  )
  expect(await once(worker, 'exit')).toEqual([0])
})
