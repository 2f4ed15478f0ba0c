// Seeded randomness, so that every run of the benches sees the same values, label sets and resamples.

/**
 * A small generator (mulberry32) of uniform numbers in [0, 1).
 * @param {number} seed Any 32-bit integer; equal seeds give equal sequences.
 */
export function uniform(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/**
 * Latencies in seconds as services have them: log-normal, median 3 ms, sigma 1, so that 98 % lie within 0.3 .. 31 ms.
 * @param {number} count
 * @param {number} seed
 * @returns {number[]}
 */
export function latencies(count, seed) {
  const random = uniform(seed)
  return Array.from({ length: count }, () => {
    // Box-Muller; 1 - random() is in (0, 1], so the logarithm is finite.
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return 0.003 * Math.exp(normal)
  })
}

/**
 * `count` different integers in [0, below), in random order.
 * @param {number} count
 * @param {number} below
 * @param {number} seed
 * @returns {number[]}
 */
export function distinctIntegers(count, below, seed) {
  if (count > below) throw new RangeError(`expected count <= ${below}, received ${count}`)
  const random = uniform(seed)
  const all = Array.from({ length: below }, (_, index) => index)
  for (let index = 0; index < count; index++) {
    const other = index + Math.floor(random() * (below - index))
    const kept = all[index]
    all[index] = all[other]
    all[other] = kept
  }
  return all.slice(0, count)
}
