// What was thrown, in words.
import { inspect } from 'node:util'

/** Anything may be thrown, also what cannot be made a text. Never throws itself. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : inspect(thrown)
  } catch {
    return 'what cannot be shown'
  }
}
