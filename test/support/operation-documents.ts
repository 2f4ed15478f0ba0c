// What people read at night: docs/operations.md, docs/capacity.md and the runbooks, whose queries and commands tests run.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CatalogFamily, catalogs } from 'nanotally/catalogs'
import { buildRules } from '../../alerts/src/build.mjs'
import { sources } from '../../alerts/src/index.mjs'
import { SERVER_FAMILIES } from '../../dashboards/src/library/servers.js'
import { type Block, parseMarkdown } from './markdown.js'
import { readPromql } from './promql.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const RUNBOOKS = 'docs/runbooks'

export interface OperationDocument {
  path: string
  text: string
  blocks: Block[]
  /** The first heading: of a runbook the alert that it is about. */
  title: string
}

/** The pages of docs/runbooks, by their paths; README.md, which is about all of them, is none. */
export const runbookPaths: readonly string[] = readdirSync(join(ROOT, RUNBOOKS))
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .map((name) => `${RUNBOOKS}/${name}`)

export const operationDocuments: readonly OperationDocument[] = [
  'docs/operations.md',
  'docs/capacity.md',
  `${RUNBOOKS}/README.md`,
  ...runbookPaths,
]
  .filter((path) => existsSync(join(ROOT, path)))
  .map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    return { path, text, blocks: parseMarkdown(text).blocks, title: /^# (.+)$/m.exec(text)?.[1] ?? '' }
  })

export const isOperationDocument = (path: string): boolean => operationDocuments.some((each) => each.path === path)

/** Whether a block is in the generated head of a runbook: an alert's expression, which finds nothing while all is well. */
export function isInHead({ path, title }: OperationDocument, { heading }: Block): boolean {
  return heading === title && runbookPaths.includes(path)
}

/** What a query may name besides the catalogs' families: what Prometheus tells of itself, and what rules record. */
export const MORE_FAMILIES: readonly CatalogFamily[] = [...SERVER_FAMILIES, ...recordedFamilies()]

function recordedFamilies(): CatalogFamily[] {
  return buildRules(sources, catalogs)
    .flatMap(({ groups }) => groups.flatMap(({ rules }) => rules))
    .filter(({ record }) => record !== undefined)
    .map(({ record = '', expr, source }) => ({
      name: record,
      type: 'gauge',
      help: source.measure,
      labels: readPromql(expr).groupings.filter((label) => label !== 'le'),
      query: record,
      expected: [0, 0],
      source: expr,
    }))
}
