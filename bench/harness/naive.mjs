// The rival that one writes by hand in half an hour: a Map keyed by joined label values, plain objects, a loop
// over the buckets. It joins without escaping, rejects nothing and knows one thread; it is what features are paid against.

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const metrics = new Map()

export const counter = (options) => define(options, NaiveNumber)
export const gauge = counter
export const histogram = (options) => define(options, NaiveHistogram)
export const find = (name) => metrics.get(name)
export const text = async () => renderNow()

/** Renders everything on the calling thread. */
export function renderNow() {
  const lines = []
  for (const metric of metrics.values()) {
    lines.push(`# HELP ${metric.name} ${metric.help}`, `# TYPE ${metric.name} ${metric.type}`)
    for (const series of metric.series.values()) {
      const labels = metric.names.map((name, index) => `${name}="${series.values[index]}"`).join(',')
      series.render(lines, metric.name, labels)
    }
  }
  return `${lines.join('\n')}\n`
}

function define({ name, labels = [], buckets = BUCKETS }, Series) {
  const metric = new NaiveMetric(name, labels, buckets, Series)
  metrics.set(name, metric)
  return metric
}

class NaiveMetric {
  series = new Map()
  help = 'Made by a bench.'

  constructor(name, names, buckets, Series) {
    this.name = name
    this.names = names
    this.buckets = buckets
    this.Series = Series
    this.type = Series.type
    if (names.length === 0) this.alone = this.resolve([])
  }

  resolve(values) {
    const key = values.join('|')
    let series = this.series.get(key)
    if (series === undefined) {
      series = new this.Series(values, this.buckets)
      this.series.set(key, series)
    }
    return series
  }

  labels(first, ...rest) {
    if (typeof first === 'object') return this.resolve(this.names.map((name) => first[name]))
    return this.resolve([first, ...rest])
  }

  inc(labels, amount) {
    if (typeof labels === 'object') this.labels(labels).inc(amount)
    else this.alone.inc(labels)
  }

  set(labels, value) {
    if (typeof labels === 'object') this.labels(labels).set(value)
    else this.alone.set(labels)
  }

  observe(labels, value) {
    if (typeof labels === 'object') this.labels(labels).observe(value)
    else this.alone.observe(labels)
  }
}

class NaiveNumber {
  static type = 'gauge'
  value = 0

  constructor(values) {
    this.values = values
  }

  inc(amount = 1) {
    this.value += amount
  }

  set(value) {
    this.value = value
  }

  render(lines, name, labels) {
    lines.push(labels === '' ? `${name} ${this.value}` : `${name}{${labels}} ${this.value}`)
  }
}

class NaiveHistogram {
  static type = 'histogram'
  sum = 0

  constructor(values, buckets) {
    this.values = values
    this.buckets = buckets
    this.counts = new Array(buckets.length + 1).fill(0)
  }

  observe(value) {
    let index = 0
    while (index < this.buckets.length && value > this.buckets[index]) index++
    this.counts[index]++
    this.sum += value
  }

  startTimer() {
    const start = performance.now()
    return () => {
      const seconds = (performance.now() - start) / 1000
      this.observe(seconds)
      return seconds
    }
  }

  render(lines, name, labels) {
    const own = labels === '' ? '' : `{${labels}}`
    const before = labels === '' ? '' : `${labels},`
    let count = 0
    for (let index = 0; index < this.counts.length; index++) {
      count += this.counts[index]
      lines.push(`${name}_bucket{${before}le="${this.buckets[index] ?? '+Inf'}"} ${count}`)
    }
    lines.push(`${name}_sum${own} ${this.sum}`, `${name}_count${own} ${count}`)
  }
}
