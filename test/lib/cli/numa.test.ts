// `nanotally numa`: the drawing of several machines as text and as SVG, JSON, where a program's memory lies, and failures.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text as readText } from 'node:stream/consumers'
import { counter, startExporter } from 'nanotally'
import { topology } from 'nanotally/hardware'
import { describe, expect, onTestFinished, test } from 'vitest'
import { run } from '../../../dist/cli/run.js'
import { cli, deadPort, serveText } from '../../support/cli.js'
import { unpackMachine } from '../../support/machines.js'
import { temporaryFolder } from '../../support/temporary.js'

const MACHINES = [
  ...[
    'vm-2-cpus',
    'guest-odd-nodes',
    'guest-4-sockets',
    'guest-arm64-2-sockets',
    'arm64-server-64-cpus',
    'arm64-big-little-8-cpus',
  ],
  ...['intel-hybrid-24-cpus', 'intel-2-sockets-persistent-memory', 'amd-2-sockets-8-nodes-256-cpus'],
]

async function draw(name: string, ...options: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await cli(['numa', '--root', unpackMachine(name), ...options])
  expect([exitCode, stderr]).toEqual([0, ''])
  return stdout
}

/** As a terminal of that many columns shows it, with what colours it. */
async function drawInTerminal(name: string, columns: number): Promise<string> {
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns })
  const drawn = readText(stdout)
  const exitCode = await run(['numa', '--root', unpackMachine(name)], {
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
  })
  stdout.end()
  expect(exitCode).toBe(0)
  return drawn
}

describe('the drawing', () => {
  test('a small virtual machine', async () => {
    expect(await draw('vm-2-cpus')).toBe(`1 package, 1 node, 2 cores, 2 CPUs, 9.34 GiB
╭─ node 0, package 0 ──────────────────────────────────────────────────────────╮
│ memory 9.34 GiB █████████████░░░░░░░ 3.42 GiB free                           │
│ [0] [1]                                                                      │
╰──────────────────────────────────────────────────────────────────────────────╯

Caches: not told, as in many virtual machines

This process may use
  CPUs: all that are online
  CPU time: no quota

Where our memory lies: ask a running program, with nanotally numa URL
`)
  })

  test('limits, offline CPUs, nodes of memory alone', async () => {
    expect(
      await draw('intel-2-sockets-persistent-memory'),
    ).toBe(`2 packages, 4 nodes, 40 cores, 80 CPUs, 78 online, 1.17 TiB
╭─ node 0, package 0 ──────────────────────────────────────────────────────────╮
│ memory 94 GiB ██████████████░░░░░░ 31 GiB free                               │
│ L3 27.5 MiB  [-0 -40] [-1 -41] [-2 -42] [-3 -43] [4 44] [5 45] [6 46] [7 47] │
│              [8 48] [9 49] [10 50] [11 51] [-12 -52] [-13 -53] [-14 -54]     │
│              [-15 -55] [-16 -56] [-17 -57] [-18 -58] [-19 -59]               │
╰──────────────────────────────────────────────────────────────────────────────╯
╭─ node 1, package 1, not for our memory ──────────────────────────────────────╮
│ memory 95 GiB ██████░░░░░░░░░░░░░░ 70 GiB free                               │
│ L3 27.5 MiB  [-20 -60] [-21 -61] [-22 -62] [-23 -63] [-24 -64] [-25 -65]     │
│              [-26 -66] [-27 -67] [-28 -68] [-29 -69] [-30 -70] [-31 -71]     │
│              [-32 -72] [-33 -73] [-34 -74] [-35 -75] [-36 -76] [-37 -77]     │
│              [-38] [-39]                                                     │
╰──────────────────────────────────────────────────────────────────────────────╯
╭─ node 2, not for our memory ─────────────────────────────────────────────────╮
│ memory 504 GiB █░░░░░░░░░░░░░░░░░░░ 500 GiB free                             │
│ no CPUs                                                                      │
╰──────────────────────────────────────────────────────────────────────────────╯
╭─ node 3, not for our memory ─────────────────────────────────────────────────╮
│ memory 504 GiB ░░░░░░░░░░░░░░░░░░░░ 504 GiB free                             │
│ no CPUs                                                                      │
╰──────────────────────────────────────────────────────────────────────────────╯
-N: a CPU that this process may not use
offline: CPUs 78-79

Caches                  size  line  ways  number  each of
  L1d  data           32 KiB  64 B     8      40  1 core
  L1i  instruction    32 KiB  64 B     8      40  1 core
  L2   unified         1 MiB  64 B    16      40  1 core
  L3   unified      27.5 MiB  64 B    11       2  20 cores

Distances (10 is local memory)
           0   1   2   3
  node 0  10  21  17  28
  node 1  21  10  28  17
  node 2  17  28  10  28
  node 3  28  17  28  10

This process may use
  CPUs: 4-11,44-51 (16)
    by affinity: 4-11,44-51
    by the cgroup's cpuset: 4-19,44-59
  memory: of nodes 0
  CPU time: that of 6.5 CPUs, by the cgroup's quota

Where our memory lies: ask a running program, with nanotally numa URL
`)
  })

  test('cores of two kinds', async () => {
    const drawn = await draw('intel-hybrid-24-cpus')
    expect(drawn).toContain(`│ performance cores                                                            │
│ L3 30 MiB  [0 1] [2 3] [4 5] [6 7] [8 9] [10 11] [12 13] [14 15]             │
│ efficiency cores                                                             │
│ L3 30 MiB  [16] [17] [18] [19] [20] [21] [22] [23]                           │
`)
  })

  test('256 CPUs in 8 nodes: the cores of each cache in a line', async () => {
    const lines = (await draw('amd-2-sockets-8-nodes-256-cpus')).split('\n')
    expect(lines[0]).toBe('2 packages, 8 nodes, 128 cores, 256 CPUs, 512 GiB')
    expect(lines.filter((line) => /^│ L3 16 MiB {2}(\[\d+ \d+\] ){4} *│$/.test(line))).toHaveLength(32)
    expect(lines).toContain('  node 3  12  12  12  10  32  32  32  32')
    expect(lines).toContain('  L3   unified       16 MiB  64 B    16      32  4 cores')
    expect(lines.length).toBeLessThan(90)
  })

  test.each(MACHINES)('%s fits 80 columns, and every CPU is in it once', async (name) => {
    const drawn = await draw(name)
    for (const line of drawn.split('\n')) expect([...line].length, line).toBeLessThanOrEqual(80)
    const { cpus } = JSON.parse(await draw(name, '--json'))
    const boxes = drawn.split('\n').filter((line) => line.startsWith('│'))
    const shown = [...boxes.join('\n').matchAll(/\[([-\d ]+)\]/g)].flatMap(([, words = '']) => words.split(' '))
    const online = cpus.filter((cpu: { online: boolean }) => cpu.online)
    const marked = online.map((cpu: { number: number; allowed: boolean }) => `${cpu.allowed ? '' : '-'}${cpu.number}`)
    expect(shown.toSorted()).toEqual(marked.toSorted())
  })

  test('more cores of a node than are clear one by one are told as ranges', async () => {
    const root = temporaryFolder({
      'sys/devices/system/cpu/present': '0-199\n',
      'sys/devices/system/cpu/online': '0-199\n',
      'proc/self/status': 'Cpus_allowed_list:\t0-99\n',
    })
    const { stdout } = await cli(['numa', '--root', root])
    expect(stdout).toMatch(/^│ 200 cores: CPUs 0-199, not all of them allowed +│$/m)
  })

  test('a distance matrix that is too wide goes on below', async () => {
    const nodes = Array.from({ length: 24 }, (_, i) => i)
    const files = nodes.map((node) => [
      `sys/devices/system/node/node${node}/distance`,
      nodes.map((other) => (other === node ? 10 : 100 + other)).join(' '),
    ])
    const root = temporaryFolder({
      'sys/devices/system/cpu/present': '0\n',
      'sys/devices/system/node/online': '0-23\n',
      ...Object.fromEntries(files),
    })
    const { stdout } = await cli(['numa', '--root', root])
    const rows = stdout.split('\n').filter((line) => /^ {2}node 23 /.test(line))
    expect(rows.length).toBeGreaterThan(1)
    expect(rows.join(' ').match(/\d+/g)?.slice(1)).toContain('122')
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('as many nodes as no machine has today', async () => {
    const nodes = Array.from({ length: 400 }, (_, i) => i)
    const root = temporaryFolder({
      'sys/devices/system/cpu/present': '0\n',
      'sys/devices/system/node/online': '0-399\n',
      ...Object.fromEntries(
        nodes.map((node) => [
          `sys/devices/system/node/node${node}/distance`,
          nodes.map((other) => (other === node ? 10 : 1254)).join(' '),
        ]),
      ),
    })
    const svg = join(root, 'machine.svg')
    expect(await cli(['numa', '--root', root, '--svg', svg])).toMatchObject({ exitCode: 0, stderr: '' })
    expect(readFileSync(svg, 'utf8').match(/>1254</g)?.length).toBe(400 * 399)
    const { exitCode, stdout } = await cli(['numa', '--root', root])
    expect(exitCode).toBe(0)
    expect(stdout.match(/ 1254/g)?.length).toBe(400 * 399)
  })

  test('in a terminal it has colours and the width of the terminal', async () => {
    for (const columns of [40, 80, 100]) {
      const drawn = await drawInTerminal('intel-2-sockets-persistent-memory', columns)
      expect(drawn).toContain('\x1b[1m')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: styles are made of them
      const lines = drawn.replace(/\x1b\[\d+m/g, '').split('\n')
      expect(Math.max(...lines.map((line) => [...line].length))).toBe(columns)
      expect(lines.filter((line) => /^[│╭╰]/.test(line)).every((line) => [...line].length === columns)).toBe(true)
    }
  })

  test('this machine', async () => {
    const { exitCode, stdout } = await cli(['numa'])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/\n╭─ node \d+/)
  })
})

test('--json is what topology() returns', async () => {
  const told = JSON.parse((await cli(['numa', '--json'])).stdout)
  const own = JSON.parse(JSON.stringify(topology()))
  // What is free changes all the time; so may what a virtual machine has.
  for (const node of [...told.nodes, ...own.nodes]) {
    delete node.freeBytes
    delete node.memoryBytes
  }
  expect(told).toEqual(own)
})

interface Element {
  tag: string
  class: string
  text: string
  x: number
  y: number
  width: number
  height: number
}

/** The elements of an SVG file, by a parser that takes nothing that is no XML. */
function parseSvg(file: string): Element[] {
  const script = `
import json, sys, xml.etree.ElementTree as tree
elements = []
for element in tree.parse(sys.argv[1]).iter():
    numbers = {key: float(element.get(key) or 0) for key in ('x', 'y', 'width', 'height') if not (element.get(key) or '').endswith('%')}
    elements.append({'tag': element.tag.split('}')[1], 'class': element.get('class') or '', 'text': element.text or '', **numbers})
print(json.dumps(elements))`
  return JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }))
}

const isInside = (inner: Element, outer: Element) =>
  inner.x >= outer.x &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y >= outer.y &&
  inner.y + inner.height <= outer.y + outer.height

function overlaps(elements: readonly Element[]): [Element, Element][] {
  const meet = (a: Element, b: Element) =>
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
  return elements.flatMap((a, i) =>
    elements.slice(i + 1).flatMap((b): [Element, Element][] => (meet(a, b) ? [[a, b]] : [])),
  )
}

describe('--svg', () => {
  test.each(MACHINES)('%s: well-formed, labelled, nothing overlaps or lies outside', async (name) => {
    const file = join(temporaryFolder(), 'machine.svg')
    expect(await draw(name, '--svg', file)).toBe('')
    const [svg, title, description, ...elements] = parseSvg(file) as [Element, Element, Element, ...Element[]]
    expect([svg.tag, title.tag, description.tag]).toEqual(['svg', 'title', 'desc'])
    expect(title.text).toBe((await draw(name)).split('\n')[0])
    expect(description.text).toMatch(/^node \d+/)
    const { cpus } = JSON.parse(await draw(name, '--json'))
    const online = cpus.filter((cpu: { online: boolean }) => cpu.online).length
    const threads = elements.filter((element) => element.tag === 'rect' && element.height === 20)
    expect(threads).toHaveLength(online)
    const cards = elements.filter((element) => element.class === 'card')
    expect([overlaps(threads), overlaps(cards)]).toEqual([[], []])
    expect(threads.filter((thread) => !cards.some((card) => isInside(thread, card)))).toEqual([])

    // What begins at its left edge, as wide as the font is.
    const texts = elements
      .filter((element) => element.tag === 'text' && !/middle|right|title/.test(element.class))
      .map((element) => ({ ...element, y: element.y - 11, width: element.text.length * 7.2, height: 14 }))
    expect(texts.length).toBeGreaterThan(6)
    expect(overlaps(texts)).toEqual([])
    const page = { ...svg, x: 0, y: 0 }
    const drawn = [...texts, ...elements.filter((element) => element.tag === 'rect' && element.class !== 'page')]
    expect(drawn.filter((element) => !isInside(element, page))).toEqual([])
  })

  test('stands alone, for light and for dark', async () => {
    const file = join(temporaryFolder(), 'machine.svg')
    await draw('guest-4-sockets', '--svg', file)
    const text = readFileSync(file, 'utf8')
    expect(text).toContain('prefers-color-scheme: dark')
    expect(text.match(/https?:[^"]*/g)).toEqual(['http://www.w3.org/2000/svg'])
    expect(text).not.toMatch(/<script|<image|url\(/)
  })

  test('with --json both are given; a file that cannot be written is 5', async () => {
    const file = join(temporaryFolder(), 'machine.svg')
    expect(JSON.parse(await draw('vm-2-cpus', '--svg', file, '--json'))).toMatchObject({ source: 'sysfs' })
    expect(readFileSync(file, 'utf8')).toContain('</svg>')
    const { exitCode, stderr } = await cli(['numa', '--svg', '/no/such/folder/machine.svg'])
    expect(exitCode).toBe(5)
    expect(stderr).toMatch(/^nanotally: \/no\/such\/folder\/machine\.svg: cannot be written: [^\n]+\n$/)
  })
})

describe("a program's memory", () => {
  const TEXT = `# TYPE nanotally_arena_node_bytes gauge
nanotally_arena_node_bytes{node="0"} 3145728
nanotally_arena_node_bytes{node="2"} 1048576
nanotally_arena_node_bytes{node="9"} 65536
nanotally_arena_node_bytes{node="unplaced"} 65536
# TYPE nanotally_arena_bytes gauge
nanotally_arena_bytes 4325376
`

  test('by node, as text, JSON and SVG', async () => {
    const url = await serveText(TEXT)
    const drawn = await draw('intel-2-sockets-persistent-memory', url)
    expect(drawn).toContain('│ memory 94 GiB ██████████████░░░░░░ 31 GiB free, arena: 3 MiB                 │\n')
    expect(drawn).toContain('│ memory 95 GiB ██████░░░░░░░░░░░░░░ 70 GiB free, arena: 0 B                   │\n')
    expect(drawn).toContain(`Where our memory lies: 4.13 MiB of ${url}/metrics
  node 0: 3 MiB ███████████████
  node 2: 1 MiB █████
  node 9 (not of this machine): 64 KiB 
  not touched yet: 64 KiB
`)
    const told = JSON.parse(await draw('intel-2-sockets-persistent-memory', '--json', url))
    expect(told.arena).toEqual({
      ...{ target: `${url}/metrics`, unplacedBytes: 65_536 },
      byNode: { 0: 3_145_728, 2: 1_048_576, 9: 65_536 },
    })
    const file = join(temporaryFolder(), 'machine.svg')
    await draw('intel-2-sockets-persistent-memory', '--svg', file, url)
    const texts = parseSvg(file).map(({ text }) => text)
    expect(texts).toContain('memory 94 GiB, 31 GiB free, arena 3 MiB')
    expect(texts).toContain('node 2: 1 MiB')
  })

  test("of nanotally's exporter", async () => {
    counter({ name: 'x_total', help: 'h' }).inc()
    const exporter = await startExporter({ port: 0 })
    onTestFinished(() => exporter.close())
    const { exitCode, stdout } = await cli(['numa', exporter.url])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/\nWhere our memory lies: [1-9][\d.]* [KMG]iB of http/)
  })

  test('of a program that tells of none', async () => {
    const url = await serveText('# TYPE x gauge\nx 1\n')
    expect(await cli(['numa', url])).toMatchObject({
      exitCode: 4,
      stdout: '',
      stderr: `nanotally: ${url}/metrics: it has no nanotally_arena_bytes: is it nanotally's exporter?\n`,
    })
    expect((await cli(['numa', `http://127.0.0.1:${await deadPort()}/metrics`])).exitCode).toBe(3)
  })
})

test('wrong roots and files', async () => {
  const empty = temporaryFolder()
  const file = join(temporaryFolder({ f: 'x' }), 'f')
  for (const [args, exitCode, message] of [
    [['--root', '/no/such/folder'], 3, '/no/such/folder: there is no such file'],
    [['--root', file], 2, `--root: ${file} is no folder; see nanotally numa --help`],
    [['--root='], 2, "--root: expected a folder's name, received nothing; see nanotally numa --help"],
    [['--svg='], 2, "--svg: expected a file's name, received nothing; see nanotally numa --help"],
    [['--root', empty], 3, `${empty}: it holds no sys/devices/system/cpu/present`],
  ] as const) {
    expect(await cli(['numa', ...args])).toEqual({
      exitCode,
      signal: null,
      stdout: '',
      stderr: `nanotally: ${message}\n`,
    })
  }
  // Where a slash ends it, or is all of it, it is the same folder.
  const root = unpackMachine('vm-2-cpus')
  expect((await cli(['numa', '--root', `${root}/`])).stdout).toBe((await cli(['numa', '--root', root])).stdout)
})
