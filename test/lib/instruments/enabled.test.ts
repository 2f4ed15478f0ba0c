// enabled: false makes one metric a no-op: the same calls work, nothing is exposed, counted or warned of.
import { counter, derivedGauge, gauge, histogram, Registry } from 'nanotally'
import { expect, test } from 'vitest'

test('every instrument', async () => {
  const registry = new Registry()
  const options = { help: 'h', labels: ['l'], enabled: false, registry } as const
  const c = counter({ ...options, name: 'c_total' })
  const g = gauge({ ...options, name: 'g', collect: () => expect.unreachable('a disabled gauge was asked') })
  const exponential = histogram({ ...options, name: 'exponential' })
  const explicit = histogram({ ...options, name: 'explicit', buckets: Array.from({ length: 1000 }, (_, i) => i) })
  for (let l = 0; l < 10; l++) {
    c.inc({ l })
    c.inc({ l }, -1)
    c.inc({} as { l: number })
    c.labels(l).inc(2)
    g.set({ l }, 1)
    g.labels({ l }).dec()
    for (const h of [exponential, explicit]) {
      for (const value of [0, -0, 1, -1, 1e300, 1e-300, 5e-324, Number.POSITIVE_INFINITY, Number.NaN, 999.5, 2000]) {
        h.observe({ l }, value)
        h.labels(l).observe(value)
      }
      expect(h.labels(l).startTimer()()).toBeGreaterThanOrEqual(0)
      expect(h.time({ l }, () => 'x')).toBe('x')
    }
  }
  derivedGauge({ name: 'ratio', help: 'h', registry, ratio: { of: [c], to: [c] } })
  expect(await registry.metrics()).toBe('')
})

test('it takes no name: an enabled metric may have it, and records as ever', async () => {
  const registry = new Registry()
  const off = counter({ name: 'c', help: 'h', enabled: false, registry })
  const on = gauge({ name: 'c', help: 'h', registry })
  off.inc(100)
  on.set(1)
  expect(await registry.metrics()).toContain('\nc 1\n')
  expect(registry.remove('c')).toBe(true)
  off.inc()
  expect(await registry.metrics()).toBe('')
})
