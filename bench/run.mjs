#!/usr/bin/env node
// The command line of the benches: runs the suites, prints tables and verdicts, keeps the samples as JSON.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArguments, USAGE } from './harness/arguments.mjs'
import { describeMachine, machineRecord } from './harness/machine.mjs'
import { Progress } from './harness/progress.mjs'
import { assess, exitCode, format, summarizeBudgets } from './harness/report.mjs'
import { runRounds } from './harness/rounds.mjs'

const SUITES = ['micro', 'native', 'scrape', 'memory', 'service', 'operation', 'integrations', 'capacity']
const here = dirname(fileURLToPath(import.meta.url))

process.exitCode = await main(process.argv.slice(2))

async function main(argv) {
  let options
  try {
    options = parseArguments(argv, SUITES)
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE.replace('SUITES', SUITES.join(', '))}`)
    return 2
  }
  if (options.help) {
    console.log(USAGE.replace('SUITES', SUITES.join(', ')))
    return 0
  }

  const planned = await plan(options)
  if (planned.length === 0) {
    console.error(`no case matches --only ${options.only}`)
    return 2
  }
  if (options.list) {
    for (const { suite, case_ } of planned) console.log(`${suite}: ${case_.name}`)
    return 0
  }

  for (const suite of new Set(planned.map(({ suite }) => suite))) await prepare(suite)
  const machine = machineRecord(options.node)
  console.log(describeMachine(machine).join('\n'))
  if (options.short) console.log('short run: it shows that the benches run; few of its figures are resolved')
  const started = performance.now()
  const done = []
  for (const { suite, case_, rounds } of planned) {
    const progress = new Progress(`${suite}: ${case_.name}`, done.length, planned.length)
    const outcome = await runRounds(case_, { ...options, rounds }, (round, contender) =>
      progress.show(`round ${round + 1}/${rounds} ${contender}`),
    )
    progress.clear()
    const assessed = assess(outcome)
    done.push({ suite, assessed, results: [...outcome.results].map(([contender, runs]) => ({ contender, runs })) })
    console.log(['', ...format(assessed)].join('\n'))
  }

  const file = options.json ?? join(here, 'results', `${machine.date.replaceAll(':', '-')}.json`)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify({ machine, arguments: argv, cases: done }, undefined, 1)}\n`)

  const summary = summarizeBudgets(done)
  const seconds = Math.round((performance.now() - started) / 1000)
  console.log(`\n${done.length} cases in ${seconds} s, samples in ${file}`)
  if (summary.failures > 0) console.log(`${summary.failures} contenders FAILED`)
  console.log(summary.lines.join('\n'))
  return exitCode(summary, options.strict)
}

/** What a suite needs before its first case, such as programs to build. */
async function prepare(suite) {
  const module = await import(`./${suite}/index.mjs`)
  module.prepare?.()
}

/** The cases that were asked for, in the order in which they run, each with its number of rounds. */
async function plan({ suites, only, short, samples }) {
  const planned = []
  for (const suite of suites) {
    const { makeCases, rounds } = await import(`./${suite}/index.mjs`)
    for (const case_ of makeCases({ short })) {
      if (only && !only.test(`${suite}: ${case_.name}`)) continue
      planned.push({ suite, case_, rounds: samples ?? (short ? 1 : rounds) })
    }
  }
  return planned
}
