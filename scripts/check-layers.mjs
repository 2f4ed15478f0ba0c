// Checks who imports whom in native/ and lib/ against the tables below (CONTRIBUTING.md, section "Folders").
// It reads text, not programs: comments are blanked out first, then #include and import/export statements are found.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

// native/: a layer is a top-level folder. `may` lists the layers it includes from besides itself, `also` single files.
// `system` lists what it includes from outside native/: 'std' (C++ standard headers), 'os', 'node', 'gtest'.
const NATIVE_LAYERS = {
  include: { may: [], system: ['std'] },
  core: { may: [], system: ['std'] },
  render: { may: ['core'], system: ['std'] },
  // The page-source interface belongs to core; os implements it and knows nothing else of core.
  os: { may: [], also: ['core/page_source.h'], system: ['std', 'os'] },
  record: { may: ['include', 'core', 'os'], system: ['std'] },
  // What the process tells of itself.
  runtime: { may: ['core', 'os'], system: ['std'] },
  binding: { may: ['include', 'core', 'render', 'os', 'record', 'runtime'], system: ['std', 'os', 'node'] },
  test: { may: ['include', 'core', 'render', 'os', 'record', 'runtime'], system: ['std', 'os', 'gtest'] },
  fuzz: { may: ['include', 'core', 'render', 'os', 'record'], system: ['std', 'os'] },
  bench: { may: ['include', 'core', 'render', 'os', 'record', 'runtime'], system: ['std', 'os'] },
}
const NODE_HEADER =
  /^(napi|napi-inl|node|node_api|node_api_types|node_buffer|js_native_api|js_native_api_types|uv|v8)(-\w+)?\.h$/
const STD_HEADERS = new Set(
  `algorithm any array atomic barrier bit bitset charconv chrono compare complex concepts condition_variable coroutine
  deque exception execution filesystem format forward_list fstream functional future initializer_list iomanip ios iosfwd
  iostream istream iterator latch limits list locale map memory memory_resource mutex new numbers numeric optional
  ostream queue random ranges ratio regex scoped_allocator semaphore set shared_mutex source_location span sstream stack
  stdexcept stop_token streambuf string string_view strstream syncstream system_error thread tuple type_traits typeindex
  typeinfo unordered_map unordered_set utility valarray variant vector version cassert cctype cerrno cfenv cfloat
  cinttypes climits clocale cmath csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar
  cwctype stddef.h stdint.h intrin.h`.split(/\s+/),
)

// lib/: the first row whose pattern matches a file is its layer; `may` lists the layers it imports from besides itself.
// `index: true` files re-export and define nothing. `'*'` is every layer but those of NOT_FREE.
const LIB_LAYERS = [
  { name: 'index', files: /^(index|hardware)\.m?ts$/, may: ['*', 'catalogs'], index: true },
  { name: 'catalogs', files: /^catalogs\//, may: ['index'] },
  { name: 'integrations', files: /^integrations\//, may: ['index', 'catalogs'] },
  { name: 'cli', files: /^cli\//, may: ['*', 'index', 'catalogs'] },
  // Alone in requiring what is found at run time.
  { name: 'loader', files: /^native-loader\.ts$/, may: ['leaf'] },
  { name: 'native', files: /^native\.ts$/, may: ['leaf', 'loader'] },
  { name: 'registry', files: /^registry(\/|\.ts$)/, may: ['leaf', 'native'] },
  { name: 'instruments', files: /^instruments\//, may: ['leaf', 'native', 'registry'] },
  // Helpers that stand on nothing of ours: constants, error classes, checks and small functions.
  { name: 'leaf', files: /^(errors|labels|names|sink|thread-name|types|validate|warnings)\.ts$/, may: [] },
  { name: 'rest', files: /./, may: ['*'] },
]
const NOT_FREE = ['loader', 'catalogs', 'integrations', 'cli', 'index']
const PACKAGE = 'nanotally'

const { values: options } = parseArgs({ options: { root: { type: 'string' } } })
const root = resolve(options.root ?? fileURLToPath(new URL('..', import.meta.url)))
const violations = []
const violate = (file, line, message) => violations.push(`${file}:${line}: ${message}`)

const native = checkNative(join(root, 'native'))
const lib = checkLib(join(root, 'lib'))
for (const [name, { files, edges }] of Object.entries({ native, lib })) {
  if (files === 0 || edges === 0) violations.push(`${name}/: ${files} files and ${edges} edges: nothing was checked`)
}
for (const violation of violations) console.error(violation)
console.log(
  `check-layers: native ${native.files} files, ${native.edges} edges; lib ${lib.files} files, ${lib.edges} edges; ` +
    `${violations.length} violations`,
)
process.exitCode = violations.length === 0 ? 0 : 1

/** Checks the includes of native/ and returns how many files and edges inside native/ it saw. */
function checkNative(base) {
  const files = list(base, /\.(h|cc|inc)$/)
  const graph = new Map()
  for (const file of files) {
    const targets = []
    graph.set(file, targets)
    const where = posix.join('native', file)
    const layerName = file.split('/')[0]
    const layer = file.includes('/') ? NATIVE_LAYERS[layerName] : undefined
    if (!layer) {
      violate(where, 1, 'is in no layer: add its folder to NATIVE_LAYERS')
      continue
    }
    const text = blankComments(readFileSync(join(base, file), 'utf8'), 'cpp')
    for (const match of text.matchAll(/^[ \t]*#[ \t]*include\b[ \t]*(.*)$/gm)) {
      const line = lineOf(text, match.index)
      const [, quote, path] = /^(["<])([^">]+)[">]/.exec(match[1]) ?? []
      if (path === undefined) {
        violate(where, line, `#include ${match[1].trim()} is not a plain path`)
      } else if (quote === '"' && !isOutside(path)) {
        targets.push(path)
        const target = path.split('/')[0]
        if (!files.includes(path)) {
          violate(where, line, `includes "${path}", which is no file relative to native/`)
        } else if (target !== layerName && !layer.may.includes(target) && !layer.also?.includes(path)) {
          violate(where, line, `${layerName} may not include ${target} ("${path}")`)
        }
      } else {
        const kind = systemKind(path)
        if (!layer.system.includes(kind)) {
          violate(where, line, `${layerName} may not include the ${kind} header <${path}>`)
        }
      }
    }
  }
  reportCycle('native', graph)
  return count(graph)
}

/** Checks the imports of lib/ and returns how many files and edges inside lib/ it saw. */
function checkLib(base) {
  const files = list(base, /\.(m?ts|json)$/)
  const graph = new Map()
  for (const file of files) {
    const targets = []
    graph.set(file, targets)
    const where = posix.join('lib', file)
    const layer = libLayer(file)
    const text = blankComments(readFileSync(join(base, file), 'utf8'), 'ts')
    if (layer.index) checkReexports(where, text)
    for (const { specifier, line } of imports(text)) {
      if (specifier === undefined) {
        if (layer.name !== 'loader') violate(where, line, 'imports by a computed path')
        continue
      }
      const target = libTarget(files, file, specifier)
      if (target === undefined) continue
      if (target === null) {
        violate(where, line, `imports '${specifier}', which is no file of lib/`)
        continue
      }
      targets.push(target)
      const { name } = libLayer(target)
      const free = layer.may.includes('*') && !NOT_FREE.includes(name)
      if (name !== layer.name && !free && !layer.may.includes(name)) {
        violate(where, line, `${layer.name} may not import ${name} ('${specifier}')`)
      }
    }
  }
  reportCycle('lib', graph)
  return count(graph)
}

function libLayer(file) {
  return LIB_LAYERS.find(({ files }) => files.test(file))
}

/** The file of lib/ that a specifier means; null: a path to no such file; undefined: something outside lib/. */
function libTarget(files, from, specifier) {
  if (specifier === PACKAGE) return 'index.ts'
  if (!specifier.startsWith('.')) return undefined
  const path = posix.normalize(posix.join(posix.dirname(from), specifier))
  if (path === '../package.json') return undefined
  const source = path.replace(/\.js$/, '.ts').replace(/\.mjs$/, '.mts')
  return files.includes(source) ? source : null
}

/** Every import, export-from, import(), import = require() and require() of a TypeScript text without comments. */
function* imports(text) {
  const statement = /(?<![\w$.])(?:import|export)\b(?:[^'"`;()=]*?\bfrom)?\s*(['"])([^'"\n]+)\1/g
  for (const match of text.matchAll(statement)) yield { specifier: match[2], line: lineOf(text, match.index) }
  const call = /(?<![\w$.])(?:import|require)\s*\(\s*(?:(['"])([^'"\n]+)\1\s*[,)])?/g
  for (const match of text.matchAll(call)) yield { specifier: match[2], line: lineOf(text, match.index) }
}

/** An index file consists of `export ... from`, `import ... from` and `export { ... }`; anything else is a definition. */
function checkReexports(where, text) {
  const allowed =
    /(?:import|export)\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\w+|\w+\s*,\s*\{[^}]*\}|\{[^}]*\})\s+from\s*(['"])[^'"\n]+\1\s*;?|export\s+(?:type\s+)?\{[^}]*\}\s*;?/g
  const left = text.replace(allowed, (match) => match.replace(/[^\n]/g, ' '))
  const rest = /\S.*/.exec(left)
  if (rest) violate(where, lineOf(left, rest.index), `an index file only re-exports: ${rest[0].trim()}`)
}

/** Reports one path around each cycle; a file that imports itself is a cycle, too. */
function reportCycle(folder, graph) {
  const state = new Map()
  const visit = (file, path) => {
    if (state.get(file) === 'done') return
    if (state.get(file) === 'open') {
      const cycle = [...path.slice(path.indexOf(file)), file]
      violate(posix.join(folder, file), 1, `cycle: ${cycle.join(' -> ')}`)
      return
    }
    state.set(file, 'open')
    for (const target of graph.get(file) ?? []) visit(target, [...path, file])
    state.set(file, 'done')
  }
  for (const file of graph.keys()) visit(file, [])
}

function systemKind(path) {
  if (STD_HEADERS.has(path)) return 'std'
  if (NODE_HEADER.test(path)) return 'node'
  return /^g(test|mock)\//.test(path) ? 'gtest' : 'os'
}

/** A quoted include of another project's header (`"napi.h"`): judged like one in angle brackets. */
function isOutside(path) {
  return NODE_HEADER.test(path) || /^g(test|mock)\//.test(path)
}

function list(base, pattern) {
  if (!existsSync(base)) return []
  return readdirSync(base, { recursive: true })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => pattern.test(file))
    .sort()
}

function count(graph) {
  return { files: graph.size, edges: [...graph.values()].reduce((sum, targets) => sum + targets.length, 0) }
}

function lineOf(text, index) {
  return text.slice(0, index).split('\n').length
}

/** Blanks out comments and the bodies of template literals, so that an example in a comment is not taken for an import. */
function blankComments(text, language) {
  const blank = (match) => match.replace(/[^\n]/g, ' ')
  const tokens =
    language === 'cpp'
      ? /\/\/.*|\/\*[\s\S]*?\*\/|R"(\w*)\([\s\S]*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])*'/g
      : /\/\/.*|\/\*[\s\S]*?\*\/|`(?:\\[\s\S]|[^`\\])*`|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(?<=(?:[=(,:;!&|?{}[\n]|\breturn)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n*[])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])*\//g
  return text.replace(tokens, (match) => (/^(?:\/|`|R")/.test(match) ? blank(match) : match))
}
