// The JSON is what the SDK's types say, what dashboards/src says, and type-checked at its source; provisioning files are what
// Grafana reads.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { dashboardFiles, FOLDER } from '../support/dashboards.js'
import { temporaryFolder } from '../support/temporary.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TSC = 'node_modules/typescript/bin/tsc'

/** Runs a script of ours. */
async function run(...args: string[]): Promise<{ isFine: boolean; output: string }> {
  return promisify(execFile)(process.execPath, args, { cwd: ROOT }).then(
    ({ stdout, stderr }) => ({ isFine: true, output: `${stdout}${stderr}` }),
    ({ stdout, stderr }) => ({ isFine: false, output: `${stdout}${stderr}` }),
  )
}

/** What the compiler finds fault with in texts that are to be dashboards, by their names. */
async function faults(texts: Readonly<Record<string, string>>): Promise<string[]> {
  // Inside the package, so that the SDK is found.
  mkdirSync(join(ROOT, 'build'), { recursive: true })
  const folder = mkdtempSync(join(ROOT, 'build', 'dashboard-types-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const files = Object.entries(texts).map(([name, text]) => {
    const file = join(folder, `${name}.mts`)
    const type = `import type { Dashboard } from '../../test/dashboards/grafana-types.js'`
    writeFileSync(file, `${type}\nexport const dashboard: Dashboard = ${text}`)
    return file
  })
  const flags =
    '--ignoreConfig --noEmit --strict --skipLibCheck --target es2022 --module esnext --moduleResolution bundler'
  const { output } = await run(TSC, ...flags.split(' '), '--types', 'node', ...files)
  return output.split('\n').filter((line) => /error TS/.test(line))
}

test('the JSON of all is what the SDK’s types say', async () => {
  expect(dashboardFiles.length).toBe(12)
  expect(await faults(Object.fromEntries(dashboardFiles.map(({ name, text }) => [name, text])))).toEqual([])
})

test('what is not, is told', async () => {
  const { text } = dashboardFiles.find(({ name }) => name === 'spreading') as { text: string }
  const broken: Record<string, string> = {
    kind: text.replace('"type": "timeseries"', '"type": "timeserie"'),
    option: text.replace('"reduceOptions"', '"reduceOption"'),
    enumeration: text.replace('"mode": "absolute"', '"mode": "relative"'),
    place: text.replace('"x": 0', '"x": "0"'),
    query: text.replace('"expr"', '"expression"'),
    custom: text.replace('"fillOpacity": 8', '"fillOpacity": "8"'),
    whole: text.replace('"graphTooltip": 1', '"graphTooltip": 7'),
  }
  const found = await faults(broken)
  for (const [name, changed] of Object.entries(broken)) {
    expect([name, changed === text]).toEqual([name, false])
    expect([name, found.some((line) => line.includes(`${name}.mts`))]).toEqual([name, true])
  }
})

test('the sources compile', async () => {
  expect(await run(TSC, '-p', 'dashboards/src')).toEqual({ isFine: true, output: '' })
})

test('the JSON is current with its sources', async () => {
  expect(await run('dashboards/build.mjs', '--check')).toEqual({
    isFine: true,
    output: '12 dashboards, 0 not current\n',
  })
})

test('JSON that is not current, missing or of no source is told', async () => {
  const out = temporaryFolder()
  for (const { name, text } of dashboardFiles) writeFileSync(join(out, `${name}.json`), text)
  rmSync(join(out, 'system.json'))
  writeFileSync(join(out, 'streaming.json'), '{}\n')
  writeFileSync(join(out, 'more.json'), '{}\n')
  const { isFine, output } = await run('dashboards/build.mjs', '--check', '--out', out)
  expect(isFine).toBe(false)
  for (const name of ['system', 'streaming', 'more']) expect(output).toContain(`dashboards/${name}.json is not what`)
  expect(output).toContain('12 dashboards, 3 not current')
})

test('documentation can be elsewhere', async () => {
  const out = temporaryFolder()
  expect(await run('dashboards/build.mjs', '--docs', 'https://docs.example.org', '--out', out)).toMatchObject({
    isFine: true,
  })
  expect(readdirSync(out)).toHaveLength(12)
  expect(readFileSync(join(out, 'streaming.json'), 'utf8')).toContain('"query": "https://docs.example.org"')
})

test('provisioning: a folder of dashboards, and data sources without passwords', () => {
  const read = (name: string) => readFileSync(join(FOLDER, 'provisioning', name), 'utf8')
  const dashboards = parse(read('dashboards.yaml'))
  expect(dashboards).toMatchObject({
    apiVersion: 1,
    providers: [{ name: 'nanotally', type: 'file', allowUiUpdates: false, options: { path: expect.any(String) } }],
  })
  const sources = parse(read('datasources.yaml'))
  expect(sources).toMatchObject({
    apiVersion: 1,
    datasources: [
      { type: 'prometheus', access: 'proxy', uid: 'nanotally-prometheus', url: '$PROMETHEUS_URL', isDefault: true },
      { type: 'alertmanager', access: 'proxy', uid: 'nanotally-alertmanager', url: '$ALERTMANAGER_URL' },
    ],
  })
  const [prometheus, alertmanager] = sources.datasources
  expect(prometheus.jsonData.alertmanagerUid).toBe(alertmanager.uid)
  expect(prometheus.jsonData.timeInterval).toMatch(/^\d+s$/)
  expect(read('datasources.yaml')).not.toMatch(/password|secure|token/i)
})
