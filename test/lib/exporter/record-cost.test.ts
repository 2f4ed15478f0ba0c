// What measuring the cost of a recording means for the thread that does it, which may be the program's.
import { expect, test } from 'vitest'
import { inTurns, measureRecordCostIfDue } from '../../../dist/exporter/record-cost.js'
import { native } from '../../../dist/native.js'

test('it is done in turns, between which others have theirs', async () => {
  const order: string[] = []
  let isOver = false
  const turn = () => {
    order.push('other')
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  await inTurns(5, () => order.push('work'))
  isOver = true
  expect(order.filter((who) => who === 'work')).toHaveLength(5)
  expect(order.join(' ')).not.toContain('work work')
})

test('a program that does nothing else does not hold it up', async () => {
  // Nothing wakes the event loop but this, far later than the test may take.
  const alive = setTimeout(() => {}, 3_600_000)
  await inTurns(200, () => {})
  clearTimeout(alive)
})

test('what it throws ends nobody', async () => {
  const failed = new Promise<void>((resolve) => {
    // As where there is no memory for it. An assignment would be to the addon's own, which is not writable.
    Object.defineProperty(native, 'setRecordCost', {
      value() {
        setImmediate(resolve)
        throw new Error('no memory')
      },
    })
  })
  measureRecordCostIfDue()
  // It holds up no process, so this does.
  const alive = setTimeout(() => {}, 3_600_000)
  await failed
  clearTimeout(alive)
})
