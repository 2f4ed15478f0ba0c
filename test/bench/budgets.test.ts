// Budgets: met, missed or not resolved by the whole interval, and what was missed is said at the end of a run.
import { describe, expect, test } from 'vitest'
import { describe as inWords, judge } from '../../bench/harness/budgets.mjs'
import { assess, exitCode, format, summarizeBudgets } from '../../bench/harness/report.mjs'

const around = (middle: number, width: number) => Array.from({ length: 9 }, (_, i) => middle + (width * (i - 4)) / 4)
const samples = (ours: number[], floor = new Array(ours.length).fill(2)) =>
  new Map([
    ['ours', ours],
    ['floor', floor],
  ])
const budget = { of: 'ours', against: 'floor', atMost: 1.25, source: 'a test' }

describe('a verdict', () => {
  test.each([
    ['met', around(2.1, 0.1)],
    ['MISSED', around(3, 0.1)],
    ['not resolved', around(2.5, 0.4)],
    ['not resolved', [2, 2, 2, 2, 2]],
  ])('%s', (verdict, ours) => {
    expect(judge(budget, samples(ours)).verdict).toBe(verdict)
  })

  test('the bound itself is inside', () => {
    expect(judge(budget, samples(new Array(9).fill(2.5))).verdict).toBe('met')
  })

  test('lower bounds, differences and single measures are judged too', () => {
    const atLeast = { of: 'ours', against: 'floor', atLeast: 0.995, source: 'a test' }
    expect(judge(atLeast, samples(new Array(9).fill(2))).verdict).toBe('met')
    expect(judge(atLeast, samples(new Array(9).fill(1.9))).verdict).toBe('MISSED')
    const difference = { of: 'ours', against: 'floor', by: 'difference', atMost: 4, source: 'a test' } as const
    expect(judge(difference, samples(new Array(9).fill(5.9))).verdict).toBe('met')
    expect(judge(difference, samples(new Array(9).fill(6.1))).verdict).toBe('MISSED')
    const single = { of: 'ours', atMost: 60, source: 'a test' }
    expect(judge(single, samples(new Array(9).fill(61))).verdict).toBe('MISSED')
  })

  test('a contender that did not run meets nothing', () => {
    expect(judge({ ...budget, against: 'nobody' }, samples(around(2, 0))).verdict).toBe('not run')
    expect(judge({ ...budget, of: 'nobody' }, samples(around(2, 0))).verdict).toBe('not run')
  })

  test('what needs an idle machine is not resolved on a busy one', () => {
    const needsIdle = { ...budget, needsIdle: true }
    for (const [ours, idle] of [
      [around(3, 0.1), 'MISSED'],
      [around(2, 0.1), 'met'],
    ] as const) {
      expect(judge(needsIdle, samples(ours), false).verdict).toBe(idle)
      expect(judge(needsIdle, samples(ours), true).verdict).toBe('not resolved')
      expect(judge(budget, samples(ours), true).verdict).toBe(idle)
    }
  })

  test('a budget without a bound, or with two, is a mistake', () => {
    expect(() => judge({ of: 'ours', source: 'a test' }, samples([1]))).toThrow('exactly one of')
    expect(() => judge({ ...budget, atLeast: 1 }, samples([1]))).toThrow('exactly one of')
  })
})

test('budgets read as the design writes them', () => {
  expect(inWords(budget, 'ns')).toBe('ours <= 1.25 x floor')
  expect(inWords({ ...budget, atMost: 1 / 40 }, 'ns')).toBe('ours <= 1/40 of floor')
  expect(inWords({ of: 'ours', atMost: 60, source: 'a test' }, 'ms')).toBe('ours <= 60 ms')
  expect(inWords({ of: 'ours', against: 'floor', by: 'difference', atMost: 4, source: '' }, 'MiB')).toBe(
    'ours - floor <= 4 MiB',
  )
})

describe('the report', () => {
  const assessed = (ours: number[], failures: { contender: string; error: Error }[] = [], neighbours = 0) => {
    const rounds = (values: number[]) => values.map((ns) => ({ measures: { ns } }))
    return assess({
      case: {
        name: 'a case',
        script: '',
        contenders: {},
        reference: 'ours',
        measures: [{ key: 'ns', title: 'one operation', unit: 'ns', budgets: [budget] }],
      },
      results: new Map([
        ['floor', rounds(new Array(9).fill(2))],
        ['ours', rounds(ours)],
      ]),
      failures,
      neighbours,
    })
  }

  test('a missed budget is reported as missed, in its case and in the last lines', () => {
    const missed = assessed(new Array(9).fill(3))
    expect(format(missed)).toContain('   budget: ours <= 1.25 x floor (a test): 1.500 [1.500 .. 1.500]  MISSED')
    const summary = summarizeBudgets([{ suite: 'micro', assessed: missed }])
    expect(summary.lines).toEqual([
      'budgets: 0 met, 1 MISSED, 0 not resolved, 0 not run',
      '  micro: a case: one operation: ours <= 1.25 x floor (a test): 1.500 [1.500 .. 1.500]  MISSED',
    ])
    expect(exitCode(summary, false)).toBe(0)
    expect(exitCode(summary, true)).toBe(1)
  })

  test('a met budget is counted, and strictness changes nothing', () => {
    const summary = summarizeBudgets([{ suite: 'micro', assessed: assessed(new Array(9).fill(2.2)) }])
    expect(summary.lines).toEqual(['budgets: 1 met, 0 MISSED, 0 not resolved, 0 not run'])
    expect(exitCode(summary, true)).toBe(0)
  })

  test('a contender that failed fails the run', () => {
    const failed = assessed(new Array(9).fill(2.2), [{ contender: 'peer', error: new Error('no such metric') }])
    expect(format(failed)).toContain('   FAILED: peer: no such metric')
    expect(exitCode(summarizeBudgets([{ suite: 'micro', assessed: failed }]), false)).toBe(1)
  })

  test('a busy machine is said to have been busy', () => {
    expect(format(assessed(around(2, 0.1), [], 0.9)).join('\n')).toContain('other processes kept 0.900 processors busy')
    expect(format(assessed(around(2, 0.1), [], 0.02)).join('\n')).not.toContain('other processes')
  })

  test('rows that differ by nothing measurable say so, and rows that we lose stay', () => {
    const same = format(assessed(around(2, 0.1))).join('\n')
    expect(same).toMatch(/floor .* no measurable difference/)
    expect(format(assessed(new Array(9).fill(4))).join('\n')).toMatch(/floor .* 0\.500 x \[0\.500 \.\. 0\.500\]$/m)
  })
})
