// Reads Markdown as our documents use it: fenced blocks, headings and inline links. What it does not know it refuses.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** A fenced block of code. */
export interface Block {
  /** The line of its opening fence, from 1. */
  line: number
  /** What follows the fence; empty where nothing does. */
  language: string
  code: string
  /** The heading that it stands under; empty before the first. */
  heading: string
  /** The paragraph directly before it, in one line; empty where it follows a heading or another block. */
  before: string
}

/** A link or image with a target that is no whole URL. */
export interface Link {
  line: number
  /** Relative to the document; empty for one within it. */
  path: string
  /** After the `#`; empty where there is none. */
  anchor: string
}

export interface Markdown {
  blocks: Block[]
  links: Link[]
  /** What `#anchor` can lead to, as GitHub makes it of headings. */
  anchors: Set<string>
}

const FENCE = /^( *)(```+|~~~+)(.*)$/
const HEADING = /^#{1,6} +(.+?) *#*$/
const LINK = /\]\(([^()\s]+)\)/g
const REFERENCE = /^ {0,3}\[[^\]]+\]: /

/** The anchor of a heading: lower case, blanks to hyphens, no punctuation; the second of a name ends in -1. */
function anchorOf(heading: string, taken: ReadonlySet<string>): string {
  const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
  const stem = text.replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '').replaceAll(' ', '-')
  let anchor = stem
  for (let i = 1; taken.has(anchor); i++) anchor = `${stem}-${i}`
  return anchor
}

/** @throws SyntaxError, with the line, for a fence that is not closed or not of backticks, and for reference links */
export function parseMarkdown(text: string): Markdown {
  const blocks: Block[] = []
  const links: Link[] = []
  const anchors = new Set<string>()
  let heading = ''
  let before: string[] = []
  let isParagraphOver = false
  let open: { block: Block; indent: string; fence: string; lines: string[] } | undefined
  for (const [i, row] of text.split('\n').entries()) {
    const line = i + 1
    const [, indent = '', fence = '', info = ''] = FENCE.exec(row) ?? []
    if (open !== undefined) {
      if (fence === open.fence && info.trim() === '') {
        blocks.push({ ...open.block, code: open.lines.map((each) => `${each}\n`).join('') })
        open = undefined
        before = []
      } else {
        open.lines.push(row.startsWith(open.indent) ? row.slice(open.indent.length) : row.trimStart())
      }
      continue
    }
    if (fence !== '') {
      if (!fence.startsWith('`')) throw new SyntaxError(`line ${line}: a fence that is not of backticks`)
      const block = { line, language: info.trim(), code: '', heading, before: before.join(' ') }
      open = { block, indent, fence, lines: [] }
      continue
    }
    if (row.trim() === '') isParagraphOver = true
    else {
      before = isParagraphOver ? [row.trim()] : [...before, row.trim()]
      isParagraphOver = false
    }
    if (REFERENCE.test(row)) throw new SyntaxError(`line ${line}: a link by reference, which is not looked at`)
    const title = HEADING.exec(row)?.[1]
    if (title !== undefined) {
      heading = title
      before = []
      anchors.add(anchorOf(title, anchors))
    }
    for (const [, target = ''] of row.replaceAll(/`[^`]*`/g, '').matchAll(LINK)) {
      if (/^[a-z]+:/.test(target)) continue
      const [path = '', anchor = ''] = target.split('#')
      links.push({ line, path, anchor })
    }
  }
  if (open !== undefined) throw new SyntaxError(`line ${open.block.line}: a block that is not closed`)
  return { blocks, links, anchors }
}

const NOT_OURS = ['node_modules', 'build', 'dist', 'coverage', 'prebuilds', 'results', '.git']

/** All Markdown files of ours below a folder, by their paths from it. */
export function markdownFiles(root: string, folder = '.'): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return NOT_OURS.includes(entry.name) ? [] : markdownFiles(root, path)
    return path.endsWith('.md') ? [path] : []
  })
}
