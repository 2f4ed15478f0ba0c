// The installed package where a program is more than one thread with one copy of it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseTextFormat, sampleValue } from '../support/text-format.js'
import { ended } from './commands.js'
import { changedTarball, type Project, project } from './project.js'
import { tarball } from './tarball.js'

test('workers are the only ones that load it: what the first recorded is there for the second', async () => {
  const app = project()
  await app.install(tarball())
  app.addFixtures('threads')
  const { stdout, stderr } = ended(await app.run(['node', 'main.mjs']))
  expect(stderr).toBe('')
  const families = parseTextFormat(stdout)
  expect(sampleValue(families, 'jobs_total', { by: 'a worker' })).toBe(7)
  expect(sampleValue(families, 'job_seconds_count')).toBe(2)
  expect(sampleValue(families, 'job_seconds_sum')).toBe(7)
})

/** Makes a tarball of another version, as a later release would be. */
async function laterVersion(version: string): Promise<string> {
  return changedTarball((folder) => {
    const path = join(folder, 'package.json')
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), version }))
  })
}

/** Packs a package of one file that depends on a tarball of nanotally. */
async function dependent(app: Project, name: string, nanotally: string): Promise<string> {
  const folder = join(app.folder, 'sources', name)
  mkdirSync(folder, { recursive: true })
  const manifest = { name, version: '1.0.0', main: 'index.js', dependencies: { nanotally: `file:${nanotally}` } }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  const code = `
    const nanotally = require('nanotally')
    const recordInThread = () =>
      nanotally.counter({ name: 'jobs_total', help: 'Jobs done.', labels: ['by'] }).inc({ by: 'a thread of ${name}' })
    module.exports = { ...nanotally, version: require('nanotally/package.json').version, recordInThread }`
  writeFileSync(join(folder, 'index.js'), code)
  ended(await app.run(['npm', 'pack', '--silent', folder]))
  return `./${name}-1.0.0.tgz`
}

test('two packages bring copies of their own: neither sees what the other records, and both end well', async () => {
  const app = project()
  const [current, later] = [tarball(), await laterVersion('0.99.0')]
  await app.install(await dependent(app, 'a', current), await dependent(app, 'b', later))
  app.addFixtures('copies')
  const { stdout, stderr } = ended(await app.run(['node', 'main.cjs']))
  expect(stderr).toBe('')
  const { served, versions, addons } = JSON.parse(stdout)
  expect(versions).toEqual([expect.not.stringMatching('0.99.0'), '0.99.0'])
  expect(new Set(addons).size).toBe(2)
  for (const [i, name] of ['a', 'b'].entries()) {
    const families = parseTextFormat(served[i])
    expect([...families.keys()].filter((family) => /^(jobs|only)_/.test(family))).toEqual([
      'jobs_total',
      `only_${name}_total`,
    ])
    const jobs = families.get('jobs_total')?.samples.map(({ labels, value }) => [labels.by, value])
    expect(jobs).toEqual([
      [name, 1],
      [`a thread of ${name}`, 1],
    ])
  }
})
