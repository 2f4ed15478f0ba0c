// Runs each `console` block of the documents: `$ ` begins a command, what follows is what it prints, on stdout or stderr. The
// demo stands for the target at port 9464. Lines have to agree but for their numbers, trends and blanks; `...` stands for any
// lines.
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { EXIT } from '../../../dist/cli/command.js'
import { CHECK_RULES } from '../../../dist/exposition/check.js'
import { PROBLEM_RULES } from '../../../dist/exposition/family.js'
import { CLI } from '../../support/cli.js'
import { type DemoCli, startDemoCli } from '../../support/cli-demo.js'
import { parseMarkdown } from '../../support/markdown.js'
import { temporaryFolder } from '../../support/temporary.js'

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

const blurred = (line: string) =>
  line
    .replaceAll(/[▁-█]+/g, '')
    .replaceAll(/\d[\d.]*(e[+-]\d+)?[kMGT]?/g, '#')
    .replaceAll(/# (B|kB|MB)/g, '# bytes')
    .replaceAll(/\s+/g, ' ')
    .trim()

/** Whether the lines are those that are told. */
function agree(lines: readonly string[], told: readonly string[]): boolean {
  const pattern = told.map((line) => (line === '...' ? '(?:.*\n)*' : `${escaped(blurred(line))}\n`)).join('')
  return new RegExp(`^${pattern}$`).test(lines.map((line) => `${blurred(line)}\n`).join(''))
}

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
  for (const [i, { command, output }] of steps.entries()) {
    const told = output.map((line) =>
      command.endsWith(' demo') ? line.replace('Ctrl-C ends it', 'it ends after 0.5 s, or by Ctrl-C') : line,
    )
    expect(agree(outputs[i] ?? [], told) || { command, printed: outputs[i], told }).toBe(true)
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
})
