// until: the first result counts, a throwing probe ends the wait, the deadline is an error.
import { expect, test } from 'vitest'
import { until } from '../support/until.js'

test('resolves with the first result that is neither undefined nor false', async () => {
  const answers = [undefined, false, 0, 1] as const
  let asked = 0
  expect(await until<number>('an answer', () => answers[asked++])).toBe(0)
  expect(asked).toBe(3)
})

test('what the probe throws ends the wait', async () => {
  await expect(until('nothing', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
})

test('the deadline names what was waited for', async () => {
  await expect(until('a wonder', () => undefined, 50)).rejects.toThrow('waited 50 ms in vain for a wonder')
})
