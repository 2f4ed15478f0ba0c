// Runs suites of this folder, one after the other in this process: node run.mjs REPORT_FILE NAME...
// What they asserted is left in the file as JSON. The exit code is 1 when a test failed, and when there was nothing to fail.
import { writeFileSync } from 'node:fs'
import { report, test } from './harness.mjs'

const [file, ...names] = process.argv.slice(2)
for (const name of names) {
  console.log(`== ${name}`)
  try {
    await import(`./${name}.mjs`)
  } catch (error) {
    await test(`${name} loads`, () => Promise.reject(error))
  }
}
const { assertions, tests, failures, branches } = report()
writeFileSync(file, JSON.stringify({ assertions, tests, failures, branches }))
console.log(
  `== ${assertions} assertions in ${tests} tests, ${failures.length} failed; ${branches.join(', ') || 'no branches'}`,
)
process.exitCode = failures.length > 0 || assertions === 0 ? 1 : 0
