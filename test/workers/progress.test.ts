// A reader sees progress inside one tight recording loop. V8 does not promise that a plain store in a loop is published at
// once; every version does so today, and this watches it: on this Node, and on those that NANOTALLY_NODES lists (paths of
// node binaries, separated as in PATH), each with the optimising compilers and without any (--jitless).
import { execFile } from 'node:child_process'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const SCRIPT = fileURLToPath(new URL('fixtures/progress.mjs', import.meta.url))
const nodes = [process.execPath, ...(process.env.NANOTALLY_NODES ?? '').split(delimiter).filter((path) => path !== '')]

describe.each([...new Set(nodes)])('%s', (node) => {
  test.each([
    // So many records are long past the loop's optimisation.
    { flags: [], records: 5_000_000 },
    { flags: ['--jitless'], records: 50_000 },
  ])('flags $flags', async ({ flags, records }) => {
    const { stdout } = await promisify(execFile)(node, [...flags, SCRIPT, String(records)], {
      timeout: 170_000,
      killSignal: 'SIGKILL',
    })
    const seen = JSON.parse(stdout) as Record<string, number[][]>
    const { published_late_total: control, ...loops } = seen
    expect(control?.length).toBeLessThan(2)
    expect(Object.keys(loops)).toEqual(['counter_total', 'gauge_value', 'exponential', 'explicit'])
    for (const values of Object.values(loops)) {
      expect(values.length).toBe(20)
      for (const [i, [value]] of values.entries()) {
        expect(value).toBeGreaterThan(i === 0 ? records : (values[i - 1]?.[0] as number))
      }
    }
  })
})
