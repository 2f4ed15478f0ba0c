// A short churn of label sets; the long one is series-churn.long.test.ts.
import { expect, test } from 'vitest'
import { churn } from './series-churn.js'

test('label sets that come and go: every recording is live, overflowed or expired, and in no other series', async () => {
  const { scrapes } = await churn(400_000, 1000, 300)
  expect(scrapes).toBeGreaterThan(10)
})
