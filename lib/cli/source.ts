// Where `nanotally lint` reads an exposition: from a target, a file or stdin.
import { createReadStream, existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { type Arguments, CliError, EXIT, type Io } from './command.js'
import { readAll } from './request.js'
import { fileError, maxBytesOf } from './target.js'
import { plural } from './text.js'

/**
 * Whether a word is a target; else it is a file. A word that may be a host as well as a file, such as `metrics.txt`, is a file,
 * and so is whatever there is a file of that name.
 */
export function isTarget(source: string): boolean {
  if (source === '' || /^([a-z][a-z0-9+.-]*:\/\/|unix:)/i.test(source)) return true
  if (/^[./]/.test(source) || existsSync(source)) return false
  const [authority = ''] = source.split('/')
  const hasCredentials = /^[^/\s]*:\S*@/.test(source)
  return (
    hasCredentials || /^\S*:\d+$|^\d+$|^localhost$/i.test(authority) || isIP(authority.replace(/^\[|\]$/g, '')) !== 0
  )
}

/** @throws CliError for what cannot be read, and what is larger than --max-bytes */
export async function readFileOrStdin(source: string, name: string, args: Arguments, { stdin }: Io): Promise<Buffer> {
  const maxBytes = maxBytesOf(args)
  const bytes = await (source === '-' ? readAll(stdin, maxBytes) : readFile(source, maxBytes))
  if (bytes !== undefined) return bytes
  throw new CliError(EXIT.notMetrics, `${name}: larger than ${plural(maxBytes, 'byte')}: see --max-bytes`)
}

async function readFile(file: string, maxBytes: number): Promise<Buffer | undefined> {
  try {
    return await readAll(createReadStream(file), maxBytes)
  } catch (error) {
    const mayBeHost = (error as NodeJS.ErrnoException).code === 'ENOENT' && /^[^./\s]\S*$/.test(file)
    throw fileError(file, error, mayBeHost ? '; a target has a port, or begins with http://' : '')
  }
}
