// The entry of the watch's worker thread: renders what is watched, evaluates it, and tells what begins and ends.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { alertingMetrics, type EvaluationOutcome } from '../../../catalogs/alerting.js'
import { registry as defaultRegistry, Registry } from '../../../index.js'
import type { FromWatchWorker, ToWatchWorker, WatchSetup } from './messages.js'
import { SeriesStore } from './store.js'
import { Thresholds, windowsOf } from './thresholds.js'

const port = parentPort as MessagePort
const setup = workerData as WatchSetup
const { thresholds: planned, known, intervalMs, collectTimeoutMs, maxSeries } = setup

const registry = setup.registry === defaultRegistry.name ? defaultRegistry : new Registry(setup.registry)
const metrics = alertingMetrics({ registry })
const duration = metrics.watchDuration.labels()
const lag = metrics.watchLag.labels()
const series = metrics.watchSeries.labels()
const windows = windowsOf(planned)
const names = [...windows.keys()]
const store = new SeriesStore(windows, maxSeries)
const thresholds = new Thresholds(planned, known, performance.now())

let timer: NodeJS.Timeout | undefined
let isClosing = false
let isFirst = true

function tell(message: FromWatchWorker): void {
  port.postMessage(message)
}

function count(outcomes: ReadonlyMap<EvaluationOutcome, number>): void {
  for (const [outcome, amount] of outcomes) metrics.watchEvaluations.inc({ outcome }, amount)
}

async function evaluate(): Promise<void> {
  const start = performance.now()
  const { body } = await registry.render({ names, collectTimeoutMs })
  // The moment of the values, as near as it is known.
  store.update((body as Buffer).toString(), performance.now())
  const { alerts, outcomes, violated, givenUp } = thresholds.evaluate(store, Date.now())
  if (alerts.length > 0) tell({ type: 'alerts', alerts })
  for (const { threshold, reason } of givenUp) {
    const { catalog, name, severity, query } = threshold
    tell({ type: 'given-up', thresholds: [{ catalog, name, severity, query }], reason })
  }
  if (isFirst) tell({ type: 'watching' })
  isFirst = false
  count(outcomes)
  for (const { catalog, severity } of violated) metrics.watchViolations.inc({ catalog, severity })
  series.set(store.size)
  duration.observe((performance.now() - start) / 1000)
}

/** Evaluates at the times that are due: what was missed, as the thread did not get to run, is not made up for. */
function schedule(due: number): void {
  timer = setTimeout(
    () => {
      lag.observe(Math.max(performance.now() - due, 0) / 1000)
      evaluate().then(
        () => {
          const missed = Math.floor(Math.max(performance.now() - due, 0) / intervalMs)
          if (!isClosing) schedule(due + (missed + 1) * intervalMs)
        },
        (error) => {
          if ((error as { code?: unknown }).code !== 'ERR_NANOTALLY_REGISTRY_CLOSED') throw error
          tell({ type: 'ended' })
          port.close()
        },
      )
    },
    Math.max(due - performance.now(), 0),
  )
}

port.on('message', (message: ToWatchWorker) => {
  if (message.type !== 'close') return
  isClosing = true
  clearTimeout(timer)
  port.close()
})
schedule(performance.now())
