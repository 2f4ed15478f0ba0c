// A family's figures as Grafana's thresholds.
import type { Threshold as Step } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Threshold } from 'nanotally/catalogs'

const FINE = 'green'
export const WARNING = 'orange'
export const CRITICAL = 'red'
/** A step begins at its value; what calls for attention above 0 must not begin at 0. */
const ABOVE_ZERO = 1e-9

/**
 * The steps of a colour each, ascending, the first one without a beginning. Where a threshold of one kind says `above` and the
 * other `below`, both are there.
 */
export function stepsOf({ warning, critical }: { warning?: Threshold; critical?: Threshold }): Step[] {
  const above = (threshold: Threshold | undefined, color: string) =>
    threshold?.above === undefined ? [] : [{ value: threshold.above === 0 ? ABOVE_ZERO : threshold.above, color }]
  const isBelow = (threshold: Threshold | undefined) => threshold?.below !== undefined
  const lowest = isBelow(critical) ? CRITICAL : isBelow(warning) ? WARNING : FINE
  return [
    { value: null, color: lowest },
    ...(isBelow(critical) && critical?.below !== undefined
      ? [{ value: critical.below, color: isBelow(warning) ? WARNING : FINE }]
      : []),
    ...(warning?.below === undefined ? [] : [{ value: warning.below, color: FINE }]),
    ...above(warning, WARNING),
    ...above(critical, CRITICAL),
  ]
}
