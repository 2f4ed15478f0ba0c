// Keeps the figures of docs/capacity.md: its constants, the example that is computed with them, and the limits of catalogs.
//   node scripts/capacity-document.mjs                        writes them, of what bench/capacity/constants.json keeps
//   node scripts/capacity-document.mjs --check                only tells whether the page has them
//   node scripts/capacity-document.mjs --measure              runs the benches, keeps what they say, and writes the page
//   node scripts/capacity-document.mjs --measure --samples 3  the same in so many rounds
//   node scripts/capacity-document.mjs --from FILE...         keeps what is in files of results of node bench/run.mjs --json
//   node scripts/capacity-document.mjs --count NAME FILE      keeps one constant, a count, which is the same on each machine
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { byInstance } from '../alerts/src/build.mjs'
import { CONSTANTS, samplesOfConstant } from '../bench/capacity/constants.mjs'
import { summarize } from '../bench/harness/statistics.mjs'
import { example } from './capacity-example.mjs'
import { duration, figure } from './figures.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGE = join(ROOT, 'docs/capacity.md')
const KEPT = join(ROOT, 'bench/capacity/constants.json')

const { catalogs } = createRequire(import.meta.url)('../dist/catalogs/index.js')
const familyOf = new Map(catalogs.flatMap(({ families }) => Object.values(families)).map((each) => [each.name, each]))

/** The tables of constants, in their order. */
const TABLES = [
  ['what work costs', /^(observation|recall|queueing|insertion|stored.*|answered.*|idle)$/],
  ['what memory holds', /^(base|worker|slot|hot|warm|cold.*|counter.*|histogram.*)$/],
  ['what monitoring costs', /^(everything|render|text|gzip|samples)$/],
  ['what Prometheus keeps of a scrape', /^(sample|classic.*|native|indexed)$/],
]

/** Runs the benches that the constants are of, and returns their files of results. @param {string | undefined} samples */
function measure(samples) {
  const folder = join(ROOT, 'build', 'capacity')
  mkdirSync(folder, { recursive: true })
  const names = (key) => [...new Set(Object.values(CONSTANTS).flatMap((each) => each[key] ?? []))]
  const either = (texts) => `^(${texts.map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})$`
  return names('suite').map((suite) => {
    const file = join(folder, `${suite}.json`)
    const only = either(names('case').map((name) => `${suite}: ${name}`))
    const contenders = either([...names('of'), ...names('minus')])
    const run = ['bench/run.mjs', suite, '--only', only, '--contenders', contenders, '--json', file]
    const { status } = spawnSync(process.execPath, [...run, ...(samples === undefined ? [] : ['--samples', samples])], {
      cwd: ROOT,
      stdio: 'inherit',
    })
    if (status !== 0) throw new Error(`bench/run.mjs ${suite} ended with ${status}`)
    return file
  })
}

/** Keeps of files of results what the constants are made of. @param {string[]} files */
function keep(files) {
  const runs = files.map((file) => JSON.parse(readFileSync(file, 'utf8')))
  const cases = runs.flatMap((run) => run.cases)
  const busy = Math.max(0, ...cases.map(({ assessed }) => assessed.neighbours ?? 0))
  const samples = Object.entries(CONSTANTS).map(([key, constant]) => {
    const found = samplesOfConstant(constant, cases)
    if (found === undefined) throw new Error(`${key}: no ${constant.measure} of ${constant.of} in ${constant.case}`)
    return [key, found.map((value) => Number(value.toPrecision(6)))]
  })
  const { date, cpu, cpus, memoryGiB, kernel, architecture, node, commit } = runs[0].machine
  const machine = { date: date.slice(0, 10), cpu, cpus, memoryGiB, kernel, architecture, node, commit }
  const kept = { machine, neighbours: Number(busy.toFixed(2)), samples: Object.fromEntries(samples) }
  write(kept)
}

function write(kept) {
  writeFileSync(
    KEPT,
    `${JSON.stringify(kept, undefined, 1).replaceAll(/\[[^\]]*\]/g, (list) => list.replaceAll(/\s+/g, ' ').replaceAll(/\[ | \]/g, (end) => end.trim()))}\n`,
  )
}

/** Keeps a count of a file of results. @param {string} key @param {string} file */
function keepCount(key, file) {
  const { cases } = JSON.parse(readFileSync(file, 'utf8'))
  const found = CONSTANTS[key]?.unit === '' ? samplesOfConstant(CONSTANTS[key], cases) : undefined
  if (found === undefined) throw new Error(`${key} is no count in ${file}`)
  const kept = JSON.parse(readFileSync(KEPT, 'utf8'))
  write({ ...kept, samples: { ...kept.samples, [key]: found } })
}

/** As people read it: three digits. @param {number} value */
function rounded(value) {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 })
}

function constantTables({ machine, neighbours, samples }) {
  const { date, cpu, cpus, memoryGiB, kernel, architecture, node } = machine
  const lines = [
    `Measured on ${date}: ${cpu}, ${cpus} CPUs, ${memoryGiB} GiB, ${kernel}, ${architecture}, Node ${node}.`,
    ...wrapped(
      neighbours > 0.2
        ? `Other programs kept up to ${rounded(neighbours)} of the CPUs busy meanwhile: times on the clock are too long, and processor times, which caches are part of, somewhat.`
        : 'The machine did nothing else.',
    ),
    'Medians, with the quartiles, of as many rounds as `n` says, each with processes of its own.',
  ]
  for (const [title, keys] of TABLES) {
    const columns = [`| ${title} | median | quartiles | n | row of the bench |`, '| --- | --- | --- | --- | --- |']
    const rows = Object.entries(CONSTANTS)
      .filter(([key]) => keys.test(key))
      .map(([key, { what, unit, suite, of, minus, measure }]) => {
        const { median, q1, q3, count } = summarize(samples[key])
        const row = `${suite}: ${measure} of ${of}${minus === undefined ? '' : ` less ${minus}`}`
        return `| ${what}, \`${key}\` | ${rounded(median)} ${unit} | ${rounded(q1)} to ${rounded(q3)} | ${count} | ${row} |`
      })
    lines.push('', ...columns, ...rows)
  }
  return lines.map((line) => line.replaceAll(/ +\|/g, ' |'))
}

/** A family's limit in words, and how long it has to last. */
function limitOf(name, level) {
  const { above, below, forSeconds = 0 } = familyOf.get(name)[level]
  const limit = above === undefined ? `below ${figure(below)}` : `above ${figure(above)}`
  return `${limit}${forSeconds === 0 ? '' : ` for ${duration(forSeconds)}`}`
}

/** As lines of the page's width. @param {string} text */
function wrapped(text) {
  return text.match(/.{1,130}(?: |$)/g)?.map((line) => line.trimEnd()) ?? []
}

/** What a block asks, with the limit of the family where it is about one. */
function trigger({ family, level = 'warning', query, says }) {
  const asked = query ?? byInstance(familyOf.get(family).query)
  const limit = family === undefined ? '' : limitOf(family, level)
  return ['', ...wrapped(says.replaceAll('LIMIT', limit)), '', '```promql', asked, '```']
}

const HORIZONTAL = [
  {
    query: 'avg by (job, instance) (engram_streaming_worker_utilization)',
    says: 'How busy workers are, in percent. It follows the load before anything waits: act above the target that you planned with, 70 here, for half an hour.',
  },
  {
    family: 'engram_streaming_queue_depth',
    says: 'What waits in the fullest lane, in what it has room for: LIMIT, `HighQueueDepth`. Queues are short until workers are busy all the time, and then they are soon full: it comes late.',
  },
  {
    family: 'engram_streaming_observations_rejected_total',
    says: 'Observations that are turned away, in all: LIMIT, `HighRejectionRate`. It is too late, so let it count more than the others.',
  },
  {
    family: 'engram_streaming_backpressure_state',
    says: 'Back-pressure that stays: LIMIT, `PersistentBackpressure`.',
  },
  {
    query: 'sum(max_over_time(streaming:observation_rate:1m[7d]))',
    says: 'What to plan with: the peak minute of a week of each instance, as recording.yml keeps it, all of them together as if they came at once.',
  },
]

const VERTICAL = [
  {
    family: 'engram_streaming_worker_utilization',
    says: 'The busiest worker less the idlest one, in percentage points: LIMIT, `WorkerUtilizationImbalance`. Neither more workers nor more instances help a context that is hot by itself: split it.',
  },
  {
    family: 'process_cgroup_cpu_throttled_periods_total',
    says: 'Periods in which the control group throttled the process, in all: LIMIT, `ContainerCpuThrottled`. Raise the CPU limit, or have fewer workers than it has cores.',
  },
  {
    family: 'thread_run_queue_wait_seconds_total',
    says: 'The share of its time that a thread waits for a CPU: LIMIT. There are more that want to run than CPUs: more workers make it worse.',
  },
  {
    family: 'nodejs_eventloop_active_seconds_total',
    says: 'The share of its time that the main thread, which queues, is busy: LIMIT. More workers do not help; another instance does.',
  },
  {
    family: 'process_cgroup_memory_working_set_bytes',
    says: 'Memory of the control group, in what is allowed: LIMIT, `ContainerMemoryNearlyFull`. At 0.95 `/readyz` says no.',
  },
  {
    family: 'nodejs_heap_size_used_bytes',
    says: 'The heap of a thread, in what it may be: LIMIT, `HeapNearlyFull`. `--max-old-space-size` raises it; it is part of what the control group has.',
  },
  {
    family: 'engram_streaming_queue_memory_bytes',
    says: 'Memory of the queues, in bytes: LIMIT, `HighQueueMemory`. They are allocated whole when they are made, full or not.',
  },
]

function sections(kept) {
  const medians = Object.fromEntries(
    Object.entries(kept.samples).map(([key, values]) => [key, summarize(values).median]),
  )
  return {
    constants: constantTables(kept),
    example: example(medians, {
      rounded,
      memoryShare: familyOf.get('process_cgroup_memory_working_set_bytes').warning.above,
    }),
    horizontal: HORIZONTAL.flatMap(trigger).slice(1),
    vertical: VERTICAL.flatMap(trigger).slice(1),
  }
}

/** The page with its sections as they are to be. @param {string} page */
function written(page, made) {
  let text = page
  for (const [name, lines] of Object.entries(made)) {
    const pattern = new RegExp(
      `(<!-- ${name}: written by scripts/capacity-document.mjs -->\n)[\\s\\S]*?(<!-- end of ${name} -->)`,
    )
    if (!pattern.test(text)) throw new Error(`docs/capacity.md has no section ${name}`)
    text = text.replace(pattern, (_, begin, end) => `${begin}\n${lines.join('\n')}\n\n${end}`)
  }
  return text
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: 'boolean', default: false },
    measure: { type: 'boolean', default: false },
    from: { type: 'boolean', default: false },
    count: { type: 'string' },
    samples: { type: 'string' },
  },
})
if (values.measure) keep(measure(values.samples))
if (values.from) keep(positionals)
if (values.count !== undefined) keepCount(values.count, positionals[0])
const page = readFileSync(PAGE, 'utf8')
const wanted = written(page, sections(JSON.parse(readFileSync(KEPT, 'utf8'))))
if (!values.check) writeFileSync(PAGE, wanted)
else if (page !== wanted) {
  console.error(
    'docs/capacity.md is not what bench/capacity/constants.json and the catalogs say: run node scripts/capacity-document.mjs',
  )
  process.exitCode = 1
}
