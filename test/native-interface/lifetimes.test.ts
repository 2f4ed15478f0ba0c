// Native threads outlive workers, metrics and what JavaScript can see of them. In forked children, whose ends are told
// from outside.
import { describe, expect, test } from 'vitest'
import { assertEnded, runChild } from '../support/children.js'
import { parseTextFormat, sampleValue, type TextSample } from '../support/text-format.js'

const fixture = (name: string) => new URL(`fixtures/${name}`, import.meta.url)

describe('only a worker attached', () => {
  test.each(['terminate', 'exit', 'throw'])('it ends (%s): the threads record on, nothing is lost', async (how) => {
    const result = await runChild(fixture('only-worker.mjs'), { args: [how] })
    assertEnded(result)
    expect(result.stderr).toBe('')
    const [{ before, during, recordings, after }] = result.messages as [
      { before: number[]; during: string; recordings: number[]; after: string },
    ]
    const [work, level, sizes] = recordings as [number, number, number]
    const seen = sampleValue(parseTextFormat(during), 'work_total') as number
    expect(seen).toBeGreaterThanOrEqual((before[0] as number) + 1000)
    expect(seen).toBeLessThanOrEqual(work)
    const families = parseTextFormat(after)
    expect(sampleValue(families, 'work_total')).toBe(work)
    expect(sampleValue(families, 'sizes_count')).toBe(sizes)
    // Each of the two threads records 2, -1, 2, -1, ...: half of the recordings, or a half or a whole one off it.
    const growth = (sampleValue(families, 'level') as number) - level / 2
    expect([0, 1.5, 3]).toContain(growth)
    expect(families.has('nanotally_rejected_total')).toBe(false)
  })
})

describe('the process ends while native threads record', () => {
  test.each([
    ['process.exit()', 6, { exitCode: 3 }, /^$/],
    ['an uncaught exception', 2, { exitCode: 1 }, /Error: uncaught/],
    ['a signal', 2, { signal: 'SIGTERM' }, /^$/],
    ['the end of the program', 3, { exitCode: 0 }, /^$/],
  ] as const)('%s', async (how, runs, end, stderr) => {
    // Each strikes at another moment.
    for (let run = 0; run < runs; run++) {
      const result = await runChild(fixture('exit.mjs'), { args: [how, String(run)] })
      assertEnded(result, end)
      expect(result.stdout).toBe('reached: recording\n')
      expect(result.stderr).toMatch(stderr)
    }
  })
})

describe('registry.remove() while native threads record', () => {
  interface Report {
    name: string
    type: 'counter' | 'gauge' | 'histogram'
    before: string
    dropped: string
    rounds: string[]
  }

  test.each([
    ['restartable sequences', {}],
    ['atomics', { GLIBC_TUNABLES: 'glibc.pthread.rseq=0' }],
  ])(
    'by %s: what comes later is dropped and counted, what is defined anew begins at 0 and is exact',
    async (_, env) => {
      const result = await runChild(fixture('removal.mjs'), { env, timeoutMs: 170_000 })
      assertEnded(result)
      const [reports] = result.messages as [Report[]]
      expect(reports.map(({ type }) => type)).toEqual(['counter', 'gauge', 'histogram'])
      let removed = 0
      for (const { name, type, before, dropped, rounds } of reports) {
        const removedIn = (text: string) =>
          sampleValue(parseTextFormat(text), 'nanotally_rejected_total', { reason: 'removed' }) ?? 0
        const samples = (text: string) => parseTextFormat(text).get(name)?.samples ?? []
        const value = (all: TextSample[]) => all.find((s) => s.name === (type === 'histogram' ? `${name}_count` : name))

        expect(value(samples(before))?.value).toBe(2000)
        expect(removedIn(before)).toBeGreaterThanOrEqual(removed)
        expect(samples(dropped)).toEqual([])
        expect(removedIn(dropped)).toBe(removedIn(before) + 1000)

        expect(rounds).toHaveLength(10)
        removed = removedIn(dropped)
        for (const round of rounds) {
          expect(value(samples(round))).toMatchObject({ labels: { l: 'a' }, value: 201 })
          // Both teams dropped at least so many since the last round.
          expect(removedIn(round)).toBeGreaterThanOrEqual(removed + 2000)
          removed = removedIn(round)
        }
      }
    },
  )
})

// Windows has no such signals.
test.skipIf(process.platform === 'win32')('a signal handler records, whatever its thread was doing', async () => {
  const result = await runChild(fixture('signals.mjs'), { args: ['1000'] })
  assertEnded(result)
  const [{ recordings, text }] = result.messages as [{ recordings: number; text: string }]
  const families = parseTextFormat(text)
  const expected = recordings + 1000
  expect(sampleValue(families, 'interrupted_total')).toBe(expected)
  expect(sampleValue(families, 'interrupted_level')).toBe(expected)
  expect(sampleValue(families, 'interrupted_sizes_count')).toBe(expected)
  expect(sampleValue(families, 'nanotally_rejected_total', { reason: 'no_handle' })).toBe(expected)
})

describe('NANOTALLY_DISABLED', () => {
  interface Disabled {
    attached: string
    gets: { status: string; given: boolean }[]
    refused: string
    texts: string[]
  }

  async function run(disabled: string | undefined): Promise<Disabled> {
    const result = await runChild(fixture('disabled.mjs'), { env: { NANOTALLY_DISABLED: disabled } })
    assertEnded(result)
    return result.messages[0] as Disabled
  }

  test('1: gets give handles, recordings do nothing, nothing is exposed', async () => {
    const [enabled, disabled] = [await run(undefined), await run('1')]
    expect(enabled.texts[0]).toContain('# TYPE c_total counter')
    expect(enabled.texts[0]).toContain('nanotally_rejected_total{reason="no_handle"} 42')
    expect(disabled.texts).toEqual(['', ''])
    for (const { attached, gets, refused } of [enabled, disabled]) {
      expect(attached).toBe('OK')
      expect(gets).toEqual(Array(6).fill({ status: 'OK', given: true }))
      expect(refused).toBe('INVALID_ARGUMENT')
    }
  })
})
