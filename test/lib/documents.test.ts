// Checks every block of code of README.md, CONTRIBUTING.md, docs/ and docs/runbooks/, by its language:
//   js, cjs               run as programs of their own, ES modules and CommonJS; nothing may go to stderr
//   text                  what the last program above it prints, line by line; `...` stands for anything
//   sh                    the scripts, stages, tools and files that it names exist; those of docs/operations.md,
//                         docs/capacity.md and docs/runbooks/ are run by test/integration/runbooks.test.ts
//   bash                  what cannot be run here: the paragraph before it has to say so, in the words "Not run here"
//   yaml                  a configuration that promtool accepts, or probes of Kubernetes at routes of the exporter
//   gyp, javascript, cpp  stand in examples/native-addon, line by line
//   promql                PromQL: read by its grammar, about families and labels that catalogs, Prometheus or rules have
//   console               commands of nanotally and what they print: test/lib/cli/documents.test.ts runs them
//   picture               drawings: nothing to check
// A block of another language fails. Relative links are followed in every Markdown file, to their #anchors.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { ROUTE_NAMES, type RouteName } from '../../dist/exporter/settings.js'
import { faultsOf } from '../support/catalogs.js'
import { Child } from '../support/children.js'
import { type Block, markdownFiles, parseMarkdown } from '../support/markdown.js'
import { isInHead, isOperationDocument, MORE_FAMILIES, operationDocuments } from '../support/operation-documents.js'
import { checkPanelNames } from '../support/panel-names.js'
import { checkConfig } from '../support/promtool.js'
import { checkShell } from '../support/shell-block.js'
import { definedFamilies } from '../support/text-format.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const EXAMPLE = join(ROOT, 'examples/native-addon')
const documents = markdownFiles(ROOT).map((path) => ({
  path,
  ...parseMarkdown(readFileSync(join(ROOT, path), 'utf8')),
}))
const checked = documents.filter(({ path }) => /^(README|CONTRIBUTING|docs\/(runbooks\/)?[^/]+)\.md$/.test(path))

// Inside the package, so that programs resolve it by its name.
mkdirSync(join(ROOT, 'build'), { recursive: true })
const folder = mkdtempSync(join(ROOT, 'build', 'snippets-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Ran {
  stdout: string
  troubles: string[]
}

const runs = new Map<Block, Promise<Ran>>()

/** Runs a program once, however many blocks ask. */
function run(block: Block): Promise<Ran> {
  let ran = runs.get(block)
  if (ran === undefined) {
    const file = join(folder, `${runs.size}.${block.language === 'cjs' ? 'cjs' : 'mjs'}`)
    writeFileSync(file, block.code)
    ran = new Child(file).finished.then(({ exitCode, signal, stdout, stderr }) => ({
      stdout,
      troubles: [...(exitCode === 0 ? [] : [`ended with ${signal ?? exitCode}`]), ...(stderr === '' ? [] : [stderr])],
    }))
    runs.set(block, ran)
  }
  return ran
}

async function checkOutput(block: Block, above: readonly Block[]): Promise<string[]> {
  const program = above.findLast(({ language }) => isProgram(language))
  if (program === undefined) return ['no program above it that could print it']
  const { stdout } = await run(program)
  const pattern = block.code
    .trimEnd()
    .split('...')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${pattern}$`, 'm').test(stdout) ? [] : [`the program above it printed\n${stdout}`]
}

function checkExcerpt(code: string, extension: RegExp): string[] {
  const files = ['binding.gyp', 'index.mjs', ...readdirSync(join(EXAMPLE, 'src')).map((file) => join('src', file))]
  const texts = files.filter((file) => extension.test(file)).map((file) => readFileSync(join(EXAMPLE, file), 'utf8'))
  return texts.some((text) => text.includes(code)) ? [] : ['it does not stand in examples/native-addon']
}

/** What is wrong with probes: each has to ask for a route of the exporter, at its port. */
function checkProbes(code: string): string[] {
  const probes = code.split(/^(?=\w+Probe:$)/m)
  return probes.flatMap((probe) => {
    const [, kind = '', route = '', port] =
      /^(\w+)Probe:\n {2}httpGet: \{ path: \/(\w+), port: (\d+) \}$/m.exec(probe) ?? []
    if (!['liveness', 'readiness', 'startup'].includes(kind)) return [`no probe: ${probe}`]
    const isRoute = ROUTE_NAMES.includes(route as RouteName)
    return isRoute && port === '9464' ? [] : [`nobody answers to /${route} at ${port}`]
  })
}

const isProgram = (language: string) => language === 'js' || language === 'cjs'

/** What is wrong with a block, given those above it. @param path - of its document */
async function check(block: Block, above: readonly Block[], path = 'README.md'): Promise<string[]> {
  const { language, code, before } = block
  if (code.trim() === '') return ['an empty block']
  if (isProgram(language)) return (await run(block)).troubles
  if (language === 'text') return checkOutput(block, above)
  if (language === 'sh') return isOperationDocument(path) ? [] : checkShell(code)
  if (language === 'bash') return /\bNot run here\b/.test(before) ? [] : ['nobody says before it "Not run here"']
  if (language === 'yaml') return /^\w+Probe:$/m.test(code) ? checkProbes(code) : checkConfig(code)
  if (language === 'gyp') return checkExcerpt(code, /\.gyp$/)
  if (language === 'javascript') return checkExcerpt(code, /\.mjs$/)
  if (language === 'cpp') return checkExcerpt(code, /\.(h|cc)$/)
  if (language === 'promql') return faultsOf(code, MORE_FAMILIES)
  if (language === 'console' || language === 'picture') return []
  return [`nobody knows how to check a block of language '${language}'`]
}

/** What is wrong with a link from a document. */
function checkLink(from: string, path: string, anchor: string): string[] {
  const target = path === '' ? from : join(dirname(from), path)
  if (!existsSync(join(ROOT, target))) return [`no ${target}`]
  if (anchor === '') return []
  if (!target.endsWith('.md')) return [`an anchor in ${target}, which is no document`]
  const { anchors } = parseMarkdown(readFileSync(join(ROOT, target), 'utf8'))
  return anchors.has(anchor) ? [] : [`no heading #${anchor} in ${target}`]
}

describe('blocks', () => {
  const blocks = checked.flatMap(({ path, blocks }) =>
    blocks.map((block, i) => ({
      title: `${path}:${block.line} ${block.language}`,
      path,
      block,
      above: blocks.slice(0, i),
    })),
  )

  test.each(blocks)('$title', async ({ path, block, above }) => {
    expect(await check(block, above, path)).toEqual([])
  })

  test('there are some of each language', () => {
    const languages = blocks.map(({ block }) => block.language)
    expect(languages.length).toBeGreaterThanOrEqual(45)
    for (const language of ['js', 'cjs', 'text', 'sh', 'yaml', 'gyp', 'javascript', 'cpp', 'promql']) {
      expect(languages).toContain(language)
    }
  })
})

/** What documents emphasise besides panels. */
const EMPHASISED = [
  ...['Prevention', 'Profiler', 'Vectors', 'reconnecting', 'this alert does not come'],
  ...['normal', 'Seen', 'italic', 'no'],
]

describe('what people read at night', () => {
  test.each(operationDocuments)('$path: before each query and command stands what to look for', (document) => {
    const silent = document.blocks.filter((block) => block.before === '' && !isInHead(document, block))
    expect(silent.map(({ line, code }) => `${line}: ${code}`)).toEqual([])
  })

  test('what runbooks and operations.md call a panel is one, of the dashboard that the sentence names', () => {
    const documents = operationDocuments.filter(({ path }) => path !== 'docs/capacity.md')
    const checks = documents.map(({ path, text }) => ({ path, ...checkPanelNames(text, EMPHASISED) }))
    expect(checks.flatMap(({ path, faults }) => faults.map((fault) => `${path}: ${fault}`))).toEqual([])
    expect(checks.reduce((sum, { named }) => sum + named, 0)).toBeGreaterThan(200)
    const all = documents.map(({ text }) => text).join('')
    expect(EMPHASISED.filter((words) => !all.replaceAll(/\s+/g, ' ').includes(`*${words}*`))).toEqual([])
  })
})

describe('links', () => {
  const links = documents.flatMap(({ path, links }) => links.map((link) => ({ from: path, ...link })))

  test.each(links)('$from:$line -> $path#$anchor', ({ from, path, anchor }) => {
    expect(checkLink(from, path, anchor)).toEqual([])
  })

  test('there are some, from many documents, and some to anchors', () => {
    expect(links.length).toBeGreaterThanOrEqual(80)
    expect(documents.length).toBeGreaterThanOrEqual(16)
    expect(links.filter(({ anchor }) => anchor !== '').length).toBeGreaterThanOrEqual(10)
  })

  test('each page of docs/ is linked from the README', () => {
    const linked = links.filter(({ from }) => from === 'README.md').map(({ path }) => path)
    const pages = readdirSync(join(ROOT, 'docs')).filter((file) => statSync(join(ROOT, 'docs', file)).isFile())
    expect(pages.map((page) => `docs/${page}`).filter((page) => !linked.includes(page))).toEqual([])
  })
})

describe('docs/migration.md', () => {
  test('its program prints the same before and after', async () => {
    const { blocks = [] } = checked.find(({ path }) => path === 'docs/migration.md') ?? {}
    const [before, after] = await Promise.all(
      ['Before', 'After'].map(async (heading) => {
        const block = blocks.find((each) => each.heading === heading && each.language === 'js')
        const { stdout } = await run(block as Block)
        const families = definedFamilies(`${stdout.trimEnd()}\n`).map(({ name, type, help, samples }) => ({
          name,
          type,
          help,
          samples: new Set(samples),
        }))
        return new Map(families.map((family) => [family.name, family]))
      }),
    )
    expect(after?.size).toBeGreaterThanOrEqual(4)
    expect(after).toEqual(before)
  })
})

describe('the checks can fail', () => {
  const PROGRAM: Block = { line: 1, language: 'js', code: "console.log('one\\ntwo 2')\n", heading: '', before: '' }

  test.each([
    ['js', 'throw new Error("no")', 'ended with 1'],
    ['js', 'console.error("no")', 'no'],
    ['js', 'const x: number = 1', 'ended with 1'],
    ['cjs', "require('nanotally').counter({ name: 1 })", 'ended with 1'],
    ['promql', 'rate(engram_nothing_total[5m])', 'no catalog has engram_nothing_total'],
    ['text', 'two 3', 'the program above it printed'],
    ['text', 'two', 'the program above it printed'],
    ['sh', 'npm run nothing', 'no script nothing'],
    ['sh', 'npm test -- --only nothing', 'no stage nothing'],
    ['sh', 'npm install nothing', 'no nothing'],
    ['sh', 'npm install ./nanotally-0.0.0.tgz', 'no ./nanotally-0.0.0.tgz'],
    ['sh', 'npm explore nanotally -- npm run nothing', 'no script nothing'],
    ['sh', 'scripts/nothing.sh', 'scripts/nothing.sh cannot be executed'],
    ['sh', 'A=1 node nothing.mjs && ls', 'no file nothing.mjs'],
    ['sh', 'npx nothing', 'no nothing'],
    ['sh', 'npx vitest run test/lib/nothing.test.ts', 'no file test/lib/nothing.test.ts'],
    ['sh', 'npx vitest run --project nothing', 'no vitest project nothing'],
    ['sh', 'make', 'nobody knows how to check make'],
    ['sh', '# nothing', 'a block without a command'],
    ['yaml', 'scrape_configs:\n  - job: x\n', 'field job not found'],
    ['yaml', 'aliveProbe:\n  httpGet: { path: /livez, port: 9464 }\n', 'no probe'],
    ['yaml', 'livenessProbe:\n  httpGet: { path: /alive, port: 9464 }\n', 'nobody answers to /alive at 9464'],
    ['yaml', 'livenessProbe:\n  httpGet: { path: /livez, port: 80 }\n', 'nobody answers to /livez at 80'],
    ['cpp', 'int main() {}\n', 'it does not stand in examples/native-addon'],
    ['bash', 'kubectl get pods', 'nobody says before it "Not run here"'],
    ['js', '', 'an empty block'],
    ['', 'anything', "nobody knows how to check a block of language ''"],
    ['rust', 'fn main() {}', "nobody knows how to check a block of language 'rust'"],
  ])('%s: %s', async (language, code, trouble) => {
    const troubles = await check({ line: 9, language, code, heading: '', before: 'Look:' }, [PROGRAM])
    expect(troubles.join('\n')).toContain(trouble)
  })

  test('panels that there are not, and those of another dashboard', () => {
    const text =
      'See *Queue depth* or *Queue\ndepth by priority*.\n\n1. *Heaps* of Streaming: *Error rate* of\n   Streaming is **high**.\n- *so*'
    expect(checkPanelNames(text, ['so'])).toEqual({
      named: 2,
      faults: ['no panel Queue depth', 'Heaps is on Node runtime, not on Streaming'],
    })
  })

  test('a command that is not run, where the document says so', async () => {
    const block: Block = { line: 9, language: 'bash', code: 'perf top', heading: '', before: 'Not run here: look.' }
    expect(await check(block, [])).toEqual([])
  })

  test('output that a program does print is found', async () => {
    const text = (code: string): Block => ({ line: 9, language: 'text', code, heading: '', before: '' })
    expect(await check(text('one\ntwo ...\n'), [PROGRAM])).toEqual([])
    expect(await check(text('one\n'), [])).toEqual(['no program above it that could print it'])
  })

  test.each([
    ['nothing.md', '', 'no docs/nothing.md'],
    ['../README.md', 'nothing', 'no heading #nothing in README.md'],
    ['', 'nothing', 'no heading #nothing in docs/native.md'],
    ['../package.json', 'name', 'an anchor in package.json, which is no document'],
  ])('a link to %s#%s', (path, anchor, trouble) => {
    expect(checkLink('docs/native.md', path, anchor)).toEqual([trouble])
  })
})
