// Asks Prometheus' own tool about an exposition and about a configuration.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { toolPath } from './server.js'

/**
 * Runs `promtool check metrics` on an exposition in text format.
 *
 * @returns what it finds fault with, a line each; empty when it accepts the text
 * @throws RangeError when the text holds no sample, which promtool would accept
 */
export async function checkMetrics(text: string | Uint8Array): Promise<string[]> {
  if (!/^[^#\s]/m.test(Buffer.from(text).toString())) throw new RangeError('the exposition holds no sample to check')
  return runPromtool(['check', 'metrics'], text)
}

/**
 * Runs `promtool check config` on a configuration of Prometheus; files that it names need not exist.
 *
 * @returns what it finds fault with, a line each; empty when it accepts the text
 */
export async function checkConfig(yaml: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'nanotally-promtool-'))
  try {
    const file = join(folder, 'prometheus.yml')
    writeFileSync(file, yaml)
    const lines = await runPromtool(['check', 'config', '--syntax-only', file])
    return lines.filter((line) => !/^Checking |^ SUCCESS: /.test(line))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/**
 * Runs `promtool check rules` on recording rules.
 *
 * @returns what it finds fault with, a line each; empty when it accepts them
 */
export async function checkRules(rules: readonly { record: string; expr: string }[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'nanotally-promtool-'))
  try {
    const file = join(folder, 'rules.yml')
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'rules', rules }] }))
    const lines = await runPromtool(['check', 'rules', file])
    return lines.filter((line) => !/^Checking | SUCCESS: /.test(line))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Runs promtool and returns the lines that it prints, of both streams. */
export async function runPromtool(args: readonly string[], input: string | Uint8Array = ''): Promise<string[]> {
  const child = spawn(toolPath('promtool'), args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const exit = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve)
  })
  // promtool stops reading at the first error: the broken pipe that this leaves is no news.
  child.stdin.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') child.emit('error', error)
  })
  child.stdin.end(input)
  const [code, out, err] = await Promise.all([exit, readText(child.stdout), readText(child.stderr)])
  const lines = `${out}\n${err}`.split('\n').filter((line) => line.trim() !== '')
  return code !== 0 && lines.length === 0 ? [`promtool ended with ${code}`] : lines
}
