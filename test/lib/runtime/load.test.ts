// The process under known load, through a real exporter, beside what GNU time and /proc tell of it.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { toolPath } from '../../support/server.js'
import { temporaryFolder } from '../../support/temporary.js'
import { parseTextFormat, sampleValue } from '../../support/text-format.js'
import { LOAD } from './fixtures/load.mjs'

const FIXTURE = fileURLToPath(new URL('fixtures/load.mjs', import.meta.url))
const SHARE = 0.05

/** The lines of GNU time's report, by their titles. */
function readReport(text: string): Map<string, number> {
  const lines = [...text.matchAll(/^\t(.+): (\S+)$/gm)]
  return new Map(lines.map(([, title = '', value]) => [title, Number.parseFloat(value ?? '')]))
}

test('within 5 % of what GNU time and the kernel tell', async () => {
  const folder = temporaryFolder()
  const report = join(folder, 'report')
  await promisify(execFile)(toolPath('gnu-time'), ['-v', '-o', report, process.execPath, FIXTURE, folder])
  const told = readReport(readFileSync(report, 'utf8'))
  const kernel = JSON.parse(readFileSync(join(folder, 'kernel.json'), 'utf8'))
  const families = parseTextFormat(readFileSync(join(folder, 'metrics'), 'utf8'))

  const near = (name: string, expected: number, labels: Record<string, string> = {}, step = 0) => {
    const value = sampleValue(families, name, labels) as number
    const what = `${name}${JSON.stringify(labels)} is ${value}, expected ${expected}`
    expect(Math.abs(value - expected), what).toBeLessThanOrEqual(Math.max(SHARE * expected, step))
  }
  // GNU time has steps of 10 ms.
  const user = told.get('User time (seconds)') as number
  const system = told.get('System time (seconds)') as number
  expect(user + system).toBeGreaterThanOrEqual(LOAD.cpuSeconds * 0.9)
  near('process_cpu_seconds_total', user + system, {}, 0.02)
  near('process_cpu_user_seconds_total', user, {}, 0.05)
  near('process_cpu_system_seconds_total', system, {}, 0.05)
  const peak = (told.get('Maximum resident set size (kbytes)') as number) * 1024
  expect(peak).toBeGreaterThan(LOAD.touchedBytes)
  near('process_resident_memory_peak_bytes', peak)
  near('process_page_faults_total', told.get('Minor (reclaiming a frame) page faults') as number, { kind: 'minor' })
  near('process_disk_written_bytes_total', (told.get('File system outputs') as number) * 512)

  expect(kernel.writtenBytes).toBeGreaterThanOrEqual(LOAD.writtenBytes)
  near('process_io_written_bytes_total', kernel.writtenBytes)
  expect(kernel.residentBytes).toBeGreaterThan(LOAD.touchedBytes)
  near('process_resident_memory_bytes', kernel.residentBytes)
  near('process_virtual_memory_bytes', kernel.virtualBytes)
  near('process_open_fds', kernel.files, {}, 2)
  near('process_threads', kernel.threads, {}, 0)
})
