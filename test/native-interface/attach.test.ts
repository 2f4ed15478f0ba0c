// Attaching an addon to a copy of nanotally: before, twice, to something else, in either order, to one of two copies.
import { cpSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as nanotally from 'nanotally'
import { nativeInterface, registry } from 'nanotally'
import { describe, expect, test, vi } from 'vitest'
import { ADDON } from '../support/addon.js'
import { assertEnded, runChild } from '../support/children.js'
import { read, rejections } from '../support/registry.js'
import { temporaryFolder } from '../support/temporary.js'
import { parseTextFormat, sampleValue } from '../support/text-format.js'
import { freshRecorder, handleOf, type Recorder } from './recorder.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const withoutHandle = async () => (await rejections(registry)).no_handle ?? 0

/** One recording of each kind through NULL. */
function recordThroughNull(recorder: Recorder): void {
  for (const what of ['add', 'set', 'change', 'observe'] as const) recorder.record(what, 0, [1])
}

describe('before attachment', () => {
  test('gets give no handle, releases and recordings do nothing', async () => {
    const before = await withoutHandle()
    const recorder = freshRecorder()
    for (const type of ['counter', 'gauge', 'histogram'] as const) {
      expect(recorder.get(type, 'early')).toEqual({ status: 'NOT_ATTACHED', handle: 0 })
    }
    expect(recorder.getToNowhere()).toEqual(['INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'INVALID_ARGUMENT'])
    recorder.release(0)
    recordThroughNull(recorder)
    expect(await withoutHandle()).toBe(before)
  })

  test('recordings through NULL are counted with the attachment, exactly, and so are later ones', async () => {
    const before = await withoutHandle()
    const recorder = freshRecorder()
    for (let i = 0; i < 25; i++) recordThroughNull(recorder)
    expect(await withoutHandle()).toBe(before)
    expect(recorder.attach(nativeInterface())).toBe('OK')
    expect(await withoutHandle()).toBe(before + 100)
    recordThroughNull(recorder)
    recorder.release(0)
    expect(await withoutHandle()).toBe(before + 104)
  })

  test('threads that record through NULL meanwhile: each recording is counted once', async () => {
    const before = await withoutHandle()
    const recorder = freshRecorder()
    const team = recorder.start(3, 'add', 0, [1])
    while (recorder.recordings(team) < 1000);
    expect(recorder.attach(nativeInterface())).toBe('OK')
    const attachedAt = recorder.recordings(team)
    while (recorder.recordings(team) < attachedAt + 1000);
    const recordings = recorder.end(team, true)
    expect(await withoutHandle()).toBe(before + recordings)
  })
})

describe('attachment', () => {
  test('again, in another thread or after a refusal, is harmless', async () => {
    const recorder = freshRecorder()
    expect(recorder.attach({})).toBe('INCOMPATIBLE')
    const value = nativeInterface()
    for (const again of [value, value, nativeInterface()]) expect(recorder.attach(again)).toBe('OK')
    const handle = handleOf(recorder, 'counter', 'attached_twice_total')
    recorder.record('add', handle, [1])
    expect(recorder.attach(nativeInterface())).toBe('OK')
    recorder.record('add', handle, [1])
    expect(await read(registry, 'attached_twice_total')).toBe(2)
  })

  test('what is not an External', () => {
    const recorder = freshRecorder()
    for (const value of [undefined, null, 0, 1n, 'x', Symbol('x'), {}, [], () => {}, nanotally]) {
      expect(recorder.attach(value)).toBe('INCOMPATIBLE')
    }
  })

  test('an External that is not tagged, or by someone else', () => {
    const recorder = freshRecorder()
    expect(recorder.attach(recorder.external('none', 1, 0))).toBe('INCOMPATIBLE')
    expect(recorder.attach(recorder.external('other', 1, 0))).toBe('INCOMPATIBLE')
  })

  test('a table of another version, or a smaller one', () => {
    const recorder = freshRecorder()
    for (const version of [0, 2]) expect(recorder.attach(recorder.external('right', version, 0))).toBe('INCOMPATIBLE')
    for (const smaller of [1, 8]) expect(recorder.attach(recorder.external('right', 1, smaller))).toBe('INCOMPATIBLE')
    expect(recorder.attachNoTable()).toBe('INVALID_ARGUMENT')
    // None of it attached anything; the checks refuse no more than they should: such a table is accepted when it is right,
    // also one that has grown.
    expect(recorder.attach(nativeInterface())).toBe('OK')
    expect(freshRecorder().attach(recorder.external('right', 1, 0))).toBe('OK')
    expect(freshRecorder().attach(recorder.external('right', 1, -8))).toBe('OK')
  })

  test.each(['nanotally', 'addon'])('with %s loaded first', async (first) => {
    const result = await runChild(new URL('fixtures/order.mjs', import.meta.url), { args: [first] })
    assertEnded(result)
    const [text] = result.messages as [string]
    expect(sampleValue(parseTextFormat(text), 'ordered_total')).toBe(3)
  })
})

describe('two copies of nanotally in one process', () => {
  /** What users get when two packages depend on different versions. */
  function secondCopy(): typeof nanotally {
    const folder = temporaryFolder()
    for (const path of ['package.json', 'dist']) cpSync(join(ROOT, path), join(folder, path), { recursive: true })
    cpSync(ADDON, join(folder, 'native/build/Release/nanotally.node'), { dereference: true })
    vi.stubEnv('NANOTALLY_ADDON', undefined)
    try {
      return createRequire(import.meta.url)(join(folder, 'dist/index.js'))
    } finally {
      vi.unstubAllEnvs()
    }
  }

  test('each sees what was attached to it', async () => {
    const copies = [nanotally, secondCopy()]
    const recorders = copies.map(() => freshRecorder())
    copies.forEach((copy, i) => {
      expect(recorders[i]?.attach(copy.nativeInterface())).toBe('OK')
      copy.counter({ name: 'copies_total', help: 'h' }).inc(100)
    })
    recorders.forEach((recorder, i) => {
      recorder.record('add', handleOf(recorder, 'counter', 'copies_total'), [i + 1])
    })
    expect(await read(nanotally.registry, 'copies_total')).toBe(101)
    expect(await read((copies[1] as typeof nanotally).registry, 'copies_total')).toBe(102)
  })

  test('an addon stays with the copy that it was attached to', async () => {
    const second = secondCopy()
    const recorder = freshRecorder()
    expect(recorder.attach(nativeInterface())).toBe('OK')
    expect(recorder.attach(second.nativeInterface())).toBe('ATTACHED_ELSEWHERE')
    const handle = handleOf(recorder, 'counter', 'stays_total')
    recorder.record('add', handle, [1])
    recordThroughNull(recorder)
    expect(await read(registry, 'stays_total')).toBe(1)
    expect(await second.registry.metrics()).toBe('')
  })
})
