// Which histograms have a heat map: of exponential ones a native one and a twin of classic buckets, of others a classic one.
import * as grafanaUnits from '@grafana/grafana-foundation-sdk/units'
import type { CatalogFamily } from 'nanotally/catalogs'
import { expect, test } from 'vitest'
import { unitOf } from '../../dashboards/src/library/units.js'
import { WITHOUT_HEAT_MAP } from '../../dashboards/src/without-heat-map.js'
import { families, familyOf } from '../support/catalogs.js'
import { allPanels, asSent, dashboardFiles, panelsOf } from '../support/dashboards.js'

const { Seconds, Milliseconds, Nanoseconds } = grafanaUnits

/** Of a histogram what a heat map asks for, as it would be sent: native ones, or classic buckets. */
const NATIVE_HEAT = /^sum\(rate\((\w+)\{instance=~"\.\*"\}\[\w+\]\)\)$/
const CLASSIC_HEAT = /^sum by \(le\) \(rate\((\w+)_bucket\{instance=~"\.\*"\}\[\w+\]\)\)$/

/** Histograms without the heat map that they could have: of exponential ones a native one and its twin, else a classic one. */
function withoutHeatMap(histograms: readonly CatalogFamily[]): string[] {
  const drawn = new Set<string>()
  for (const { panel } of allPanels) {
    if (panel.type !== 'heatmap') continue
    for (const { expr } of panel.targets ?? []) {
      const [, native] = NATIVE_HEAT.exec(asSent(expr)) ?? []
      const [, classic] = CLASSIC_HEAT.exec(asSent(expr)) ?? []
      if (native !== undefined) drawn.add(`native ${native}`)
      if (classic !== undefined) drawn.add(`classic ${classic}`)
    }
  }
  return histograms
    .filter(({ name, buckets }) => {
      const isExponential = buckets === undefined
      return !drawn.has(`classic ${name}`) || isExponential !== drawn.has(`native ${name}`)
    })
    .map(({ name }) => name)
}

test('each heat map of native histograms has a twin of classic buckets', () => {
  let twins = 0
  for (const { dashboard } of dashboardFiles) {
    const panels = panelsOf(dashboard).map(({ panel }) => panel)
    for (const { type, title, targets } of panels) {
      const [, histogram] = /^sum\(rate\((\w+)\{/.exec(targets?.[0]?.expr ?? '') ?? []
      if (type !== 'heatmap' || histogram === undefined) continue
      const twin = panels.find((panel) => panel.title === `${title}, classic buckets`)
      expect(twin?.targets?.[0]?.expr).toMatch(new RegExp(`^sum by \\(le\\) \\(rate\\(${histogram}_bucket\\{`))
      twins++
    }
  }
  expect(twins).toBeGreaterThan(15)
})

test('every histogram of every catalog has a heat map and its classic twin, or a reason why not', () => {
  const histograms = families.filter(({ type }) => type === 'histogram')
  expect(histograms.length).toBeGreaterThan(30)
  expect(withoutHeatMap(histograms).sort()).toEqual(Object.keys(WITHOUT_HEAT_MAP).sort())
  for (const [name, reason] of Object.entries(WITHOUT_HEAT_MAP)) {
    expect([name, reason]).toEqual([name, expect.stringMatching(/^.{20,}$/)])
    // What takes time has a heat map: a reason is for other distributions.
    const { unit, queryUnit } = familyOf(name) ?? {}
    const measure = unitOf(unit ?? queryUnit ?? '')
    expect([name, [Seconds, Milliseconds, Nanoseconds].includes(measure)]).toEqual([name, false])
  }
  const another: CatalogFamily = {
    name: 'another_latency',
    type: 'histogram',
    help: 'h',
    query: 'another_latency',
    expected: [0, 1],
    source: 'nothing',
  }
  expect(withoutHeatMap([another])).toEqual(['another_latency'])
})
