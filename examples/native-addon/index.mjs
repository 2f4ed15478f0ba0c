// The package: loads the addon, hands nanotally's functions over to it, and opens its series for JavaScript.
import { createRequire } from 'node:module'
import { counter, gauge, histogram, nativeInterface } from 'nanotally'

const addon = createRequire(import.meta.url)('./build/Release/cosine.node')

// Once for the process; the worker threads that load this module too do it again, which is harmless.
addon.attach(nativeInterface())

/**
 * `search(query, vectors, threads)` and `searchAsync(query, vectors)`: the cosine of `query`, 768 floats, with each of
 * `vectors`, by so many threads of the addon's own or by one of libuv's pool. `isa`: what it computes with.
 */
export const { search, searchAsync, isa } = addon

// The same metrics as src/metrics.cc defines. Whichever comes first, it is one metric, or an error if they differ.
const labels = ['kernel']
const help = {
  calls: 'Pairs of vectors that were compared.',
  seconds: 'Time that a thread took for its part of a search.',
  threads: 'Threads that compare now.',
}
export const calls = counter({ name: 'kernel_calls_total', help: help.calls, labels })
export const seconds = histogram({ name: 'kernel_seconds', help: help.seconds, unit: 'seconds', labels })
export const threads = gauge({ name: 'kernel_threads', help: help.threads, labels })
