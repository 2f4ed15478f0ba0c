// Every query of every dashboard, asked of the real Prometheus 3.5 as Grafana would ask, returns data: over the range that the
// dashboard opens with, in steps of the data source that is shipped. What is scraped, and what of it is made up, is in
// test/support/catalog-stack.ts. It is as old as the test, so that most steps of a range find nothing.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ask, type CatalogStack, hasData, madeUp, type Range, startCatalogStack } from '../support/catalog-stack.js'
import {
  allPanels,
  asSent,
  type DashboardJson,
  dashboardFiles,
  FOLDER,
  type PanelTarget,
  panelsOf,
} from '../support/dashboards.js'
import { TIME_FACTOR } from '../support/time-factor.mjs'
import { until } from '../support/until.js'

/** What issue 9 gives all queries of a dashboard together. */
const BUDGET_MS = 2000 * TIME_FACTOR
const { datasources } = parse(readFileSync(join(FOLDER, 'provisioning', 'datasources.yaml'), 'utf8'))
/** Between two scrapes, as Grafana is told. It takes no shorter steps, and a panel has room for more of them than there are. */
const STEP_SECONDS = Number.parseInt(datasources[0].jsonData.timeInterval, 10)
/** Grafana's `$__rate_interval` for that step. */
const RATE_INTERVAL = `${4 * STEP_SECONDS}s`
/** The least that a panel of half the width of a screen has. */
const MAX_STEPS = 600

let stack: CatalogStack

beforeAll(async () => {
  stack = await startCatalogStack()
})

afterAll(() => stack?.stop())

/** What a dashboard opens with. @throws RangeError where Grafana would take longer steps */
function rangeOf({ time: { from, to } }: DashboardJson): Range {
  const seconds = 60 * Number(/^now-(\d+)m$/.exec(from)?.[1])
  if (!(seconds <= MAX_STEPS * STEP_SECONDS) || to !== 'now') throw new RangeError(`from ${from} to ${to}`)
  return { seconds, stepSeconds: STEP_SECONDS }
}

/** The queries of a dashboard that return no data, asked all at once, each with its panel; and how long that took. */
async function emptyQueries(
  targets: readonly { title: string; target: PanelTarget }[],
  range: Range,
  instances?: string,
): Promise<{ empty: string[]; elapsedMs: number }> {
  const begin = performance.now()
  const found = await Promise.all(
    targets.map(async ({ title, target: { expr, instant = false } }) => {
      const sent = asSent(expr, { rateInterval: RATE_INTERVAL, ...(instances && { instances }) })
      // Those of servers are asked for whatever instance is chosen.
      const asked = instances === undefined ? sent : sent.replaceAll(/\balertmanager_\w+/g, '$&{synthetic=""}')
      const series = await ask(stack.prometheus, asked, instant ? undefined : range)
      return hasData(series) ? [] : [`${title}: ${expr}`]
    }),
  )
  return { empty: found.flat(), elapsedMs: performance.now() - begin }
}

describe.each(dashboardFiles)('$name', ({ name, dashboard }) => {
  const targets = panelsOf(dashboard).flatMap(({ panel }) =>
    (panel.targets ?? []).map((target) => ({ title: panel.title, target })),
  )
  const range = rangeOf(dashboard)

  test('every query returns data, all of them within 2 s', async () => {
    expect(targets.length).toBeGreaterThan(10)
    let answer = await emptyQueries(targets, range)
    // Some of what the engine does comes after a while, and the machine may have had something else to do.
    await until('data', async () => {
      answer = await emptyQueries(targets, range)
      return answer.empty.length === 0 && answer.elapsedMs < BUDGET_MS
    }).catch(() => {})
    const { empty, elapsedMs } = answer
    expect(empty).toEqual([])
    console.log(`${name}: ${targets.length} queries in ${Math.round(elapsedMs)} ms`)
    expect(elapsedMs).toBeLessThan(BUDGET_MS)
  })

  test('what is made up is needed only by what is listed', async () => {
    const { empty } = await emptyQueries(targets, range, stack.real)
    const reasons = new Map(
      empty.map((query) => {
        const found = [...madeUp.values()].find(({ family }) =>
          new RegExp(`\\b${family.name}(_bucket)?\\b`).test(query),
        )
        return [query, found?.reason] as const
      }),
    )
    for (const reason of new Set(reasons.values())) {
      const of = [...reasons].filter(([, each]) => each === reason)
      console.log(`${name}: ${of.length} of ${targets.length} queries made up: ${reason}`)
    }
    expect([...reasons].filter(([, reason]) => reason === undefined)).toEqual([])
  })
})

test('a query that returns nothing would be told', async () => {
  const nothing = { refId: 'A', expr: 'sum(rate(engram_streaming_queue_depth{priority="none"}[$__rate_interval]))' }
  const noNumber = { refId: 'A', expr: '0 * sum(engram_streaming_queue_capacity) / 0' }
  const targets = [nothing, noNumber].map((target) => ({ title: 'panel', target }))
  const { empty } = await emptyQueries(targets, { seconds: 60, stepSeconds: STEP_SECONDS })
  expect(empty).toHaveLength(2)
})

test('a share of failures is 0 before the first of them', async () => {
  const shares = allPanels.flatMap(({ panel }) => panel.targets ?? []).filter(({ expr }) => / or 0 \* /.test(expr))
  expect(shares.length).toBeGreaterThan(12)
  // What is divided is of a series that there is not.
  const before = shares.map(({ expr }) =>
    asSent(expr, { rateInterval: RATE_INTERVAL }).replace(/\b\w+(?=\{instance)/, 'none'),
  )
  const [rejected] = before.filter((expr) => expr.includes('engram_streaming_observations_total'))
  for (const expr of before.filter((each) => each !== rejected)) {
    const values = (await ask(stack.prometheus, expr)).map(({ value }) => Number(value?.[1]))
    // Of nothing it is no number.
    const numbers = values.filter((value) => !Number.isNaN(value))
    expect([expr, numbers.length > 0, numbers.filter((value) => value !== 0)]).toEqual([expr, true, []])
  }
  const none = String(rejected).replaceAll('engram_streaming_observations_rejected_total', 'none')
  expect((await ask(stack.prometheus, none)).map(({ value }) => value?.[1])).toEqual(['0'])
})

test('what is made up is marked so', async () => {
  expect(madeUp.size).toBeGreaterThan(20)
  const unmarked = await ask(
    stack.prometheus,
    `count({instance="${stack.made}", synthetic="", __name__=~"${[...madeUp.keys()].join('|')}"})`,
  )
  expect(unmarked).toEqual([])
})
