// The kernels: each against sums in double precision that are made here, and what finds one that is wrong.
import { afterEach, expect, test } from 'vitest'
import { Random } from '../../../examples/engram/engine/random.mjs'
import { activeKernel, addon, checkKernels, useKernel } from '../../../examples/engram/index/addon.mjs'

afterEach(() => useKernel())

const NAMES = checkKernels().map(({ name }) => name)

function arrays(length: number, seed: number) {
  const random = new Random(seed)
  const floats = () => Float32Array.from({ length }, () => random.next() * 2 - 1)
  const bytes = Int8Array.from({ length }, () => random.below(255) - 127)
  return { a: floats(), b: floats(), bytes }
}

test('this machine has what its architecture always has', () => {
  expect(NAMES).toContain('scalar')
  expect(NAMES).toContain({ x64: 'sse4_2', arm64: 'neon' }[process.arch as string])
  expect(activeKernel()).toBe(NAMES[0])
})

test.each(NAMES)('%s agrees with double precision, for every length', (name) => {
  useKernel(name)
  expect(activeKernel()).toBe(name)
  let compared = 0
  for (let length = 16; length <= 1024; length += 16) {
    const { a, b, bytes } = arrays(length, length)
    const sum = (other: ArrayLike<number>) => a.reduce((all, x, i) => all + x * (other[i] as number), 0)
    // Roundings of float32: 2^-24 of the sum so far, at each of `length` steps.
    expect(Math.abs(addon.dot(a, b) - sum(b))).toBeLessThan(length * 2 ** -20)
    expect(Math.abs(addon.dotInt8(a, bytes) - sum(bytes))).toBeLessThan(127 * length * 2 ** -20)
    compared += 2
  }
  expect(compared).toBe(128)
})

test('the check finds every kernel right, and the broken one wrong', () => {
  const kernels = checkKernels()
  expect(kernels.map(({ isRight }) => isRight)).toEqual(kernels.map(() => true))
  for (const { error } of kernels) {
    expect(error).toBeGreaterThan(0) // something was computed
    expect(error).toBeLessThan(1e-6)
  }
  useKernel('broken')
  const [active, ...others] = checkKernels()
  expect(active).toMatchObject({ name: 'broken', isRight: false })
  expect(active?.error).toBeGreaterThan(0.01)
  expect(others.map(({ isRight }) => isRight)).toEqual(NAMES.map(() => true))
})

test('what is no kernel or no vector is refused', () => {
  expect(() => useKernel('avx1024')).toThrow(RangeError)
  const { a } = arrays(32, 1)
  expect(() => addon.dot(a, a.subarray(16))).toThrow(TypeError)
  expect(() => addon.dot(a.subarray(0, 20), a)).toThrow(RangeError)
  expect(() => addon.dot(a, new Float64Array(32))).toThrow(TypeError)
  expect(() => addon.dotInt8(a, new Uint8Array(32))).toThrow(TypeError)
})
