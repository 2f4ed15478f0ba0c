// The example for users: what it prints, and its series under recordings by every kind of thread.
import { expect, test } from 'vitest'
import { assertEnded, runChild } from '../support/children.js'
import { parseTextFormat, sampleValue } from '../support/text-format.js'

test('its tour: every kind of thread records into one series', async () => {
  const result = await runChild(new URL('../../examples/native-addon/main.mjs', import.meta.url))
  assertEnded(result)
  expect(result.stderr).toBe('')
  const [first, difference, ...lines] = result.stdout.trimEnd().split('\n')
  expect(first).toMatch(/^10 searches among 5000 vectors, in C\+\+ with (avx2|neon|scalar)$/)
  expect(Number(difference?.split(': ')[1])).toBeLessThan(1e-5)
  expect(lines).toEqual([
    'kernel_calls_total{kernel="cosine"} 50000',
    expect.stringMatching(/^kernel_seconds_sum\{kernel="cosine"\} \d+\.\d+$/),
    // JavaScript, four threads, eight searches on the pool.
    'kernel_seconds_count{kernel="cosine"} 13',
    'kernel_threads{kernel="cosine"} 0',
  ])
})

test.each([
  ['restartable sequences', {}],
  ['atomics', { GLIBC_TUNABLES: 'glibc.pthread.rseq=0' }],
])(
  'std::threads, the pool, workers and the main thread, by %s: every scrape is consistent, the sum exact',
  async (_, env) => {
    const result = await runChild(new URL('fixtures/storm.mjs', import.meta.url), { env, timeoutMs: 170_000 })
    assertEnded(result)
    const messages = result.messages as { scrape: string }[]
    const { tallies, participants } = messages.at(-1) as unknown as {
      tallies: { calls: number; observations: number }[]
      participants: number
    }
    const of = (what: 'calls' | 'observations') => tallies.reduce((sum, tally) => sum + tally[what], 0)

    const kernel = { kernel: 'cosine' }
    const latest = new Map<string, number>()
    const seen = new Set<number>()
    for (const { scrape } of messages) {
      const families = parseTextFormat(scrape) // also: buckets are cumulative, and +Inf is the count
      for (const { samples, type } of families.values()) {
        for (const { name, labels, value } of samples) {
          if (type === 'gauge') continue
          const key = `${name}${JSON.stringify(labels)}`
          expect(value, key).toBeGreaterThanOrEqual(latest.get(key) ?? 0)
          latest.set(key, value)
        }
      }
      const running = sampleValue(families, 'kernel_threads', kernel) as number
      expect(running).toBeGreaterThanOrEqual(0)
      expect(running).toBeLessThanOrEqual(participants)
      seen.add(sampleValue(families, 'kernel_calls_total', kernel) as number)
    }
    expect(seen.size, 'scrapes that saw another sum').toBeGreaterThan(20)

    const last = parseTextFormat(messages.at(-1)?.scrape ?? '')
    expect(sampleValue(last, 'kernel_calls_total', kernel)).toBe(of('calls'))
    expect(sampleValue(last, 'kernel_seconds_count', kernel)).toBe(of('observations'))
    expect(sampleValue(last, 'kernel_threads', kernel)).toBe(0)
    expect(last.has('nanotally_rejected_total')).toBe(false)
  },
)
