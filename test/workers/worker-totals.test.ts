// Nothing that a worker recorded is lost however it ends, and no scrape sees it twice, half, or going backwards.
import { beforeAll, describe, expect, test } from 'vitest'
import { assertEnded, runChild } from '../support/children.js'
import { definedFamilies, type TextSample } from '../support/text-format.js'
import { exactSum } from './exact-sum.js'

const COUNTS = ['work_total', 'fraction_total', 'latency_seconds_count', 'size_count']
/** What one record adds to each of them. */
const STEP = [1, 0.1, 1, 1]

interface Scrape {
  source: 'exporter' | 'render'
  start: number
  end: number
  before: number[]
  after: number[]
  /** How many workers may be one record ahead of the tally. */
  ahead: number
  text: string
  samples: Map<string, number>
}

/** All samples by name and labels. None of them may ever fall here: nothing negative is observed. */
function samplesOf(text: string): Map<string, number> {
  const samples: TextSample[] = definedFamilies(text).flatMap((family) => family.samples)
  return new Map(samples.map(({ name, labels, value }) => [`${name}${JSON.stringify(labels)}`, value]))
}

/** The first sample that is lower in a scrape than in one that had ended before it began. */
function firstDrop(scrapes: readonly Scrape[]): string | undefined {
  const highest = new Map<string, number>()
  const byEnd = scrapes.toSorted((a, b) => a.end - b.end)
  let ended = 0
  for (const scrape of scrapes.toSorted((a, b) => a.start - b.start)) {
    for (; (byEnd[ended]?.end ?? Number.POSITIVE_INFINITY) < scrape.start; ended++) {
      for (const [name, value] of byEnd[ended]?.samples ?? [])
        highest.set(name, Math.max(value, highest.get(name) ?? 0))
    }
    for (const [name, least] of highest) {
      const value = scrape.samples.get(name)
      if (value === undefined || value < least) return `${name} fell from ${least} to ${value} (${scrape.source})`
    }
  }
  return undefined
}

describe('workers that return, throw, exit and are terminated in mid-loop', () => {
  let scrapes: Scrape[]
  let ended: { mode: string; code: number; error?: string }[]
  let tallies: number[][]
  let records: number

  beforeAll(async () => {
    const result = await runChild(new URL('fixtures/totals.mjs', import.meta.url), { timeoutMs: 170_000 })
    assertEnded(result)
    ;({ scrapes, ended, tallies, records } = result.messages[0] as {
      scrapes: Scrape[]
      ended: typeof ended
      tallies: number[][]
      records: number
    })
    for (const scrape of scrapes) scrape.samples = samplesOf(scrape.text)
  })

  test('each of them ended as it was meant to, and recorded', () => {
    const ends = ended.map(({ mode, code, error }) => [mode, code, error])
    expect(ends).toHaveLength(48)
    expect(ends.slice(8)).toEqual(ends.slice(8).map(() => ['return', 0, undefined]))
    expect(ends.slice(0, 8)).toEqual([
      ['return', 0, undefined],
      ['return', 0, undefined],
      ['throw', 1, 'the worker failed after its records'],
      ['exit', 5, undefined],
      ['loop', 1, undefined],
      ['loop', 1, undefined],
      ['loop', 1, undefined],
      ['return', 0, undefined],
    ])
    for (const [row, { mode }] of ended.entries()) {
      for (const count of tallies[row] as number[]) {
        if (mode === 'loop') expect(count).toBeGreaterThanOrEqual(records)
        else expect(count).toBe(records)
      }
    }
  })

  test('several hundred scrapes were checked, by both ways', () => {
    for (const source of ['exporter', 'render']) {
      expect(scrapes.filter((scrape) => scrape.source === source).length).toBeGreaterThan(100)
    }
    // Some saw no worker yet, some saw one recording, some came when all had ended.
    expect(scrapes.some(({ before, after }) => before[0] === 0 && after[0] === 0)).toBe(true)
    expect(scrapes.filter(({ before, after }) => (after[0] as number) > (before[0] as number)).length).toBeGreaterThan(
      50,
    )
    expect(scrapes.at(-1)?.before).toEqual(scrapes.at(-1)?.after)
  })

  test('each scrape held all that was recorded before it, and nothing twice', () => {
    const wrong: string[] = []
    for (const { source, before, after, ahead, samples } of scrapes) {
      for (const [slot, name] of COUNTS.entries()) {
        const value = samples.get(`${name}{}`) ?? Number.NaN
        const step = STEP[slot] as number
        // A million tenths are off by 1e-6 in all; one of them is 0.1.
        const rounding = step === 1 ? 0 : 0.01
        const least = (before[slot] as number) * step - rounding
        const most = ((after[slot] as number) + ahead) * step + rounding
        if (!(value >= least && value <= most)) wrong.push(`${name} by ${source}: ${value}, not ${least} to ${most}`)
      }
    }
    expect(wrong).toEqual([])
  })

  test('no sample ever went backwards', () => {
    expect(firstDrop(scrapes)).toBeUndefined()
    // The check sees a drop by one unit in the last place.
    const [last] = scrapes.slice(-1)
    const samples = new Map(last?.samples)
    samples.set('fraction_total{}', (samples.get('fraction_total{}') as number) * (1 - Number.EPSILON))
    const later = { ...(last as Scrape), start: (last as Scrape).end + 1, end: (last as Scrape).end + 2, samples }
    expect(firstDrop([...scrapes, later])).toMatch(/^fraction_total/)
  })

  test('in the end the totals are the tally, but for the one record in flight of a terminated worker', () => {
    const final = scrapes.reduce((last, scrape) => (scrape.end > last.end ? scrape : last))
    const terminated = ended.filter(({ mode }) => mode === 'loop').length
    let ahead = 0
    for (const [slot, name] of COUNTS.entries()) {
      if (name === 'fraction_total') continue
      const tallied = tallies.reduce((sum, row) => sum + (row[slot] as number), 0)
      const more = (final.samples.get(`${name}{}`) as number) - tallied
      expect(more, name).toBeGreaterThanOrEqual(0)
      ahead += more
    }
    expect(ahead).toBeLessThanOrEqual(terminated)
  })

  test('tenths too: exactly the sum of what each thread added up, rounded once', () => {
    const final = scrapes.reduce((last, scrape) => (scrape.end > last.end ? scrape : last))
    const value = final.samples.get('fraction_total{}')
    // Each terminated worker may have been one record ahead of its tally.
    let possible = [[] as number[]]
    for (const [row, { mode }] of ended.entries()) {
      const tallied = (tallies[row] as number[])[1] as number
      const counts = mode === 'loop' ? [tallied, tallied + 1] : [tallied]
      possible = possible.flatMap((sums) => counts.map((count) => [...sums, tenths(count)]))
    }
    expect(possible.map(exactSum)).toContain(value)
  })
})

/** What adding 0.1 so often comes to in a float64. */
function tenths(count: number): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += 0.1
  return sum
}
