// What a real Prometheus writes to disk for what it scraped: programs side by side, a Prometheus for each, and a snapshot of it.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startChild } from '../harness/child.mjs'

const program = fileURLToPath(new URL('storage-program.mjs', import.meta.url))
const tools = fileURLToPath(new URL('../../scripts/tools.sh', import.meta.url))
const DEADLINE_MS = 120_000
const CHUNK_FILE_HEADER = 8

/**
 * @param {Map<string, { task: { kind: string, series: number }, native?: boolean }>} contenders
 * @param {{ node?: string, scrapes: number, intervalMs: number }} options
 */
export async function measureStorage(contenders, { node, scrapes, intervalMs }) {
  const command = execFileSync(tools, ['prometheus'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()
  const running = [...contenders].map(([name, { task, native }]) =>
    measureOne(command, task, { node, scrapes, intervalMs, native }).then((result) => [name, result]),
  )
  // All of them, so that none is left running when one fails.
  const settled = await Promise.allSettled(running)
  const failed = settled.find(({ status }) => status === 'rejected')
  if (failed) throw failed.reason
  return new Map(settled.map(({ value }) => value))
}

async function measureOne(command, task, { node, scrapes, intervalMs, native }) {
  const child = startChild(program, { ...task, intervalMs }, { node })
  const folder = mkdtempSync(join(tmpdir(), 'nanotally-bench-'))
  let prometheus
  try {
    const { url } = await child.receive()
    prometheus = await startPrometheus(command, folder, { target: new URL(url).host, intervalMs, native })
    // Those that failed, as they do on a busy machine, brought nothing.
    const seen = await until('the scrapes', async () => {
      const { result } = await prometheus.api(`query?query=${encodeURIComponent('sum_over_time(up[1h])')}`)
      const count = Number(result[0]?.value[1] ?? 0)
      return count >= scrapes ? count : undefined
    })
    const { name } = await prometheus.api('admin/tsdb/snapshot', { method: 'POST' })
    return { measures: measure(join(folder, 'data/snapshots', name), task.series, seen) }
  } finally {
    await prometheus?.stop()
    await child.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the one block of a snapshot holds. It may be a scrape more than was seen, of some hundred. */
function measure(snapshot, series, scrapes) {
  const blocks = readdirSync(snapshot)
  if (blocks.length !== 1) throw new Error(`expected a snapshot of one block, found ${blocks.length}`)
  const block = join(snapshot, blocks[0])
  const { numSamples, numSeries } = JSON.parse(readFileSync(join(block, 'meta.json'), 'utf8')).stats
  const files = readdirSync(join(block, 'chunks')).map((file) => statSync(join(block, 'chunks', file)).size)
  const chunks = files.reduce((sum, size) => sum + size - CHUNK_FILE_HEADER, 0)
  if (numSeries < series) throw new Error(`only ${numSeries} of ${series} series were stored`)
  return {
    sampleBytes: chunks / numSamples,
    scrapeBytes: chunks / series / scrapes,
    samples: numSamples / series / scrapes,
    indexBytes: statSync(join(block, 'index')).size / numSeries,
  }
}

async function startPrometheus(command, folder, { target, intervalMs, native }) {
  const interval = `${intervalMs}ms`
  const configuration = {
    global: { scrape_interval: interval, scrape_timeout: interval },
    scrape_configs: [{ job_name: 'bench', static_configs: [{ targets: [target] }] }],
  }
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(configuration))
  const flags = ['--config.file=prometheus.yml', '--storage.tsdb.path=data', '--web.enable-admin-api']
  // Port 0: the kernel picks a free one.
  flags.push('--web.listen-address=127.0.0.1:0', ...(native ? ['--enable-feature=native-histograms'] : []))
  const server = spawn(command, flags, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = new Promise((resolve) => {
    server.once('exit', resolve)
    server.once('error', resolve)
  })
  let log = ''
  server.stderr.setEncoding('utf8').on('data', (text) => {
    log += text
  })
  const end = () => server.kill('SIGKILL')
  process.once('exit', end)
  const stop = async () => {
    process.off('exit', end)
    end()
    await exited
  }
  try {
    const address = await until('Prometheus', () => {
      if (server.exitCode !== null) throw new Error(`Prometheus ended with ${server.exitCode}\n${log}`)
      return /"Listening on".*? address=(\S+)/.exec(log)?.[1]
    })
    await until('Prometheus', async () => (await fetch(`http://${address}/-/ready`)).ok || undefined)
    return {
      stop,
      async api(path, options = {}) {
        const response = await fetch(`http://${address}/api/v1/${path}`, options)
        const { data, error } = await response.json()
        if (error !== undefined) throw new Error(`Prometheus: ${error}`)
        return data
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The first answer of `look` that is not undefined. */
async function until(what, look) {
  const deadline = performance.now() + DEADLINE_MS
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error(`waited ${DEADLINE_MS} ms for ${what}`)
    await delay(50)
  }
}
