// native/include/nanotally.h by itself: it compiles without a warning, makes one attachment of many files, and with
// NANOTALLY_OFF leaves nothing behind.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nativeInterface, registry } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { read, rejections } from '../support/registry.js'
import { temporaryFolder } from '../support/temporary.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const HEADER = readFileSync(join(ROOT, 'native/include/nanotally.h'), 'utf8')

/** Where node-gyp found node_api.h when it built the addon. */
function nodeHeaders(): string {
  const [, folder] = /"nodedir": "(.*)"/.exec(readFileSync(join(ROOT, 'native/build/config.gypi'), 'utf8')) ?? []
  if (folder === undefined) throw new Error('native/build/config.gypi names no nodedir: run npm run build:native')
  return join(folder, 'include/node')
}

const LANGUAGES = {
  C11: { compiler: process.env.CC ?? 'cc', flags: ['-std=c11', '-x', 'c'] },
  'C++17': { compiler: process.env.CXX ?? 'c++', flags: ['-std=c++17', '-x', 'c++'] },
}
type Language = keyof typeof LANGUAGES
const OBJDUMP = process.env.OBJDUMP ?? 'objdump'
const WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Werror']

/** Compiles one file, `source`, in a folder that also has the header. */
function compile(folder: string, language: Language, source: string, object: string, flags: readonly string[] = []) {
  const { compiler, flags: standard } = LANGUAGES[language]
  const args = [
    ...standard,
    ...WARNINGS,
    ...flags,
    `-I${folder}`,
    '-isystem',
    nodeHeaders(),
    '-c',
    source,
    '-o',
    object,
  ]
  return spawnSync(compiler, args, { cwd: folder, encoding: 'utf8' })
}

/** Every function and macro; the same in both languages. */
const EVERYTHING = `
#ifdef AFTER_NODE
#include <node_api.h>
#endif
#include "nanotally.h"
#include "nanotally.h"

#ifdef __cplusplus
extern "C" {
#endif
#ifdef AFTER_NODE
nanotally_status attach(napi_env env, napi_value value);
nanotally_status attach(napi_env env, napi_value value) { return nanotally_attach(env, value); }
#endif
nanotally_status set_up(const nanotally_table *table, nanotally_counter **c, nanotally_gauge **g, nanotally_histogram **h);
nanotally_status set_up(const nanotally_table *table, nanotally_counter **c, nanotally_gauge **g, nanotally_histogram **h) {
  const nanotally_label labels[] = {{"kernel", "cosine"}, {"isa", "avx2"}};
  nanotally_options options = NANOTALLY_OPTIONS_INIT;
  static const double buckets[] = {0.5, 1};
  options.buckets = buckets;
  options.bucket_count = 2;
  if (table->version != NANOTALLY_ABI_VERSION || table->size < sizeof(nanotally_table)) return NANOTALLY_INCOMPATIBLE;
  if (nanotally_attach_table(table) != NANOTALLY_OK) return NANOTALLY_ATTACHED_ELSEWHERE;
  if (nanotally_get_counter("c_total", labels, 2, NULL, c) != NANOTALLY_OK) return NANOTALLY_CONFLICT;
  if (nanotally_get_gauge("g", NULL, 0, NULL, g) != NANOTALLY_OK) return NANOTALLY_CLOSED;
  return nanotally_get_histogram("h", labels, 1, &options, h);
}
void record(nanotally_counter *c, nanotally_gauge *g, nanotally_histogram *h, double value);
void record(nanotally_counter *c, nanotally_gauge *g, nanotally_histogram *h, double value) {
  nanotally_counter_add(c, 1);
  nanotally_gauge_set(g, value);
  nanotally_gauge_add(g, -1);
  nanotally_histogram_observe(h, value);
}
void nothing(nanotally_counter *c, nanotally_gauge *g, nanotally_histogram *h, double value);
void nothing(nanotally_counter *c, nanotally_gauge *g, nanotally_histogram *h, double value) {
  (void)c, (void)g, (void)h, (void)value;
}
void give_back(nanotally_counter *c, nanotally_gauge *g, nanotally_histogram *h);
void give_back(nanotally_counter *c, nanotally_gauge *g, nanotally_histogram *h) {
  nanotally_release_counter(c);
  nanotally_release_gauge(g);
  nanotally_release_histogram(h);
}
nanotally_status measure(nanotally_region **region);
nanotally_status measure(nanotally_region **region) {
  nanotally_region_options options = NANOTALLY_REGION_OPTIONS_INIT;
  static const char *const events[] = {"instructions", "cycles"};
  nanotally_status status;
  options.events = events;
  options.event_count = 2;
  status = nanotally_get_region("r", &options, region);
  nanotally_region_begin(*region);
  nanotally_region_end(*region);
  nanotally_release_region(*region);
  return status;
}
#ifdef __cplusplus
}
#endif
`

test('what the tests compile uses every function of the header', () => {
  const functions = [...HEADER.matchAll(/^static inline [^(]*?(nanotally_\w*[a-z])\(/gm)].map(
    ([, name]) => name as string,
  )
  expect(new Set(functions).size).toBe(16)
  for (const name of functions) expect(EVERYTHING).toContain(`${name}(`)
})

describe.each(['C11', 'C++17'] as const)('%s', (language) => {
  test.each([
    ['without node_api.h', []],
    ['after node_api.h', ['-DAFTER_NODE']],
    ['turned off', ['-DNANOTALLY_OFF']],
    ['turned off, after node_api.h', ['-DNANOTALLY_OFF', '-DAFTER_NODE']],
  ])('compiles without a warning, %s', (_, flags) => {
    const folder = temporaryFolder({ 'nanotally.h': HEADER, source: EVERYTHING })
    for (const optimise of ['-O0', '-O2']) {
      const { status, stderr } = compile(folder, language, 'source', 'object.o', [optimise, ...flags])
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    }
  })

  test('a header with a narrowing conversion does not: the check can fail', () => {
    const faulty = HEADER.replace('#include <stdint.h>', '$&\nstatic inline float n_(double v) { return v; }')
    const folder = temporaryFolder({ 'nanotally.h': faulty, source: EVERYTHING })
    const { status, stderr } = compile(folder, language, 'source', 'object.o')
    expect(status).not.toBe(0)
    expect(stderr).toContain('conversion')
  })

  // These read object files of ELF with binutils.
  describe.skipIf(process.platform !== 'linux')('NANOTALLY_OFF', () => {
    /** The symbols of an object file, and the instructions of its functions. */
    function build(flags: string[]) {
      const folder = temporaryFolder({ 'nanotally.h': HEADER, source: EVERYTHING })
      const { stderr } = compile(folder, language, 'source', 'object.o', ['-O2', '-DAFTER_NODE', ...flags])
      expect(stderr).toBe('')
      const run = (tool: string, ...args: string[]) => execFileSync(tool, args, { cwd: folder, encoding: 'utf8' })
      const symbols = run('nm', 'object.o')
      const relocations = run(OBJDUMP, '-r', 'object.o')
      const instructions = (name: string) => {
        const [, body] = run(OBJDUMP, '-d', '--no-show-raw-insn', `--disassemble=${name}`, 'object.o').split(
          `<${name}>:\n`,
        )
        const lines = (body ?? '').trim().split('\n')
        return lines.map((line) => line.replace(/^\s*[0-9a-f]+:\s*/, '').trim())
      }
      return { symbols: symbols + relocations, record: instructions('record'), nothing: instructions('nothing') }
    }

    test('leaves no reference to nanotally, and an empty function', () => {
      const { symbols, record, nothing } = build(['-DNANOTALLY_OFF'])
      for (const name of ['attach', 'set_up', 'record', 'give_back', 'measure'])
        expect(symbols).toMatch(new RegExp(` T ${name}$`, 'm'))
      expect(symbols).not.toContain('nanotally')
      expect(symbols).not.toContain('napi')
      expect(nothing.join()).toMatch(/ret/)
      expect(record).toEqual(nothing)
    })

    test('without it there are references and code: the check can fail', () => {
      const { symbols, record, nothing } = build([])
      expect(symbols).toContain('nanotally_table_')
      expect(symbols).toContain('napi_check_object_type_tag')
      expect(record.length).toBeGreaterThan(nothing.length)
    })
  })
})

// Linked as the loader of Linux takes it.
describe.skipIf(process.platform !== 'linux')('two files of C and one of C++ in one addon', () => {
  const RECORD = (file: string) => `
#include <node_api.h>
#include "nanotally.h"
/* Through a handle, which is NULL before the attachment. */
void record_in_${file}(void);
void record_in_${file}(void) {
  nanotally_counter *counter = NULL;
  const nanotally_label label = {"file", "${file}"};
  (void)nanotally_get_counter("files_total", &label, 1, NULL, &counter);
  nanotally_counter_add(counter, 1);
  nanotally_release_counter(counter);
}`
  const ATTACH = `
int attach_in_a(napi_env env, napi_value value);
int attach_in_a(napi_env env, napi_value value) { return (int)nanotally_attach(env, value); }`
  const MODULE = `
extern "C" {
void record_in_a(void);
void record_in_b(void);
int attach_in_a(napi_env env, napi_value value);
${RECORD('c')}
static napi_value record(napi_env, napi_callback_info) {
  record_in_a();
  record_in_b();
  record_in_c();
  return nullptr;
}
static napi_value attach(napi_env env, napi_callback_info info) {
  std::size_t count = 1;
  napi_value value, status;
  napi_get_cb_info(env, info, &count, &value, nullptr, nullptr);
  napi_create_int32(env, attach_in_a(env, value), &status);
  return status;
}
NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "record", NAPI_AUTO_LENGTH, record, nullptr, &function);
  napi_set_named_property(env, exports, "record", function);
  napi_create_function(env, "attach", NAPI_AUTO_LENGTH, attach, nullptr, &function);
  napi_set_named_property(env, exports, "attach", function);
  return exports;
}
}`

  function build(header: string): { record(): void; attach(value: object): number } {
    const folder = temporaryFolder({ 'nanotally.h': header })
    const sources: [string, Language, string][] = [
      ['a', 'C11', RECORD('a') + ATTACH],
      ['b', 'C11', RECORD('b')],
      ['c', 'C++17', `#include <cstddef>\n${MODULE.replace('extern "C" {', '#include <node_api.h>\nextern "C" {')}`],
    ]
    for (const [name, language, text] of sources) {
      writeFileSync(join(folder, name), text)
      expect(compile(folder, language, name, `${name}.o`, ['-fPIC', '-O2']).stderr).toBe('')
    }
    execFileSync(LANGUAGES['C++17'].compiler, ['-shared', 'a.o', 'b.o', 'c.o', '-o', 'files.node'], { cwd: folder })
    return createRequire(import.meta.url)(join(folder, 'files.node'))
  }

  const recorded = () =>
    Promise.all(['a', 'b', 'c'].map(async (file) => (await read(registry, 'files_total', { file })) ?? 0))
  const withoutHandle = async () => (await rejections(registry)).no_handle ?? 0

  test('have one attachment, and one count of what came before', async () => {
    const before = await withoutHandle()
    const addon = build(HEADER)
    addon.record()
    expect(addon.attach(nativeInterface())).toBe(0)
    addon.record()
    expect(await recorded()).toEqual([1, 1, 1])
    expect(await withoutHandle()).toBe(before + 3)
    registry.remove('files_total')
  })

  test('with a header that makes one for each file they have not: the check can fail', async () => {
    const before = await withoutHandle()
    const addon = build(HEADER.replace('__attribute__((weak, visibility("hidden")))', 'static'))
    addon.record()
    expect(addon.attach(nativeInterface())).toBe(0)
    addon.record()
    expect(await recorded()).toEqual([1, 0, 0])
    expect(await withoutHandle()).toBe(before + 1)
  })
})
