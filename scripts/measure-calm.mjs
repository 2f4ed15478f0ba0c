// Measures what the catalogs' queries come to while the engine of examples/engram is calm, for the baselines of
// docs/operations.md: node scripts/measure-calm.mjs [SECONDS, 600 by default] writes scripts/calm.json. It runs the engine as
// `npm run demo` does, with a real Prometheus that scrapes it every 5 s, and asks as of the end.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { arch, availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const { catalogs } = createRequire(import.meta.url)('../dist/catalogs/index.js')
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const RESULT = join(ROOT, 'scripts', 'calm.json')
/** Jobs per second: what 2 busy cores keep up with. */
const RATE = 1000
const seconds = Number(process.argv[2] ?? 600)

const prometheusPath = execFileSync(join(ROOT, 'scripts', 'tools.sh'), ['prometheus'], { encoding: 'utf8' }).trim()
const flags = ['--json', '--hold', '--quiet', '--port', '0', '--rate', `${RATE}`, '--scenario', 'calm']
const engine = spawn(process.execPath, [join(ROOT, 'examples/engram/main.mjs'), ...flags], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
const folder = mkdtempSync(join(tmpdir(), 'nanotally-calm-'))
let prometheus
try {
  const [line] = await once(createInterface(engine.stdout), 'line')
  const { url, workers } = JSON.parse(line)
  const port = await freePort()
  const config = {
    global: { scrape_interval: '5s' },
    scrape_configs: [{ job_name: 'engram', static_configs: [{ targets: [new URL(url).host] }] }],
  }
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config))
  prometheus = spawn(
    prometheusPath,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  await sleep(seconds * 1000)
  const seen = {}
  for (const { families } of catalogs) {
    for (const { name, query } of Object.values(families)) {
      const values = await ask(port, query)
      if (values.length > 0)
        seen[name] = [Math.min(...values), Math.max(...values)].map((value) => Number(value.toPrecision(2)))
    }
  }
  const machine = {
    cpus: availableParallelism(),
    arch: arch(),
    node: process.version,
    load: Number(loadavg()[1].toFixed(1)),
  }
  const text = JSON.stringify({ machine, workers, rate: RATE, seconds, seen }, undefined, 2)
  writeFileSync(RESULT, `${text.replaceAll(/\[\s+(\S+),\s+(\S+)\s+\]/g, '[$1, $2]')}\n`)
  console.log(`${Object.keys(seen).length} families have figures`)
} finally {
  for (const child of [engine, prometheus]) {
    if (child === undefined || child.exitCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  rmSync(folder, { recursive: true })
}

/** The finite values of all series that a query gives. */
async function ask(port, query) {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query }),
  })
  const { data, error } = await response.json()
  if (data === undefined) throw new Error(`${query}: ${error}`)
  return data.result.map(({ value }) => Number(value[1])).filter(Number.isFinite)
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}
