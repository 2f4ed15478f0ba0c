// The ratios of `nanotally pmu stat` and `pmu top`, and which events each is made of. Pure.

/** Counts by event: estimates where they did not run all the time. What was not counted is absent. */
export type Estimates = ReadonlyMap<string, number>

export interface Ratio {
  name: string
  of: string
  to: string
  /** What it says of the events of `of`, behind its number. */
  text: string
  isShare: boolean
}

const share = (name: string, of: string, to: string, text: string): Ratio => ({ name, of, to, text, isShare: true })

export const RATIOS: readonly Ratio[] = [
  { name: 'instructions_per_cycle', of: 'instructions', to: 'cycles', text: 'a cycle', isShare: false },
  share('frontend_stall_ratio', 'stalled_cycles_frontend', 'cycles', 'of the cycles'),
  share('backend_stall_ratio', 'stalled_cycles_backend', 'cycles', 'of the cycles'),
  share('branch_miss_ratio', 'branch_misses', 'branches', 'of the branches'),
  share('l1d_miss_ratio', 'l1d_load_misses', 'l1d_loads', 'of the loads'),
  share('l1i_miss_ratio', 'l1i_load_misses', 'l1i_loads', 'of the fetches'),
  share('l2_miss_ratio', 'l2_misses', 'l2_references', 'of the requests'),
  share('llc_miss_ratio', 'llc_load_misses', 'llc_loads', 'of the loads from it'),
  share('dtlb_miss_ratio', 'dtlb_load_misses', 'dtlb_loads', 'of the loads'),
  share('remote_load_ratio', 'node_load_misses', 'node_loads', 'of the loads from memory'),
  share('simd_ratio', 'simd_instructions', 'instructions', 'of the instructions'),
]

/** Undefined where something of it was not counted, or the denominator is 0. */
export function ratioOf({ of, to }: Pick<Ratio, 'of' | 'to'>, counts: Estimates): number | undefined {
  const [numerator, denominator] = [counts.get(of), counts.get(to)]
  if (numerator === undefined || denominator === undefined || denominator === 0) return undefined
  return numerator / denominator
}

export function ratioNamed(name: string, counts: Estimates): number | undefined {
  const ratio = RATIOS.find((one) => one.name === name)
  return ratio && ratioOf(ratio, counts)
}
