// The machine code keeps what the source says: a restartable sequence ends with its one store, its abort handler carries
// the signature, nothing in it leaves it; and on AArch64 acquire and release are instructions, not hopes.
//
// Of this machine's architecture the addon itself is read; for AArch64 on others, what the cross compiler makes.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADDON } from '../support/addon.js'
import { type Architecture, countOrdered, MachineCode, storesOutsideFrame } from '../support/machine-code.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NATIVE = join(ROOT, 'native')
const RSEQ_PROBE = 'test/machine_code/rseq_probe.cc'
const ORDER_PROBE = 'test/machine_code/order_probe.cc'

interface Tools {
  architecture: Architecture
  compiler: string
  objdump: string
}
const OWN: Tools = {
  architecture: process.arch as Architecture,
  compiler: process.env.CXX ?? 'g++',
  objdump: process.env.OBJDUMP ?? 'objdump',
}
const CROSS: Tools = {
  architecture: 'arm64',
  compiler: 'aarch64-linux-gnu-g++',
  objdump: 'aarch64-linux-gnu-objdump',
}
const AARCH64 = process.arch === 'arm64' ? OWN : CROSS

/** What users' compilers are told (native/binding.gyp). */
const FLAGS = (
  JSON.parse(readFileSync(join(ROOT, 'native/binding.gyp'), 'utf8')) as { targets: { cflags_cc: string[] }[] }
).targets[0]?.cflags_cc as string[]

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nanotally-machine-code-'))
  if (AARCH64 === CROSS && spawnSync(CROSS.compiler, ['--version']).error) {
    const { status, stderr } = spawnSync(join(ROOT, 'scripts/tools.sh'), ['aarch64'], { encoding: 'utf8' })
    if (status !== 0)
      throw new Error(`install the cross compiler: sudo apt-get install g++-aarch64-linux-gnu\n${stderr}`)
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let links = 0

/** Compiles files of native/ into one shared library. `edits`: changed copies of headers, found before the real ones. */
function compile(tools: Tools, sources: string[], edits: Record<string, (text: string) => string> = {}): MachineCode {
  const place = join(folder, `${links++}`)
  for (const [file, edit] of Object.entries(edits)) {
    const before = readFileSync(join(NATIVE, file), 'utf8')
    const after = edit(before)
    if (after === before) throw new Error(`nothing was changed in ${file}`)
    mkdirSync(dirname(join(place, file)), { recursive: true })
    writeFileSync(join(place, file), after)
  }
  const library = `${place}.so`
  const args = [
    ...FLAGS,
    ...['-fPIC', '-fno-omit-frame-pointer', '-shared', '-o', library],
    ...['-I', place, '-I', NATIVE],
    ...sources.map((source) => join(NATIVE, source)),
  ]
  const { status, stderr, error } = spawnSync(tools.compiler, args, { encoding: 'utf8' })
  if (error ?? status !== 0) throw new Error(`${tools.compiler} failed: ${error?.message ?? stderr}`)
  return new MachineCode(library, tools.architecture, tools.objdump)
}

/** The functions with sequences, each named once for every sequence in it; all of them sound. */
function soundSequences(code: MachineCode): string[] {
  const sequences = code.sequences()
  for (const { symbol, faults } of sequences) expect(faults, symbol).toEqual([])
  return sequences.map(({ symbol }) => symbol.replace(/\(.*$/, '')).sort()
}

const RECORDING = [
  'nanotally::NativeHistogram::Observe',
  'nanotally::NativeHistogram::Observe',
  'nanotally::NativeSeries::CounterAdd',
]

describe.runIf(process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch))('restartable sequences', () => {
  test('of the addon as it was built', () => {
    const code = new MachineCode(ADDON, OWN.architecture, OWN.objdump)
    const names = soundSequences(code)
    expect(names).toHaveLength(RECORDING.length)
    // The one that ships is stripped: its functions have no names.
    if (!process.env.NANOTALLY_ADDON) expect(names).toEqual(RECORDING)
    for (const { instructions } of code.sequences()) expect(instructions).toHaveLength(9)
  })

  test('as the cross compiler makes them for AArch64', () => {
    expect(soundSequences(compile(AARCH64, ['record/native_series.cc']))).toEqual(RECORDING)
  })

  // Each edit of the sequence's source makes one thing wrong, and is refused for that.
  const x64 = 'os/rseq_x86_64.inc'
  const arm64 = 'os/rseq_aarch64.inc'
  const end = '        "2:\\n\\t"\n'
  const faults: [what: string, file: string, from: string, to: string, fault: string][] = [
    [
      'the end before the store',
      x64,
      `        "movsd %%xmm15, (%[cell],%%rax)\\n\\t"\n${end}`,
      `${end}        "movsd %%xmm15, (%[cell],%%rax)\\n\\t"\n`,
      "the post-commit address does not follow a plain store of a double, but 'addsd",
    ],
    ['an instruction after the store', x64, end, `        "nop\\n\\t"\n${end}`, "of a double, but 'nop'"],
    ['another signature', x64, '0x53053053', '0x53053054', 'not the signature 0x53053053'],
    ['no signature', x64, '        ".long 0x53053053\\n\\t"\n', '', 'not the signature 0x53053053'],
    ['a second store', x64, '"shlq', '"movq %%rax, -8(%%rsp)\\n\\t"\n        "shlq', 'stores before the commit'],
    ['a locked instruction', x64, '"shlq', '"lock incq -8(%%rsp)\\n\\t"\n        "shlq', 'may not be in a sequence'],
    ['a call', x64, '"shlq', '"call nanotally_elsewhere@plt\\n\\t"\n        "shlq', 'may not be in a sequence'],
    ['a loop', x64, '"shlq', '"5:\\n\\tcmpl $0, %%eax\\n\\tjne 5b\\n\\t"\n        "shlq', 'jumps inside the sequence'],
    [
      'a late start',
      x64,
      '"movq %%rax, %%fs:8(%[rseq])\\n\\t"\n        "1:',
      '"1:',
      'not armed right before its start',
    ],
    [
      'the end before the store',
      arm64,
      `        "str d31, [x16]\\n\\t"\n${end}`,
      `${end}        "str d31, [x16]\\n\\t"\n`,
      "the post-commit address does not follow a plain store of a double, but 'fadd",
    ],
    ['another signature', arm64, '0xd428bc00', '0xd428bc20', 'not the signature 0xd428bc00'],
    [
      'an exclusive load',
      arm64,
      '"ldr w17, [x16, #4]',
      '"ldxr w17, [x16]\\n\\t"\n        "ldr w17, [x16, #4]',
      'may not',
    ],
    [
      'a call',
      arm64,
      '"ldr d31, [x16]',
      '"bl nanotally_elsewhere\\n\\t"\n        "ldr d31, [x16]',
      'may not be in a sequence',
    ],
  ]
  const possible = faults.filter(([, file]) => file === arm64 || process.arch === 'x64')
  test.each(possible)('%s in %s is found', (_, file, from, to, fault) => {
    const tools = file === arm64 ? AARCH64 : OWN
    const [sequence] = compile(tools, [RSEQ_PROBE], { [file]: (text) => text.replace(from, to) }).sequences()
    expect(sequence?.faults.join('\n')).toContain(fault)
  })

  test('a file without any is no file that passes', () => {
    expect(() => compile(OWN, [ORDER_PROBE]).sequences()).toThrow()
  })
})

describe.runIf(process.platform === 'linux')('acquire and release on AArch64', () => {
  const ordered = (code: MachineCode, name: string) => {
    const instructions = code.functionsNamed(new RegExp(`^nanotally::${name}\\(`))
    expect(instructions.length, name).toBeGreaterThan(0)
    return countOrdered(instructions)
  }

  test('are in the code where the source asks for them, and only there', () => {
    const code = compile(AARCH64, [ORDER_PROBE, 'core/shard.cc'])
    expect(ordered(code, 'ProbeRelaxed')).toEqual({ acquire: 0, release: 0 })
    expect(ordered(code, 'ProbeSize')).toEqual({ acquire: 1, release: 0 })
    expect(ordered(code, 'ProbeAppend')).toEqual({ acquire: 0, release: 1 })
    // The element is stored before the size that publishes it.
    expect(storesOutsideFrame(code.functionsNamed(/ProbeAppend/)).slice(-2)).toEqual(['str', 'stlr'])
    // The number of chunks, and the chunk's memory.
    expect(ordered(code, 'ProbeChunk')).toEqual({ acquire: 2, release: 0 })
    // The size in the loop's condition (the compiler may have it twice); the append, and the memory.
    const publish = ordered(code, 'Shard::Publish')
    expect(publish.acquire).toBeGreaterThanOrEqual(1)
    expect(publish.release).toBe(2)
  })

  test('of native series: the stamp of a gauge, and the directory of a histogram', () => {
    const code = compile(AARCH64, ['record/native_series.cc'])
    expect(ordered(code, 'NativeSeries::Stamp').release).toBe(1)
    expect(ordered(code, 'NativeHistogram::ExponentialBucket').acquire).toBe(1)
    expect(ordered(code, 'NativeHistogram::LocateBlock').release).toBe(1)
  })

  test('are missed where they are taken out', () => {
    const relaxed = (text: string) => text.replaceAll(/memory_order_(acquire|release)/g, 'memory_order_relaxed')
    const code = compile(AARCH64, [ORDER_PROBE], { 'core/segmented_vector.h': relaxed })
    expect(ordered(code, 'ProbeSize')).toEqual({ acquire: 0, release: 0 })
    expect(ordered(code, 'ProbeAppend')).toEqual({ acquire: 0, release: 0 })
    expect(ordered(code, 'ProbeChunk')).toEqual({ acquire: 1, release: 0 })
  })
})
