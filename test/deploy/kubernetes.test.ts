// deploy/kubernetes: manifests as the types of Kubernetes' API have them, an autoscaler whose metrics the adapter's rules give, and
// figures that are those of the catalogs. Nothing of it runs here.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { streaming } from 'nanotally/catalogs/streaming'
import { expect, onTestFinished, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { faultsOf } from '../support/catalogs.js'
import { targetsOfPods } from '../support/deploy.js'
import { readPromql } from '../support/promql.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (name: string) => readFileSync(join(ROOT, 'deploy/kubernetes', name), 'utf8')
const [service, statefulSet, autoscaler] = parseAllDocuments(read('hpa.yaml')).map((document) => document.toJS())
const TYPES: Record<string, string> = {
  Service: "import('kubernetes-types/core/v1').Service",
  StatefulSet: "import('kubernetes-types/apps/v1').StatefulSet",
  HorizontalPodAutoscaler: "import('kubernetes-types/autoscaling/v2').HorizontalPodAutoscaler",
}

interface Metric {
  type: string
  pods: { metric: { name: string }; target: { type: string; averageValue: string } }
}
const metrics: Metric[] = autoscaler.spec.metrics

interface AdapterRule {
  seriesQuery: string
  resources: unknown
  name: { as: string }
  metricsQuery: string
}
const rules: AdapterRule[] = parse(read('prometheus-adapter.yaml')).rules.custom

/** What the compiler finds fault with in manifests, a line each. */
function faultsOfTypes(manifests: readonly { kind: string }[]): string[] {
  // Inside the package, so that the types are found.
  mkdirSync(join(ROOT, 'build'), { recursive: true })
  const folder = mkdtempSync(join(ROOT, 'build', 'kubernetes-types-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const files = manifests.map((manifest, i) => {
    const file = join(folder, `manifest-${i}.mts`)
    writeFileSync(file, `export const it: ${TYPES[manifest.kind]} = ${JSON.stringify(manifest, undefined, 1)}\n`)
    return file
  })
  const flags =
    '--ignoreConfig --noEmit --strict --skipLibCheck --target es2022 --module esnext --moduleResolution bundler --types node'
  const { stdout } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', ...flags.split(' '), ...files], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  return stdout.split('\n').filter((line) => line.includes('error TS'))
}

test('manifests are what the types of Kubernetes’ API say; what is not, is told', () => {
  const changed = <T extends { kind: string }>(from: T, change: (copy: T) => void) => {
    const copy = structuredClone(from)
    change(copy)
    return copy
  }
  const broken = [
    changed(autoscaler, ({ spec }) => {
      spec.maxReplica = 3
    }),
    changed(autoscaler, ({ spec }) => {
      spec.metrics[0].pods.target.averageValue = { value: 70 }
    }),
    changed(autoscaler, ({ spec }) => {
      delete spec.metrics[1].pods.metric.name
    }),
    changed(autoscaler, ({ spec }) => {
      spec.behavior.scaleUp.policies[0].periodSeconds = '120'
    }),
    changed(statefulSet, ({ spec }) => {
      spec.template.spec.terminationGracePeriod = 60
    }),
    changed(statefulSet, ({ spec }) => {
      spec.template.spec.containers[0].lifecycle.preStop.exec = 'sleep 20'
    }),
  ]
  const manifests = [service, statefulSet, autoscaler]
  const faults = faultsOfTypes([...manifests, ...broken])
  const at = (i: number) => faults.filter((line) => line.includes(`manifest-${i}.mts`))
  expect(manifests.flatMap((_, i) => at(i))).toEqual([])
  expect(broken.map((_, i) => at(i + manifests.length).length > 0)).toEqual(broken.map(() => true))
})

test('the autoscaler is about the set, by metrics that the adapter’s rules give', () => {
  const { scaleTargetRef, minReplicas, maxReplicas, behavior } = autoscaler.spec
  const { apiVersion, kind, metadata, spec } = statefulSet
  expect(scaleTargetRef).toEqual({ apiVersion, kind, name: metadata.name })
  expect(spec.replicas).toBeUndefined()
  expect(minReplicas).toBeGreaterThan(1)
  expect(maxReplicas).toBeGreaterThan(minReplicas)
  expect(metrics.map(({ pods }) => pods.metric.name).sort()).toEqual(rules.map(({ name }) => name.as).sort())
  for (const { type, pods } of metrics) expect([type, pods.target.type]).toEqual(['Pods', 'AverageValue'])
  // What the types leave open.
  for (const { selectPolicy, policies } of [behavior.scaleUp, behavior.scaleDown]) {
    expect(['Max', 'Min', 'Disabled']).toContain(selectPolicy)
    for (const { type, periodSeconds } of policies) {
      expect(['Pods', 'Percent']).toContain(type)
      expect(periodSeconds).toBeLessThanOrEqual(1800)
    }
  }
  expect(behavior.scaleDown.stabilizationWindowSeconds).toBeLessThanOrEqual(3600)
})

test('its figures are those of the catalog', () => {
  const { queueDepth, observationsRejected } = streaming.families
  const targets = Object.fromEntries(metrics.map(({ pods }) => [pods.metric.name, pods.target.averageValue]))
  expect(targets).toEqual({
    engram_streaming_worker_utilization: '70',
    engram_streaming_queue_utilization: `${1000 * (queueDepth?.expected[1] ?? 0)}m`,
    engram_streaming_rejected_ratio: `${1000 * (observationsRejected?.warning?.above ?? 0)}m`,
  })
  expect(autoscaler.spec.behavior.scaleUp.stabilizationWindowSeconds).toBe(queueDepth?.warning?.forSeconds)
})

test('its pods are scraped, with the labels by which the adapter finds them; its service has them', () => {
  const { labels, annotations } = statefulSet.spec.template.metadata
  const told = Object.entries({ ...labels }).map(([name, value]) => [`pod_label_${name}`, value])
  const asked = Object.entries({ ...annotations }).map(([name, value]) => [
    `pod_annotation_${name.replaceAll(/[./]/g, '_')}`,
    value,
  ])
  const pod = { namespace: 'shop', pod_name: 'engram-0', pod_node_name: 'n1', pod_phase: 'Running' }
  const [{ ports }] = statefulSet.spec.template.spec.containers
  expect(
    targetsOfPods([{ address: '10.0.0.1:80', told: { ...pod, ...Object.fromEntries([...told, ...asked]) } }]),
  ).toEqual([
    [
      `http://10.0.0.1:${ports[0].containerPort}/metrics`,
      { job: 'engram', instance: 'shop/engram-0', namespace: 'shop', pod: 'engram-0', node: 'n1' },
    ],
  ])
  expect(service.metadata.name).toBe(statefulSet.spec.serviceName)
  expect(service.spec.selector).toEqual(labels)
  expect(service.spec.clusterIP).toBe('None')
})

test('pods get the time that they need to end', () => {
  const { terminationGracePeriodSeconds, containers } = statefulSet.spec.template.spec
  const [, wait] = containers[0].lifecycle.preStop.exec.command
  const page = readFileSync(join(ROOT, 'docs/capacity.md'), 'utf8')
  const drain = Number(/^\| to empty full queues \|.*\| ([\d.]+) s \|$/m.exec(page)?.[1])
  // Twice what the example comes to: a machine may be slower.
  expect(terminationGracePeriodSeconds).toBeGreaterThan(Number(wait) + 2 * drain)
})

test('the adapter’s queries are PromQL over families of the catalogs', () => {
  expect(rules.length).toBe(3)
  for (const { seriesQuery, metricsQuery } of rules) {
    // The labels by which Kubernetes' pods are found are put on targets by relabelling.
    expect(readPromql(seriesQuery).errors).toEqual([])
    expect(faultsOf(seriesQuery.replace('{namespace!="",pod!=""}', ''))).toEqual([])
    expect(seriesQuery).toContain('{namespace!="",pod!=""}')
    const asked = metricsQuery.replaceAll('<<.GroupBy>>', 'instance').replaceAll('<<.LabelMatchers>>', 'job="engram"')
    expect([asked, faultsOf(asked)]).toEqual([asked, []])
    const { selectors, groupings } = readPromql(asked)
    expect(selectors.every(({ labels }) => labels.includes('job'))).toBe(true)
    expect(groupings.length).toBeGreaterThan(0)
  }
})
