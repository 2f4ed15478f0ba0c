// How plausible it is that something belongs to a cue: 0 to 1. One scale for completions and for the DRM lists, so that a
// threshold means the same in both.

/**
 * The confidence at which something is as plausible as not. What is next to the most activated synset, when that has 50
 * edges, gets a confidence of 0.8 / 50 ** 0.7 = 0.05. Chosen with a look at the classic DRM lists on WordNet, where 84 % of
 * the critical lures have more than 0.02, and 94 % of the words that have nothing to do with a list less than 0.006.
 */
const HALF_CONFIDENCE = 0.05

/**
 * What activation alone says: it saturates, as activation spans decades.
 * @param {number} confidence of a Spreader, 0 to 1
 * @returns {number} 0 to 0.952
 */
export function plausibilityOf(confidence) {
  return confidence / (confidence + HALF_CONFIDENCE)
}

/**
 * What two kinds of evidence say together, each of which is enough (a noisy or).
 * @param {number} one @param {number} other
 */
export function either(one, other) {
  return 1 - (1 - one) * (1 - other)
}
