// How reports are read: whose a leak is, and that nothing which a sanitizer says is passed over.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary.js'
import { readReport, readReports } from './reports.js'

const NEW = '</usr/lib/libasan.so.8> in operator new(unsigned long) asan_new_delete.cpp:95'
const STRING =
  '</usr/lib/libstdc++.so.6> in std::string::_M_create(unsigned long&, unsigned long) (/usr/lib/libstdc++.so.6+0x1)'
const OURS = '</x/build/Release/nanotally.node> in nanotally::Store::Open(std::string) ../native/core/store.cc:1'
const CANARY = '</x/build/Release/probe.node> in LeakCanary ../probe.cc:1'
const NAPI = '</usr/bin/node> in napi_create_promise (/usr/bin/node+0x1)'
const EXTERNAL = '</usr/bin/node> in napi_create_external (/usr/bin/node+0x1)'
const V8 = '</usr/bin/node> in v8::internal::MemoryAllocator::AllocatePage(int) (/usr/bin/node+0x2)'
const JAVASCRIPT = '</usr/bin/node> in Builtins_JSEntry (/usr/bin/node+0x3)'
const COMPILED = '<<null>>  (<unknown module>)'
const NODE = '</usr/bin/node> in node::Start(int, char**) (/usr/bin/node+0x4)'

const leak = (...frames: string[]) =>
  `Direct leak of 8 byte(s) in 1 object(s) allocated from:\n${frames.map((frame, i) => `    #${i} ${frame}\n`).join('')}\n`
const reportOf = (...leaks: string[]) =>
  `\n=================================================================\n==7==ERROR: LeakSanitizer: detected memory leaks\n\n` +
  `${leaks.join('')}SUMMARY: AddressSanitizer: 8 byte(s) leaked in 1 allocation(s).\n`

describe('a leak', () => {
  test.each([
    ['of our own', [NEW, OURS, NODE]],
    ['of our own by way of a library', [NEW, STRING, OURS, NODE]],
    ["of what Node's API allocated for us", [NEW, NAPI, OURS, JAVASCRIPT, NODE]],
    ['whose stack ends before it says whose it is', [NEW, STRING]],
    ['without a stack', []],
  ])('%s is a finding', (_, frames) => {
    const { findings, foreign } = readReport(reportOf(leak(...frames)))
    expect(findings).toEqual([leak(...frames).trim()])
    expect(foreign).toBe(0)
  })

  test.each([
    ['of Node', [NEW, NODE]],
    ["of what Node's API never frees", [NEW, EXTERNAL, OURS, NODE]],
    ["in V8's heap, whoever made it grow", [NEW, V8, NAPI, OURS, NODE]],
    ['of what JavaScript did that we called', [NEW, NODE, JAVASCRIPT, OURS, NODE]],
    ['of what compiled JavaScript did that we called', [NEW, NODE, COMPILED, OURS, NODE]],
  ])('%s is of foreign origin', (_, frames) => {
    expect(readReport(reportOf(leak(...frames)))).toEqual({ findings: [], canary: false, foreign: 1 })
  })

  test('each of several is judged by itself', () => {
    const text = reportOf(leak(NEW, NODE), leak(NEW, CANARY, NODE), leak(NEW, OURS, NODE), leak(NEW, V8, NODE))
    expect(readReport(text)).toEqual({ findings: [leak(NEW, OURS, NODE).trim()], canary: true, foreign: 2 })
  })
})

test.each([
  ['an error', '==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x1\n'],
  ['undefined behaviour', '../a.cc:1:2: runtime error: signed integer overflow\n'],
  ['a warning', '==7==WARNING: something\n'],
  ['leaks that could not be looked for', '==7==LeakSanitizer has encountered a fatal error.\n'],
  ['a report that was cut off', reportOf(leak(NEW, NODE)).replace(/SUMMARY.*\n/, '')],
])('%s is a finding', (_, text) => {
  const { findings } = readReport(text + reportOf(leak(NEW, CANARY)))
  expect(findings).toHaveLength(1)
  expect(text).toContain(findings[0])
})

test('of each process all reports are read, and it shows which did not end by itself', () => {
  const folder = temporaryFolder({
    'address.7': reportOf(leak(NEW, CANARY), leak(NEW, NODE)),
    'address-undefined.7': 'runtime error: x\n',
    'calls.7': '[1,2]',
    'calls.8': '',
  })
  expect(Object.fromEntries(readReports(folder))).toEqual({
    7: { findings: ['runtime error: x'], canary: true, foreign: 1, calls: [1, 2] },
    8: { findings: [], canary: false, foreign: 0, calls: undefined },
  })
  writeFileSync(join(folder, 'other.txt'), '')
  expect(() => readReports(folder)).toThrow('other.txt')
})
