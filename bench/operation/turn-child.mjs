// Times turns of the event loop that do nothing: without nanotally, with its heartbeat, and measured.
import { childTask, release, report } from '../harness/child.mjs'

const WARM_UP = 5000

const { kind, turns } = childTask()
const { collectRuntimeMetrics, Registry } = kind === 'none' ? {} : await import('nanotally')
const registry = kind === 'measured' ? new Registry() : undefined
const runtime = registry && collectRuntimeMetrics({ registry })

function run(count) {
  return new Promise((resolve) => {
    let left = count
    const turn = () => (--left > 0 ? setImmediate(turn) : resolve())
    setImmediate(turn)
  })
}

await run(WARM_UP)
const start = process.hrtime.bigint()
await run(turns)
const nanoseconds = Number(process.hrtime.bigint() - start) / turns
if (registry) {
  const told = Number(/^nodejs_eventloop_delay_seconds_count{.*} (\d+)$/m.exec(await registry.metrics())?.[1])
  if (!(told >= turns)) throw new Error(`${told} of ${turns} turns were recorded`)
}
await report({ measures: { nanoseconds } })
runtime?.stop()
release()
