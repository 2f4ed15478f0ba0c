// How much has to happen before a share or a quantile is told of. One failure of ten requests at night is a tenth of them, and
// nobody has to get up for it; of fewer than a hundred requests the 99th percentile is the slowest one.

/** Failures, whatever else there was: a service of which everything fails is told of from one request a minute on. */
const LEAST_FAILURES = 5
/** Of which a hundredth is one: so many observations of a 99th percentile. */
const LEAST_OBSERVED = 100

/** @typedef {import('./build.mjs').Least} Least */

/** @param {string} of the counter of failures @param {string} things @param {Partial<Least>} [more] @returns {Least} */
export const failures = (of, things, more) => ({ of, things, count: LEAST_FAILURES, ...more })

/** @param {string} histogram @param {string} things @param {Partial<Least>} [more] @returns {Least} */
export const observed = (histogram, things, more) => ({
  of: `${histogram}_count`,
  things,
  count: LEAST_OBSERVED,
  ...more,
})
