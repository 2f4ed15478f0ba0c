// The same search by JavaScript, by threads of the addon and by libuv's pool: all record into the same series.
import { registry } from 'nanotally'
import { calls, isa, search, searchAsync, seconds, threads } from './index.mjs'

const FLOATS = 768
const VECTORS = 5000
const SEARCHES = 8

/** The kernel in JavaScript, which records as src/addon.cc does. */
function searchInJavaScript(query, vectors) {
  const [called, took, running] = [calls, seconds, threads].map((metric) => metric.labels({ kernel: 'cosine' }))
  running.inc()
  const cosines = took.time(() =>
    Float32Array.from({ length: vectors.length / FLOATS }, (_, v) => {
      called.inc()
      let [ab, aa, bb] = [0, 0, 0]
      for (let i = 0; i < FLOATS; i++) {
        const [a, b] = [query[i], vectors[v * FLOATS + i]]
        ab += a * b
        aa += a * a
        bb += b * b
      }
      return ab / Math.sqrt(aa * bb)
    }),
  )
  running.dec()
  return cosines
}

const vectors = Float32Array.from({ length: VECTORS * FLOATS }, () => Math.random() - 0.5)
const query = vectors.subarray(0, FLOATS)

const expected = searchInJavaScript(query, vectors)
const results = [search(query, vectors, 4)] // four threads of the addon
results.push(...(await Promise.all(Array.from({ length: SEARCHES }, () => searchAsync(query, vectors)))))

const difference = Math.max(...results.map((cosines) => Math.max(...cosines.map((c, i) => Math.abs(c - expected[i])))))
console.log(`${1 + results.length} searches among ${VECTORS} vectors, in C++ with ${isa}`)
console.log(`largest difference from JavaScript's cosine: ${difference.toExponential(0)}`)

// What a scrape shows, but for the buckets.
const lines = (await registry.metrics()).split('\n')
console.log(lines.filter((line) => /^kernel_/.test(line) && !/_bucket/.test(line)).join('\n'))
