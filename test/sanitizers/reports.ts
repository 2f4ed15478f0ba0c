// What the sanitizers reported, read from their files.
//
// LeakSanitizer sees no pointer that lies in V8's heap, so a Node process that ends in the middle of its work has hundreds of
// leaks which are none. Which blocks are ours is told by the stack of the allocation, from the allocator outwards: ours
// if it comes to one of our addons, directly or over Node's API, which allocates for us (napi_create_reference and the
// like); foreign if it comes to V8's inside or to JavaScript first, as both may allocate whoever called them. Nothing is
// suppressed; what is left out is counted.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Whose blocks are ours. */
const OUR_MODULES = ['nanotally.node', 'probe.node']
/** Modules that allocate for everybody: a stack of theirs alone says nothing about whose the block is. */
const EVERYBODYS = /^(?:libasan|libubsan|libstdc\+\+|libc|libgcc_s|ld-linux\S*)\.so/
/**
 * Node.js frees an External's wrapper only when V8 collects it, never at the end of its environment (node 20,
 * src/js_native_api_v8.cc, ExternalWrapper): nobody who makes one can free it.
 */
const NODES_OWN = / in napi_create_external \(/
/** V8's inside; JavaScript, as its builtins; JavaScript, compiled, which lies in no module. */
const V8 = / in (?:v8::internal::|v8::base::|cppgc::|Builtins_)|^ +#\d+ <<null>>/

export interface Report {
  /** Everything that is neither a leak of foreign origin nor the canary, as it was written. */
  findings: string[]
  /** Whether the leak that every process has on purpose was reported: if not, nobody looked for leaks. */
  canary: boolean
  /** Leak records of foreign origin. */
  foreign: number
}

/** What is in a report; of several (one process may write two), see {@link readReports}. */
export function readReport(text: string): Report {
  const report: Report = { findings: [], canary: false, foreign: 0 }
  const rest = text.replace(
    /^==\d+==ERROR: LeakSanitizer: detected memory leaks\n(.*?)^SUMMARY: AddressSanitizer: \d+ byte\(s\) leaked.*?$/gms,
    (_, leaks: string) => {
      for (const leak of leaks.split(/\n\n+/).filter((record) => record.trim() !== '')) {
        const origin = originOf(leak)
        if (origin === 'canary') report.canary = true
        else if (origin === 'foreign') report.foreign++
        else report.findings.push(leak.trim())
      }
      return ''
    },
  )
  // Not only errors that we know: a sanitizer that could not do its work says so, too.
  const other = rest.replace(/^=+$/gm, '').trim()
  if (other !== '') report.findings.push(other)
  return report
}

/** Where nobody can say that a record is foreign, it is ours. */
function originOf(leak: string): 'ours' | 'canary' | 'foreign' {
  const [head = '', ...frames] = leak.trim().split('\n')
  if (!/^(?:Direct|Indirect) leak of \d+ byte\(s\) in \d+ object\(s\) allocated from:$/.test(head)) return 'ours'
  for (const frame of frames) {
    const module = basename(/^ +#\d+ <([^>]*)>/.exec(frame)?.[1] ?? '')
    if (OUR_MODULES.includes(module)) return frame.includes(' in LeakCanary ') ? 'canary' : 'ours'
    if (NODES_OWN.test(frame) || V8.test(frame)) return 'foreign'
  }
  return frames.every((frame) => EVERYBODYS.test(basename(/^ +#\d+ <([^>]*)>/.exec(frame)?.[1] ?? '')))
    ? 'ours'
    : 'foreign'
}

export interface ProcessReport extends Report {
  /** How often each native function was called, by its place; undefined if the process did not end by itself. */
  calls: number[] | undefined
}

/** The reports of all processes that wrote to a folder, by their ids. */
export function readReports(folder: string): Map<string, ProcessReport> {
  const processes = new Map<string, ProcessReport>()
  for (const file of readdirSync(folder).sort()) {
    const [, name, pid] = /^(address|address-undefined|undefined|calls)\.(\d+)$/.exec(file) ?? []
    if (name === undefined || pid === undefined) throw new Error(`${file} is no report`)
    const text = readFileSync(join(folder, file), 'utf8')
    const of = processes.get(pid) ?? { findings: [], canary: false, foreign: 0, calls: undefined }
    processes.set(pid, of)
    if (name === 'calls') {
      if (text !== '') of.calls = JSON.parse(text)
    } else {
      const { findings, canary, foreign } = readReport(text)
      of.findings.push(...findings)
      of.canary ||= canary
      of.foreign += foreign
    }
  }
  return processes
}
