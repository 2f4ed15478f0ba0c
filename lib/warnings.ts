// Warnings about what was dropped: the first of a kind is said through process.emitWarning, all are counted.

const said = new Set<string>()

/** Emits a `NanotallyWarning` once per environment for each `kind`. */
export function warnOnce(kind: string, message: string): void {
  // Kinds are made of metric names, so they are bounded but for names that record() refuses.
  if (said.has(kind) || said.size >= 1000) return
  said.add(kind)
  process.emitWarning(message, { type: 'NanotallyWarning', code: 'NANOTALLY_DROPPED' })
}
