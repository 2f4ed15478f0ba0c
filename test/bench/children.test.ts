// Fresh processes per contender: interleaved, verified at their end, and failing where nothing was recorded or measured.
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { runChild } from '../../bench/harness/child.mjs'
import { expectSum, sumOf } from '../../bench/harness/exposition.mjs'
import { runRounds, samplesOf } from '../../bench/harness/rounds.mjs'

const MICRO = fileURLToPath(new URL('../../bench/micro/child.mjs', import.meta.url))
const MEASURES = fileURLToPath(new URL('fixtures/measures-child.mjs', import.meta.url))

/** A recording case of the fixtures, run by the same child as the real ones. */
function recording(contender: string) {
  const task = { group: '../../test/bench/fixtures/cases', case: 'fixture', contender, timeMs: 5, warmupMs: 5 }
  return runChild(MICRO, task)
}

describe('a recording contender', () => {
  test('that records passes, with the time of one operation', async () => {
    const { measures, detail } = await recording('records')
    expect(Object.keys(measures)).toEqual(['nanoseconds'])
    expect(measures.nanoseconds).toBeGreaterThan(0)
    expect(detail.recorded).toBe(detail.batch * Math.round(detail.recorded / detail.batch))
    expect(detail.batch).toBeLessThanOrEqual(2000)
  })

  test('that records nothing fails', async () => {
    await expect(recording('records nothing')).rejects.toThrow(/expected fixture_total to add up to [1-9]\d*, found 0/)
  })

  test('that loses a record fails', async () => {
    await expect(recording('loses one in each batch')).rejects.toThrow('expected fixture_total to add up to')
  })
})

describe('a child', () => {
  test('that reports no measures, or none that is a number, fails', async () => {
    await expect(runChild(MEASURES, { measures: {} })).rejects.toThrow('reported no measures')
    await expect(runChild(MEASURES, { measures: { ns: null } })).rejects.toThrow('ns = null')
  })

  test('that ends without a result, or badly after one, fails', async () => {
    await expect(runChild(MEASURES, { silent: true })).rejects.toThrow('ended with exit code 0')
    await expect(runChild(MEASURES, { measures: { ns: 1 }, exitCode: 3 })).rejects.toThrow('exit code 3')
  })
})

describe('rounds', () => {
  const measuring = (contenders: Record<string, unknown>) => ({
    name: 'a case',
    script: MEASURES,
    reference: 'a',
    contenders: Object.fromEntries(Object.entries(contenders).map(([name, task]) => [name, { task }])),
    measures: [],
  })

  test('every contender runs in every round, and none always comes first', async () => {
    const order: string[] = []
    const { results, failures } = await runRounds(
      measuring({ a: { measures: { ns: 1 } }, b: { measures: { ns: 2 } }, c: { measures: { ns: 3 } } }),
      { rounds: 3 },
      (round, contender) => order.push(`${round}${contender}`),
    )
    expect(failures).toEqual([])
    expect(order).toEqual(['0a', '0b', '0c', '1b', '1a', '1c', '2c', '2a', '2b'])
    expect(Object.fromEntries(samplesOf(results, 'ns'))).toEqual({ a: [1, 1, 1], b: [2, 2, 2], c: [3, 3, 3] })
  })

  test('a contender that fails is named and leaves no samples; the others go on', async () => {
    const { results, failures } = await runRounds(
      measuring({ a: { measures: { ns: 1 } }, broken: { measures: { ns: 1 }, exitCode: 1 } }),
      { rounds: 2 },
    )
    expect(failures.map(({ contender }) => contender)).toEqual(['broken'])
    expect([...results.keys()]).toEqual(['a'])
    expect(results.get('a')).toHaveLength(2)
  })
})

describe('reading the exposition back', () => {
  const text = '# HELP a_total 7\na_total{x="1"} 2\na_total{x="a_total 9"} 3\na_total_more 50\nb_a_total 60\n'

  test('only lines of the very name count', () => {
    expect(sumOf(text, 'a_total')).toEqual({ sum: 5, lines: 2 })
    expect(() => sumOf(text, 'a')).toThrow('found none')
  })

  test('a run that recorded nothing fails even where nothing was expected', () => {
    expect(() => expectSum('a_total 0\n', 'a_total', 0)).toThrow('expected something to have been recorded')
    expect(() => expectSum(text, 'a_total', 6)).toThrow('expected a_total to add up to 6, found 5')
    expectSum(text, 'a_total', 5)
  })
})
