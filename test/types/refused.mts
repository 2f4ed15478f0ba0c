// What must not compile: each line below @ts-expect-error is an error, or this file is one.
import { counter, derivedGauge, gauge, histogram, info, metricsHandler, stateSet } from 'nanotally'
import { perf } from 'nanotally/hardware'

const two = counter({ name: 'two_total', help: '', labels: ['method', 'status'] })
// @ts-expect-error a missing label
two.inc({ method: 'GET' })
// @ts-expect-error a wrong label
two.inc({ method: 'GET', status: 200, path: '/' })
// @ts-expect-error a misspelt label
two.inc({ method: 'GET', statsu: 200 })
// @ts-expect-error no labels at all
two.inc()
// @ts-expect-error an amount in place of the labels
two.inc(1)
// @ts-expect-error an object as a label value
two.inc({ method: 'GET', status: {} })
// @ts-expect-error null as a label value
two.inc({ method: 'GET', status: null })
// @ts-expect-error undefined for a required label
two.inc({ method: 'GET', status: undefined })
// @ts-expect-error an amount that is no number
two.inc({ method: 'GET', status: 200 }, '1')
// @ts-expect-error too few values
two.labels('GET')
// @ts-expect-error too many values
two.labels('GET', 200, 'x')
// @ts-expect-error a missing label when binding
two.labels({ method: 'GET' })

const none = counter({ name: 'none_total', help: '' })
// @ts-expect-error labels on a metric that has none
none.inc({ method: 'GET' })
// @ts-expect-error values on a metric that has none
none.labels('GET')

const optional = counter({ name: 'optional_total', help: '', labels: ['a'], optionalLabels: ['b'] })
// @ts-expect-error the required one is missing
optional.inc({ b: 'x' })
// @ts-expect-error neither of them
optional.inc({ a: 'x', c: 'y' })

const latency = histogram({ name: 'latency_seconds', help: '', labels: ['space'] })
// @ts-expect-error an observation without labels
latency.observe(1)
// @ts-expect-error an observation without a value
latency.observe({ space: 'a' })
// @ts-expect-error a timer without labels
latency.startTimer()
// @ts-expect-error no function to time
latency.time({ space: 'a' })
// @ts-expect-error a reading without labels
latency.snapshot()
// @ts-expect-error a quantile without labels
latency.quantile(0.5)
// @ts-expect-error a quantile without q
latency.quantile({ space: 'a' })
// @ts-expect-error a snapshot is read only
latency.total().count = 5
// @ts-expect-error its buckets are, too
latency.total().buckets.push({ lower: 0, upper: 1, count: 1 })
// @ts-expect-error no snapshot
latency.total().merge({ count: 1 })

const depth = gauge({ name: 'depth', help: '' })
// @ts-expect-error nothing to set
depth.set()
// @ts-expect-error not a number
depth.set('3')
// @ts-expect-error no such aggregate
gauge({ name: 'g', help: '', aggregate: 'median' })
// @ts-expect-error help is required
counter({ name: 'x_total' })
// @ts-expect-error counters have no buckets
counter({ name: 'x_total', help: '', buckets: [1] })
// @ts-expect-error no such part
derivedGauge({ name: 'r', help: '', ratio: { of: [{ metric: two, part: 'mean' }], to: [two] } })

// @ts-expect-error an initial label set without its label
counter({ name: 'x_total', help: '', labels: ['a', 'b'], initial: [{ a: 1 }] })
// @ts-expect-error an initial label set with another label
gauge({ name: 'x', help: '', labels: ['a'], initial: [{ a: 1, c: 2 }] })
// @ts-expect-error labels on a metric that has none
histogram({ name: 'x', help: '', initial: [{ a: 1 }] })
// @ts-expect-error values by position
counter({ name: 'x_total', help: '', labels: ['a'], initial: [['x']] })

const dotted = counter({ name: 'http.requests', help: '', labels: ['http.route'] })
// @ts-expect-error a part of the label's name
dotted.inc({ route: '/' })

const build = info({ name: 'build_info', help: '', labels: ['version'] })
// @ts-expect-error a fact without its label
build.set()
// @ts-expect-error another label
build.set({ commit: 'x' })
// @ts-expect-error facts have no value
build.set({ version: 'x' }, 1)
// @ts-expect-error facts have no unit
info({ name: 'build_info', help: '', unit: 'bytes' })
// @ts-expect-error what exists from the start is told, not initial
info({ name: 'build_info', help: '', labels: ['a'], initial: [{ a: 1 }] })

const breaker = stateSet({ name: 'breaker', help: '', states: ['closed', 'open'] })
// @ts-expect-error no such state
breaker.set('ajar')
// @ts-expect-error no state
breaker.set()
// @ts-expect-error labels on a state set that has none
breaker.set({ peer: 'a' }, 'open')
const peers = stateSet({ name: 'peers', help: '', states: ['up', 'down'], labels: ['peer'] })
// @ts-expect-error a state without its labels
peers.set('up')
// @ts-expect-error no such state of a label set
peers.set({ peer: 'a' }, 'ajar')
// @ts-expect-error no states
stateSet({ name: 'x', help: '' })

// @ts-expect-error a response that has no more of what is used
metricsHandler()({ headers: {} }, { headersSent: false, setHeader() {}, end() {} })

const region = perf.region('typed')
region.measure(() => 7).toFixed()
region.measure(() => {})
// @ts-expect-error an async function
region.measure(async () => 7)
// @ts-expect-error what it returns is no string
region.measure(() => 7).trim()
// @ts-expect-error an event that is no name
perf.region('typed', { events: [7] })
