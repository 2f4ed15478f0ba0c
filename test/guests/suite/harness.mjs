// What the suites of the guests are written with, as small as it can be: each file runs in a guest by this alone.
// An assertion is one call of `assert`, counted. A test that makes none has failed. A suite says by `branch` which answer
// of the kernel it went by, so that who knows the machine can tell whether it was the right one.
import strict from 'node:assert/strict'

const counts = { assertions: 0, tests: 0 }
/** @type {string[]} */
const failures = []
/** @type {Set<string>} */
const branches = new Set()

/** @type {typeof strict} node:assert/strict, counted. */
export const assert = /** @type {any} */ (
  new Proxy(strict, {
    apply(target, self, args) {
      counts.assertions++
      return Reflect.apply(target, self, args)
    },
    get(target, name) {
      const member = target[name]
      if (typeof member !== 'function') return member
      return (...args) => {
        counts.assertions++
        return member(...args)
      }
    },
  })
)

/** Notes which way a suite went by what the kernel answered. */
export function branch(name) {
  branches.add(name)
}

/** Runs a test now; a failed one is printed, and the next goes on. */
export async function test(name, body) {
  const before = counts.assertions
  const start = performance.now()
  counts.tests++
  try {
    await body()
    if (counts.assertions === before) throw new Error('it asserted nothing')
    console.log(`ok   ${name} (${counts.assertions - before}, ${((performance.now() - start) / 1000).toFixed(1)} s)`)
  } catch (error) {
    failures.push(name)
    console.log(`FAIL ${name}\n${error?.stack ?? error}`)
  }
}

/** @returns what has been counted so far */
export function report() {
  return { ...counts, failures, branches: [...branches].sort() }
}
