// checkMetrics and checkConfig pass on promtool's verdict.
import { expect, test } from 'vitest'
import { checkConfig, checkMetrics } from '../support/promtool.js'

test('a sound exposition is accepted', async () => {
  expect(await checkMetrics('# HELP x_total Help.\n# TYPE x_total counter\nx_total{a="\\"\\\\\\n"} 1e308\n')).toEqual(
    [],
  )
})

test('a broken one is not', async () => {
  expect((await checkMetrics('x{a="1} 1\n')).join('\n')).toContain('text format parsing error in line 1')
})

test('nor is one that its linter dislikes', async () => {
  expect((await checkMetrics('# TYPE x_total counter\nx_total 1\n')).join('\n')).toContain('no help text')
})

test('a large exposition that breaks at once', async () => {
  expect(await checkMetrics(`x{ 1\n${'y 1\n'.repeat(1_000_000)}`)).not.toEqual([])
})

test('nothing to check is refused', async () => {
  await expect(checkMetrics('# HELP x y\n')).rejects.toThrow(RangeError)
})

test('a sound configuration is accepted, though a file that it names does not exist', async () => {
  expect(await checkConfig('rule_files: [none.yml]\nscrape_configs:\n  - job_name: x\n')).toEqual([])
})

test('one with an unknown key is not', async () => {
  expect((await checkConfig('scrape_configs:\n  - job: x\n')).join('\n')).toContain('field job not found')
})

test('nor is what is no YAML', async () => {
  expect(await checkConfig('a: [\n')).not.toEqual([])
})
