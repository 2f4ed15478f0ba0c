// What documents call a metric is one: every family of ours that they name is in a catalog, with the labels that they give it.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { CatalogFamily } from 'nanotally/catalogs'
import { describe, expect, test } from 'vitest'
import { demo } from '../../../examples/engram/engine/metrics.mjs'
import { families, seriesOf } from '../../support/catalogs.js'
import { markdownFiles } from '../../support/markdown.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const read = (path: string) => readFileSync(`${ROOT}/${path}`, 'utf8')

/** Prefixes that only our own families have. The other names in documents are those of made-up programs. */
const OURS = /^(?:engram|nanotally|nodejs|process|perf|hardware|numa)_/
/** What looks like a family and is none: functions of the C ABI, a system call, health checks, labels. */
const OTHERS = new Set([
  ...(read('native/include/nanotally.h').match(/\bnanotally_\w+/g) ?? []),
  'perf_event_open',
  'numa_imbalance',
  // Told to be left out.
  ...['nodejs_active_handles', 'nodejs_active_requests', 'nodejs_active_resources'],
  ...families.flatMap(({ labels = [], optionalLabels = [] }) => [...labels, ...optionalLabels]),
])

interface Named {
  where: string
  name: string
  labels: string[]
}

/** Metrics in the inline code of a document: `name`, `name{label}`, `name{label="value"}`, `name == 0`. */
function metricsOf(path: string): Named[] {
  const text = read(path).replaceAll(/^ *(```+|~~~+)[\s\S]*?^ *\1/gm, (block) => block.replaceAll(/[^\n]/g, ''))
  return text.split('\n').flatMap((line, i) =>
    [...line.matchAll(/`([a-z]\w*)(\*?)(?:\{([^}`]*)\})?(?: [=<>!]=? [^`]+)?`/g)].flatMap(
      ([, name = '', star, inner = '']) => {
        if (star !== '' || name.endsWith('_') || !OURS.test(name) || OTHERS.has(name)) return []
        const labels = [...inner.matchAll(/(\w+)(?:="[^"]*")?/g)].map(([, label = '']) => label)
        return [{ where: `${path}:${i + 1}`, name, labels }]
      },
    ),
  )
}

function faultOf({ name, labels }: Named, extra: readonly CatalogFamily[] = []): string | undefined {
  const known = seriesOf([...families, ...extra]).get(name)
  if (known === undefined) return `no catalog has ${name}`
  const unknown = labels.filter((label) => !known.labels.includes(label))
  return unknown.length === 0 ? undefined : `${name} has no ${unknown.join(', ')}`
}

describe('documents name metrics that there are', () => {
  const documents = markdownFiles(ROOT)
  // The demo has families of its own, which are data in the form of a catalog.
  const demoFamilies = Object.values(demo.families)

  test.each(documents)('%s', (path) => {
    const extra = path.startsWith('examples/engram/') ? demoFamilies : []
    const faults = metricsOf(path).flatMap((named) => {
      const fault = faultOf(named, extra)
      return fault === undefined ? [] : [`${named.where}: ${fault}`]
    })
    expect(faults).toEqual([])
  })

  test('there are many', () => {
    const named = new Set(documents.flatMap(metricsOf).map(({ name }) => name))
    expect(named.size).toBeGreaterThan(150)
  })

  test('the check can fail', () => {
    expect(faultOf({ where: '', name: 'engram_nothing', labels: [] })).toBe('no catalog has engram_nothing')
    expect(faultOf({ where: '', name: 'nanotally_rejected_total', labels: ['metric', 'why'] })).toBe(
      'nanotally_rejected_total has no why',
    )
  })
})
