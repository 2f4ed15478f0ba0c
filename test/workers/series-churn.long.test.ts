// Five million label sets over 10 000 series, one worker blocked for two seconds at a time: npm run test:full.
import { expect, test } from 'vitest'
import { churn } from './series-churn.js'

test('five million label sets: nothing is lost, nothing is mixed up, memory stays', async () => {
  const { resident, scrapes, workers, blocks, checked } = await churn(5_000_000, 10_000, 2000)
  console.log({ resident, scrapes, workers, blocks, checked })
  // A single measure scatters by one percent either way: the least of the last quarter, against what the second had reached.
  expect(resident).toHaveLength(16)
  expect(Math.min(...resident.slice(12)) / Math.max(...resident.slice(4, 8))).toBeLessThan(1.01)
})
