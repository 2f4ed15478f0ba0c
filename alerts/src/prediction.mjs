/**
 * What is to come by the line through the last hour, where three quarters of the limit are passed: noise has a slope too, and so
 * has what only stepped up, as at night for a backup. There has to be a past of half an hour, with pauses or without: the first
 * minutes tell nothing of an hour.
 */
export const inAnHour = (/** @type {string} */ series, /** @type {number} */ limit) =>
  `predict_linear(${series}[1h], 3600) > ${limit}\nand ${series} > ${limit * 0.75}\nand present_over_time(${series}[30m] offset 30m)`
