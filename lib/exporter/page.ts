// The live page: static files of the package.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A file as it is answered. */
export interface PageFile {
  contentType: string
  body: Uint8Array
}

const FOLDER = join(__dirname, '..', 'live')

const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/live.js': ['live.js', 'text/javascript; charset=utf-8'],
  '/live.css': ['live.css', 'text/css; charset=utf-8'],
} as const

export type PagePath = keyof typeof FILES
export const PAGE_PATHS = Object.keys(FILES) as PagePath[]

/** No script but the page's own, nothing from elsewhere, in nobody's frame. */
export const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
}

const read = new Map<string, PageFile>()

function readPage(name: string): Uint8Array {
  try {
    return readFileSync(join(FOLDER, name))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'install it again' : message
    throw new Error(`dist/live/${name} of nanotally cannot be read: ${why}`, { cause: error })
  }
}

/** Read once, when it is first asked for. Throws where the package has lost it. */
export function pageFile(path: PagePath): PageFile {
  let file = read.get(path)
  if (file === undefined) {
    const [name, contentType] = FILES[path]
    file = { contentType, body: readPage(name) }
    read.set(path, file)
  }
  return file
}
