// Regions of native code: the same as those of JavaScript, one stack for both on a thread.
import { nativeInterface, registry } from 'nanotally'
import { perf } from 'nanotally/hardware'
import { expect, test } from 'vitest'
import { read, refusal, rejections } from '../support/registry.js'
import { freshRecorder, recorder } from './recorder.js'

const RUNS = 'perf_region_runs_total'
const runs = async (region: string) => await read(registry, RUNS, { region })

test('before attachment runs are dropped and counted', async () => {
  const fresh = freshRecorder()
  const before = (await rejections(registry)).no_handle ?? 0
  expect(fresh.region('early', null)).toEqual({ status: 'NOT_ATTACHED', address: 0n })
  fresh.runRegion(0n, 2, 50)
  fresh.releaseRegion(0n)
  expect(fresh.attach(nativeInterface())).toBe('OK')
  expect((await rejections(registry)).no_handle).toBe(before + 100)
})

test('JavaScript and native threads add up in one region', async () => {
  expect(recorder.attach(nativeInterface())).toBe('OK')
  const region = perf.region('shared', { events: ['page_faults'] })
  const { status, address } = recorder.region('shared', null)
  expect(status).toBe('OK')
  expect(recorder.region('shared', ['page_faults'])).toEqual({ status: 'OK', address })
  expect(recorder.region('shared', [])).toEqual({ status: 'CONFLICT', address: 0n })
  recorder.runRegion(address, 3, 100)
  region.measure(() => {})
  expect(await runs('shared')).toBe(301)
  expect(recorder.region('native', []).status).toBe('OK')
  expect(refusal(() => perf.region('native', { events: ['page_faults'] })).code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
  for (let i = 0; i < 2; i++) recorder.releaseRegion(address)
  region.measure(() => {})
  expect(await runs('shared')).toBe(302)
})

test('regions of both nest on a thread', async () => {
  const region = perf.region('outside', { events: [] })
  const { address } = recorder.region('between', [])
  region.measure(() => recorder.aroundRegion(address, () => region.measure(() => {})))
  expect([await runs('outside'), await runs('between')]).toEqual([1, 1])
  expect(await rejections(registry, RUNS)).toEqual({})
  // What JavaScript leaves open within a native run takes that with it.
  recorder.aroundRegion(address, () => region.begin())
  expect(await rejections(registry, RUNS)).toMatchObject({ unpaired: 2 })
  expect(await runs('between')).toBe(1)
  recorder.aroundRegion(address, () => {})
  expect(await runs('between')).toBe(2)
})
