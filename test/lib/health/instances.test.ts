// Instances of the package in one thread, as module resets make them, that have checks of one name.
import { createRequire } from 'node:module'
import { type health as Health, health } from 'nanotally'
import { expect, test } from 'vitest'
import { until } from '../../support/until.js'

/** Another instance than the one that is imported. */
function freshHealth(): typeof Health {
  const require = createRequire(import.meta.url)
  const dist = require.resolve('nanotally').replace(/index\.js$/, '')
  for (const path of Object.keys(require.cache)) if (path.startsWith(dist)) delete require.cache[path]
  return require('nanotally').health
}

test('the worst of them is told, for as long as it is there', async () => {
  const other = freshHealth()
  expect(other).not.toBe(health)
  const told = () => health.report().checks.find(({ name }) => name === 'db')
  const well = health.register('db', () => {}, { intervalMs: 10 })
  const ill = other.register('db', () => ({ status: 'degraded' as const, message: 'slow' }), { intervalMs: 10 })
  await until('both to have run', () => told()?.status === 'degraded')
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(told()?.message).toBe('slow')
  }
  ill.stop()
  expect(told()?.status).toBe('healthy')
  well.stop()
  expect(told()).toBeUndefined()
})
