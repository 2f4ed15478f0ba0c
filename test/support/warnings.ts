// What this process warns of: process.emitWarning, by the code of the warning.
import { onTestFinished } from 'vitest'

/** The warnings of that code from now on, as they come. */
export function warningsOf(code: string): readonly string[] {
  const warnings: string[] = []
  const note = (warning: Error & { code?: string }) => {
    if (warning.code === code) warnings.push(warning.message)
  }
  process.on('warning', note)
  onTestFinished(() => {
    process.off('warning', note)
  })
  return warnings
}
