// What people run at night works: every query of docs/operations.md, docs/capacity.md and docs/runbooks/ returns data from a real
// Prometheus, and every command ends well against it, the engine of examples/engram and a real Alertmanager
// (test/support/catalog-stack.ts). The expressions in the heads of runbooks are asked, too, but find nothing while all is well.
// Tools that end with 0 and nothing found are looked at more closely: the queries of promtool are asked with the others, curl has
// to be answered, and nanotally's commands have to print what they are to show.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, type CatalogStack, hasData, startCatalogStack } from '../support/catalog-stack.js'
import { isInHead, operationDocuments } from '../support/operation-documents.js'
import { toolPath } from '../support/server.js'
import { TIME_FACTOR } from '../support/time-factor.mjs'
import { until } from '../support/until.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CLI = join(ROOT, 'dist/cli/main.js')
const COMMAND_MS = 60_000 * TIME_FACTOR
const AT_ONCE = 3
/** How curl, as commands have it here, begins to tell on stderr that it was in vain. */
const IN_VAIN = 'curl of this test:'

/** Queries that may find nothing on this stack, and why. */
const MAY_BE_EMPTY: readonly { query: RegExp; reason: string }[] = [
  { query: /^ALERTS(_FOR_STATE)?\{[^}]*\}$/, reason: 'the alert that it asks for does not fire here' },
]

interface Asked {
  /** The document and the line. */
  place: string
  code: string
}

const blocksOf = (language: string, inHead = false): Asked[] =>
  operationDocuments.flatMap((document) =>
    document.blocks
      .filter((block) => block.language === language && isInHead(document, block) === inHead)
      .map(({ line, code }) => ({ place: `${document.path}:${line}`, code: code.trim() })),
  )

const commands = blocksOf('sh')
const expressions = blocksOf('promql', true)
const queries = [...blocksOf('promql'), ...commands.flatMap(queriesOf)]

/** What a command asks promtool, which ends with 0 where the answer is empty. @throws Error where it asks in another way */
function queriesOf({ place, code }: Asked): Asked[] {
  const found = [...code.matchAll(/promtool query (?:instant|range) .*"\$PROMETHEUS" '([^']+)'/g)]
  if (found.length !== code.split('promtool query').length - 1) throw new Error(`${place}: which query? ${code}`)
  return found.map(([, query = '']) => ({ place, code: query }))
}

let stack: CatalogStack
let environment: Record<string, string | undefined>
/** Where commands run: as in a project that has a copy of the folder of alerts. */
let folder: string
/** A folder with the programs that they need. */
let tools: string

beforeAll(async () => {
  stack = await startCatalogStack({ alertmanager: true })
  folder = mkdtempSync(join(tmpdir(), 'nanotally-runbooks-'))
  symlinkSync(join(ROOT, 'alerts'), join(folder, 'alerts'))
  tools = mkdtempSync(join(tmpdir(), 'nanotally-tools-'))
  for (const tool of ['amtool', 'promtool']) symlinkSync(toolPath(tool), join(tools, tool))
  const npx = ['#!/bin/sh', '[ "$1" = nanotally ] || exit 127', 'shift', `exec "${process.execPath}" "${CLI}" "$@"`]
  // An error page is an answer to curl, and in a pipeline nobody hears how it ended. 503 is that of a health route.
  const curl = [
    '#!/bin/sh',
    'heads=$(mktemp)',
    `"${execFileSync('sh', ['-c', 'command -v curl'], { encoding: 'utf8' }).trim()}" --dump-header "$heads" "$@" || echo "${IN_VAIN} ended with $?" >&2`,
    'status=$(sed -nE "s|^HTTP/[0-9.]+ ([0-9]+).*|\\1|p" "$heads" | tail -n 1)',
    'rm "$heads"',
    `case "$status" in 200|503) ;; *) echo "${IN_VAIN} was answered $status" >&2; exit 22 ;; esac`,
  ]
  for (const [name, lines] of Object.entries({ npx, curl }))
    writeFileSync(join(tools, name), `${lines.join('\n')}\n`, { mode: 0o755 })
  environment = {
    ...process.env,
    PATH: `${tools}:${process.env.PATH}`,
    ENGRAM: stack.engram,
    PROMETHEUS: stack.prometheus.url,
    ALERTMANAGER: stack.alertmanager?.url,
  }
})

afterAll(async () => {
  await stack?.stop()
  for (const each of [folder, tools]) if (each) rmSync(each, { recursive: true })
})

/** The queries that return no data, however long one waits for it. */
async function emptyQueries(asked: readonly Asked[], deadlineMs?: number): Promise<string[]> {
  let open = asked.filter(({ code }) => !MAY_BE_EMPTY.some(({ query }) => query.test(code)))
  const excused = asked.filter((each) => !open.includes(each))
  await Promise.all(excused.map(({ code }) => ask(stack.prometheus, code)))
  // Some of what the engine does comes after a while.
  await until(
    'data',
    async () => {
      const isOpen = await Promise.all(open.map(async ({ code }) => !hasData(await ask(stack.prometheus, code))))
      open = open.filter((_, i) => isOpen[i])
      return open.length === 0
    },
    deadlineMs,
  ).catch((error) => {
    if (open.length === 0 || !/in vain/.test(error.message)) throw error
  })
  return open.map(({ place, code }) => `${place}: ${code}`)
}

/** Families that a command of nanotally is to show, and that are not in what was printed. */
function notShown(code: string, out: string): string[] {
  const given = Object.fromEntries(
    [...code.matchAll(/^(\w+)='([^']*)'/gm)].map(([, name, value]) => [`$${name}`, value]),
  )
  const shows = code.match(/npx nanotally (?:top|scrape|cardinality) .*/g) ?? []
  const patterns = shows.flatMap((command) => {
    const names = [...command.matchAll(/--name ['"]?([^'" ]+)/g)].map(([, name = '']) => given[name] ?? name)
    return names.length > 0 ? names : ['*_*']
  })
  return patterns.filter((pattern) => !new RegExp(`^${pattern.replaceAll('*', '\\w*')}([{ ]|$)`, 'm').test(out))
}

/** What is wrong with how a command ended; undefined where nothing is. */
async function run({ place, code }: Asked): Promise<string | undefined> {
  const child = spawn('sh', ['-eu', '-c', code], { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_MS)
  const ended = new Promise((resolve, reject) => child.on('error', reject).on('close', (...how) => resolve(how)))
  const [out, err, [exitCode, signal]] = (await Promise.all([
    readText(child.stdout),
    readText(child.stderr),
    ended,
  ])) as [string, string, [number | null, string | null]]
  clearTimeout(timer)
  const missing = notShown(code, out)
  const troubles = [
    ...(exitCode === 0 ? [] : [`ended with ${signal ?? exitCode}`]),
    ...(missing.length === 0 ? [] : [`shows no ${missing.join(', no ')}`]),
  ]
  return troubles.length === 0 && !err.includes(IN_VAIN)
    ? undefined
    : `${place}: ${code}\n${troubles.join('\n')}\n${out}${err}`
}

/** What is wrong with commands, each text run once. */
async function failures(asked: readonly Asked[]): Promise<string[]> {
  const waiting = [...new Map(asked.map((each) => [each.code, each])).values()]
  const found: string[] = []
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const failure = await run(next)
      if (failure !== undefined) found.push(failure)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return found
}

describe('queries', () => {
  test('each returns data', async () => {
    console.log(`${queries.length} queries of ${operationDocuments.length} documents`)
    expect(queries.length).toBeGreaterThan(150)
    expect(await emptyQueries(queries)).toEqual([])
  })

  test('Prometheus takes the expression of each alert', async () => {
    console.log(`${expressions.length} expressions of alerts`)
    expect(expressions.length).toBeGreaterThan(30)
    await Promise.all(expressions.map(({ code }) => ask(stack.prometheus, code)))
  })

  test('one that returns nothing would be told, and one that cannot be read', async () => {
    const place = 'docs/operations.md:1'
    const nothing = { place, code: 'engram_streaming_queue_depth{priority="none"}' }
    expect(await emptyQueries([{ place, code: 'up' }, nothing], 100)).toEqual([`${place}: ${nothing.code}`])
    await expect(emptyQueries([{ place, code: 'up +' }])).rejects.toThrow('up +')
  })

  test('what commands ask is among them, however they ask', () => {
    const place = 'docs/operations.md:1'
    const codes = (code: string) => queriesOf({ place, code }).map((query) => query.code)
    expect(commands.flatMap(queriesOf).length).toBeGreaterThan(8)
    expect(
      codes(`promtool query instant "$PROMETHEUS" 'up'\npromtool query range --step=5m "$PROMETHEUS" 'a:b'`),
    ).toEqual(['up', 'a:b'])
    expect(() => codes('promtool query instant http://localhost up')).toThrow('which query?')
  })

  test('those that may be empty are few, and each is there', () => {
    expect(MAY_BE_EMPTY.length).toBeLessThan(5)
    const unused = MAY_BE_EMPTY.filter(({ query }) => !queries.some(({ code }) => query.test(code)))
    expect(unused.map(({ reason }) => reason)).toEqual([])
  })
})

describe('commands', () => {
  test('each ends well', async () => {
    console.log(`${commands.length} commands of ${operationDocuments.length} documents`)
    expect(commands.length).toBeGreaterThan(20)
    expect(await failures(commands)).toEqual([])
    // What amtool sends to try the way.
    const held = await stack.alertmanager?.alerts()
    expect(held?.map(({ labels }) => labels.alertname)).toContain('TestAlert')
  })

  test('what fails would be told: a server that is not there, a tool, a variable', async () => {
    const place = 'docs/operations.md:1'
    const broken = [
      ...['npx other', 'amtool check-config nothing.yml', 'echo $NOTHING'],
      ...['curl -s $ENGRAM/nothing', 'curl -s $ENGRAM/nothing | cat', 'curl -s http://127.0.0.1:1 | cat'],
      ...[
        'npx nanotally top $ENGRAM --once --name engram_nothing',
        `npx nanotally scrape $ENGRAM --name 'engram_not*'`,
      ],
      `npx nanotally scrape $ENGRAM --name 'engram_streaming_*' --name 'engram_not*' | head`,
      `METRIC='engram_nothing'\nnpx nanotally scrape $ENGRAM --name "$METRIC"`,
      `printf '# TYPE a gauge\\n' | npx nanotally cardinality -`,
    ]
    const told = await failures([{ place, code: 'true' }, ...broken.map((code) => ({ place, code }))])
    const isTold = (code: string) => told.some((text) => text.startsWith(`${place}: ${code}\n`))
    expect(broken.filter((code) => !isTold(code))).toEqual([])
    expect(told).toHaveLength(broken.length)
  })
})
