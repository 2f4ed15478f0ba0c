// The option `intervalMs` of what looks at something again and again.

/** @throws RangeError with the code `ERR_NANOTALLY_INVALID_VALUE` for anything but an integer of `lowest` to `highest` */
export function checkInterval(intervalMs: unknown, lowest: number, highest: number): void {
  if (Number.isInteger(intervalMs) && (intervalMs as number) >= lowest && (intervalMs as number) <= highest) return
  const message = `intervalMs: expected an integer of ${lowest} to ${highest}, received ${String(intervalMs)}`
  throw Object.assign(new RangeError(message), { code: 'ERR_NANOTALLY_INVALID_VALUE' })
}
