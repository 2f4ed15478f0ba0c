// Runs each `console` block of the documents: `$ ` begins a command, what follows is what it prints, on stdout or stderr. The
// demo stands for the target at port 9464. What is told of it has to agree but for blanks, trends and numbers that change from
// run to run; anything else, exit codes too, has to agree whole. `...` stands for any lines.
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { EXIT } from '../../../dist/cli/command.js'
import { CHECK_RULES } from '../../../dist/exposition/check.js'
import { PROBLEM_RULES } from '../../../dist/exposition/family.js'
import { CLI, cli } from '../../support/cli.js'
import { type DemoCli, startDemoCli } from '../../support/cli-demo.js'
import { parseMarkdown } from '../../support/markdown.js'
import { temporaryFolder } from '../../support/temporary.js'
import { until } from '../../support/until.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const files = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((file) => `docs/${file}`)].filter((file) =>
  file.endsWith('.md'),
)
const blocks = files.flatMap((file) =>
  parseMarkdown(readFileSync(join(ROOT, file), 'utf8'))
    .blocks.filter(({ language }) => language === 'console')
    .map(({ line, code }) => ({ title: `${file}:${line}`, code })),
)

interface Step {
  command: string
  output: string[]
}

function stepsOf(code: string): Step[] {
  const steps: Step[] = []
  for (const line of code.trimEnd().split('\n')) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: [] })
    else steps.at(-1)?.output.push(line)
  }
  return steps
}

/** The block as a shell script, which says where each command's output begins. */
function scriptOf(steps: readonly Step[], { address }: DemoCli): string {
  return steps
    .map(({ command }) => {
      const local = command.replaceAll(/(?<= )(localhost)?:9464/g, address)
      // It runs until it is told to end.
      const ending = /npx nanotally demo$/.test(local) ? `${local} --port 0 --seconds 0.5` : local
      return command === 'echo $?' ? `echo "=====\n$code"` : `echo =====; ${ending}; code=$?`
    })
    .join('\n')
}

/** Names, threads that are watched and shares are the same in each run of the demo; which worker is the last is not. */
const blurred = (line: string) =>
  line
    .replaceAll(/[▁-█]+/g, '')
    .replaceAll(/(?<![\w.])(?!\d+ (?:watched|%|Not))\d[\d.]*(e[+-]\d+)?[kMGT]?/g, '#')
    .replaceAll(/# (B|kB|MB)/g, '# bytes')
    .replaceAll(/\s+/g, ' ')
    .trim()

/** Whether the lines are those that are told. */
function agree(lines: readonly string[], told: readonly string[], normal = blurred): boolean {
  const pattern = told.map((line) => (line === '...' ? '(?:.*\n)*' : `${escaped(normal(line))}\n`)).join('')
  return new RegExp(`^${pattern}$`).test(lines.map((line) => `${normal(line)}\n`).join(''))
}

const isOfDemo = ({ command }: Step) => /:9464|nanotally demo$/.test(command)
const whole = (line: string) => line

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

test.each(blocks)('$title', async ({ code }) => {
  const demo = await startDemoCli()
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'bin'))
  symlinkSync(process.execPath, join(folder, 'bin/node'))
  writeFileSync(join(folder, 'bin/npx'), `#!/bin/sh\nshift\nexec node '${CLI}' "$@" 2>&1\n`, { mode: 0o755 })
  const steps = stepsOf(code)
  const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` }
  const printed = await new Promise<string>((resolve) => {
    execFile('sh', ['-c', scriptOf(steps, demo)], { env, cwd: folder }, (_, stdout) => resolve(stdout))
  })
  const outputs = printed
    .replaceAll(demo.address, 'localhost:9464')
    .split(/^=====\n/m)
    .slice(1)
    .map((output) => output.trimEnd().split('\n'))
  expect(outputs).toHaveLength(steps.length)
  for (const [i, step] of steps.entries()) {
    const { command, output } = step
    const told = output.map((line) =>
      command.endsWith(' demo') ? line.replace('Ctrl-C ends it', 'it ends after 0.5 s, or by Ctrl-C') : line,
    )
    expect(
      agree(outputs[i] ?? [], told, isOfDemo(step) ? blurred : whole) || { command, printed: outputs[i], told },
    ).toBe(true)
  }
})

test('there are some, of each command', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(7)
  for (const command of ['scrape', 'top', 'cardinality', 'lint', 'demo']) {
    expect(blocks.some(({ code }) => code.includes(`npx nanotally ${command}`))).toBe(true)
  }
})

test('docs/cli.md tells every rule of expositions and every exit code', () => {
  const text = readFileSync(join(ROOT, 'docs/cli.md'), 'utf8')
  expect([...PROBLEM_RULES, ...CHECK_RULES].filter((rule) => !text.includes(`\`${rule}\``))).toEqual([])
  expect(Object.values(EXIT).filter((code) => !text.includes(`\n| ${code} | `))).toEqual([])
})

test('other words, other lines, and lines too many do not agree', () => {
  expect(agree(['a 1', 'b  22.5M'], ['a 7', 'b 1k'])).toBe(true)
  expect(agree(['a 1', 'x', 'y', 'b 2'], ['a 7', '...', 'b 1'])).toBe(true)
  expect(agree(['a 1', 'c'], ['a 7', 'b'])).toBe(false)
  expect(agree(['a 1', 'b'], ['a 7'])).toBe(false)
  expect(agree(['a'], ['a', 'b'])).toBe(false)
  expect(agree(['a'], ['a 1'])).toBe(false)
  expect(agree(['4'], ['3'], whole)).toBe(false)
  expect(agree(['(4 watched)'], ['(3 watched)'])).toBe(false)
  expect(agree(['demo-1 7'], ['demo-2 7'])).toBe(true)
  expect(agree(['P50 7'], ['P90 7'])).toBe(false)
  expect(agree(['answered 404 Not Found'], ['answered 403 Not Found'])).toBe(false)
})

test('the families of the demo are as many wherever they are told, and wherever it is asked', async () => {
  const countsOf = (text: string) => [...text.matchAll(/ in (\d+) families$/gm)].map(([, count]) => Number(count))
  const told = blocks
    .flatMap(({ code }) => stepsOf(code))
    .filter(isOfDemo)
    .flatMap(({ output }) => countsOf(output.join('\n')))
  expect(told.length).toBeGreaterThanOrEqual(2)
  expect(new Set(told).size).toBe(1)
  const { address } = await startDemoCli()
  // What a recording costs is measured some time after the first scrape.
  await until('the last of its families', async () =>
    (await (await fetch(`http://${address}/metrics`)).text()).includes('nanotally_record_seconds'),
  )
  const asked = await Promise.all([cli(['cardinality', address]), cli(['lint', address])])
  const counted = asked.flatMap(({ stdout }) => countsOf(stdout))
  expect(counted).toHaveLength(2)
  expect(new Set(counted).size).toBe(1)
})
