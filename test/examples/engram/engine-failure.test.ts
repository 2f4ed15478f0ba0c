// A worker that fails takes the engine with it: its error is told, and no thread is left behind.
import { expect, test } from 'vitest'
import { start } from '../../../examples/engram/engine/engine.mjs'
import { tinyGraph } from './tiny-graph.js'

test('a worker that cannot start is the error of start()', async () => {
  const { graph } = tinyGraph({ a: [] })
  // No worker can make text out of this; the main thread has made its own already.
  Object.assign(graph, { arrays: { ...graph.arrays, lemmaText: { byteLength: 0 } } })
  const failures: Error[] = []
  await expect(start({ graph, workers: 2, onFailure: (error) => failures.push(error) })).rejects.toThrow(TypeError)
  expect(failures).toHaveLength(2)
})
