// Units, thresholds and their colours: those of the catalogs, and beside them how much an alert asks for at least.
import * as grafanaUnits from '@grafana/grafana-foundation-sdk/units'
import { describe, expect, test } from 'vitest'
import { unitOf } from '../../dashboards/src/library/units.js'
import { alerts } from '../alerts/rules.js'
import { families, familyOf } from '../support/catalogs.js'
import {
  allPanels,
  dashboardFiles,
  type PanelJson,
  type PanelTarget,
  panelNamed,
  panelsOf,
} from '../support/dashboards.js'
import { overriddenThresholds, thresholdsOf } from './panels.js'

const UNITS = new Set<string>(Object.values(grafanaUnits))

function unitsOf({ fieldConfig }: PanelJson): unknown[] {
  const { defaults = {}, overrides = [] } = fieldConfig ?? {}
  const own = overrides.flatMap(({ properties }) => properties).filter(({ id }) => id === 'unit')
  return [defaults.unit, ...own.map(({ value }) => value)]
}

describe.each(dashboardFiles)('$name', ({ dashboard }) => {
  const panels = panelsOf(dashboard)

  test('units are Grafana’s', () => {
    for (const { panel } of panels) {
      for (const unit of unitsOf(panel)) expect([panel.title, UNITS.has(unit as string)]).toEqual([panel.title, true])
    }
  })

  test('thresholds ascend', () => {
    for (const { panel } of panels) {
      const all = [panel.fieldConfig?.defaults.thresholds, ...overriddenThresholds(panel)]
      for (const values of all.map((each) => each?.steps.map(({ value }) => value ?? -Infinity) ?? [])) {
        expect([panel.title, values[0]]).toEqual([panel.title, -Infinity])
        expect([panel.title, values]).toEqual([panel.title, [...new Set(values)].sort((a, b) => a - b)])
      }
    }
  })
})

test('thresholds and units are those of the catalogs', () => {
  const panel = panelNamed('streaming', 'Queue depth by priority')
  const figures = familyOf('engram_streaming_queue_depth')
  expect(panel.fieldConfig?.defaults).toMatchObject({
    unit: 'percentunit',
    thresholds: {
      steps: [
        { value: null, color: 'green' },
        { value: figures?.warning?.above, color: 'orange' },
        { value: figures?.critical?.above, color: 'red' },
      ],
    },
  })
  const bad = panelNamed('nanotally', 'Health')
  expect(bad.fieldConfig?.defaults.thresholds?.steps.map(({ color }) => color)).toEqual(['red', 'orange', 'green'])
})

test('the measures of the catalogs', () => {
  const measures = new Set(families.map(({ queryUnit, unit }) => queryUnit ?? unit ?? ''))
  expect(measures.size).toBeGreaterThan(50)
  // Numbers of things, and none of these is a duration, a share, a rate or an amount of memory.
  const short = [...measures].filter((measure) => unitOf(measure) === 'short')
  for (const measure of short) expect(measure).not.toMatch(/\bseconds?\b|byte|\bratio\b|percent|^of /)
  for (const measure of measures) expect(UNITS.has(unitOf(measure))).toBe(true)
})

test('a panel whose alert asks for so much at least says so, with its figure', () => {
  const told = new Map<string, number>()
  for (const { alert, family, source } of alerts) {
    const { least } = source
    if (least === undefined || family === undefined) continue
    for (const { panel } of allPanels) {
      const isHeld = (panel.targets ?? []).some(
        (target) =>
          (thresholdsOf(panel, target)?.steps.length ?? 0) > 1 &&
          target.expr.includes(least.of.replace(/(_count)?(\{.*\})?$/, '')),
      )
      if (!isHeld || !panel.description?.includes(`**${family.name}**: `)) continue
      const line = panel.description.split('\n\n').find((each) => each.includes(`${alert} asks`))
      expect([panel.title, line]).toEqual([
        panel.title,
        expect.stringContaining(`${least.count} ${least.things} or more`),
      ])
      told.set(alert, (told.get(alert) ?? 0) + 1)
    }
  }
  const asking = alerts.filter(({ source }) => source.least !== undefined).map(({ alert }) => alert)
  expect([...told.keys()].sort()).toEqual([...new Set(asking)].sort())
  expect(told.size).toBeGreaterThan(10)
})

test('critical alerts are red, and targets that are down', () => {
  const colors = (panel: PanelJson, target: PanelTarget | undefined) =>
    target === undefined ? [] : thresholdsOf(panel, target)?.steps.map(({ color }) => color)
  for (const [title, color] of [
    ['Critical', 'red'],
    ['Warnings', 'orange'],
  ] as const) {
    const stat = panelNamed('alert-status', title)
    expect([title, colors(stat, stat.targets?.[0])]).toEqual([title, ['green', color]])
  }
  expect(panelNamed('alert-status', 'Critical').description).toContain('critical above 0')
  const { fieldConfig } = panelNamed('alert-status', 'Firing, by severity')
  const series = fieldConfig?.overrides.map(({ matcher, properties }) => [matcher.options, properties[0]?.value])
  expect(series).toEqual([
    ['critical', { mode: 'fixed', fixedColor: 'red' }],
    ['warning', { mode: 'fixed', fixedColor: 'orange' }],
  ])
  const targets = panelNamed('overview', 'Targets that are scraped')
  expect(targets.targets?.map((each) => colors(targets, each))).toEqual([['green'], ['green', 'red']])
})
