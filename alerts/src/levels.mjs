/** @typedef {import('./build.mjs').AlertSource} AlertSource */

/**
 * A rule for each of the two levels. What differs from the planning documents is said once, of the warning.
 * @param {Omit<AlertSource, 'severity'>} source
 * @param {Partial<AlertSource>} [critical] what is otherwise where it is critical
 * @returns {AlertSource[]}
 */
export function twoLevels(source, critical) {
  const { differs: _, ...both } = source
  return [
    { ...source, severity: 'warning' },
    { ...both, severity: 'critical', ...critical },
  ]
}
