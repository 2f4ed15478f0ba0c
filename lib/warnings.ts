// Warnings through process.emitWarning. Of what was dropped the first of a kind is said, all are counted.

const said = new Set<string>()

/** Emits a `NanotallyWarning`. */
export function warn(message: string, code: string): void {
  process.emitWarning(message, { type: 'NanotallyWarning', code })
}

/** Emits a `NanotallyWarning` once per environment for each `kind`. */
export function warnOnce(kind: string, message: string, code = 'NANOTALLY_DROPPED'): void {
  // Kinds are made of metric names, so they are bounded but for names that record() refuses.
  if (said.has(kind) || said.size >= 1000) return
  said.add(kind)
  warn(message, code)
}
