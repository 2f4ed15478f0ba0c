// The catalogs' words for what a figure is measured in, as units of Grafana.
import * as grafana from '@grafana/grafana-foundation-sdk/units'

/** The first that matches. What none matches is a number of things. */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/^seconds per second/, grafana.PercentUnit],
  [/^(of |ratio$|difference of)/, grafana.PercentUnit],
  [/^percent/, grafana.Percent],
  [/^seconds/, grafana.Seconds],
  [/^(milliseconds|ms$)/, grafana.Milliseconds],
  [/^nanoseconds/, grafana.Nanoseconds],
  [/^days/, grafana.Days],
  [/^gigabytes per second/, grafana.GigabytesPerSecond],
  [/^bytes per second/, grafana.BytesPerSecondIEC],
  [/^bytes/, grafana.BytesIEC],
  [/per second$/, grafana.CountsPerSecond],
]

export function unitOf(measure: string): string {
  return UNITS.find(([pattern]) => pattern.test(measure))?.[1] ?? grafana.Short
}
