// top as a process: blocks of text into a pipe, and its screen in a real pseudo terminal, steered by keys.
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { widthOf } from '../../../dist/cli/text.js'
import { cli, cliProcess, serve, startCli, TerminalCli } from '../../support/cli.js'
import { until } from '../../support/until.js'

const INTERRUPT = 2
const TERMINATE = 15
const FAST = ['--interval', '0.1']
const TEXT = { 'content-type': 'text/plain' }

/** A target that counts its scrapes, two series of it, and says which threads are stalled. */
function target(): Promise<string> {
  let scrapes = 0
  return serve((_, response) => {
    scrapes++
    const families = [
      `# TYPE scrapes_total counter\nscrapes_total{kind="a"} ${scrapes}\nscrapes_total{kind="b"} ${scrapes * 10}\n`,
      `# TYPE depth gauge\ndepth ${scrapes % 3}\n`,
      `# TYPE wait_seconds histogram\nwait_seconds_bucket{le="1"} ${scrapes}\nwait_seconds_bucket{le="+Inf"} ${scrapes}\n`,
      `wait_seconds_count ${scrapes}\n`,
      '# TYPE nodejs_eventloop_stall_seconds gauge\nnodejs_eventloop_stall_seconds{thread="main"} 2.5\n',
    ]
    response.writeHead(200, TEXT).end(families.join(''))
  })
}

test('blocks, as many as are wanted', async () => {
  const { exitCode, stdout, stderr } = await cliProcess(['top', await target(), ...FAST, '--count', '2'])
  expect([exitCode, stderr]).toEqual([0, ''])
  const blocks = stdout.trimEnd().split('\n\n')
  expect(blocks).toHaveLength(2)
  const lines = blocks[1]?.split('\n') ?? []
  expect(lines[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics {2}up {2}\S+ ms {2}\d+ B {2}every 0\.1 s$/)
  expect(lines[1]).toBe('STALLED: main for 2.5 s')
  expect(lines[2]).toMatch(/^SERIES +VALUE +RATE\/s +P50 +P90 +P99 +TREND$/)
  expect(lines.slice(3).map((line) => line.split(' ')[0])).toEqual([
    'depth',
    'nodejs_eventloop_stall_seconds{thread="main"}',
    'scrapes_total{kind="a"}',
    'scrapes_total{kind="b"}',
    'wait_seconds',
  ])
  expect(lines[5]).toMatch(/^scrapes_total\{kind="a"\} +3 +[\d.]+ +[▁-█]+$/)
  expect(lines[7]).toMatch(/^wait_seconds +3 +[\d.]+ +0\.5 +0\.9 +0\.99 +[▁-█]+$/)
  expect(stdout).not.toContain('\x1b')
})

test('--once is one block; filters and the order hold for it', async () => {
  const { stdout } = await cli(['top', await target(), ...FAST, '--once', '--name', 'scrapes_*', '--sort', 'rate'])
  const lines = stdout.trimEnd().split('\n')
  expect(lines.slice(3).map((line) => line.split(' ')[0])).toEqual([
    'scrapes_total{kind="b"}',
    'scrapes_total{kind="a"}',
  ])
})

test('blocks until Ctrl-C', async () => {
  const child = startCli(['top', await target(), ...FAST])
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  await until('two blocks', () => output.split('\n\n').length > 2)
  child.kill('SIGINT')
  const [exitCode] = await new Promise<[number | null]>((resolve) =>
    child.once('close', (...ended) => resolve([ended[0]])),
  )
  expect(exitCode).toBe(0)
})

test('a target that dies is shown as such, and seen when it is back', async () => {
  let alive = true
  const url = await serve((request, response) => {
    if (alive) response.writeHead(200, TEXT).end('# TYPE x gauge\nx 1\n')
    else request.socket.destroy()
  })
  const child = startCli(['top', url, ...FAST])
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  await until('it is up', () => output.includes('  up  '))
  alive = false
  await until('it is down', () => /DOWN for \d+ s: the connection was closed without an answer/.test(output))
  expect(output.slice(output.indexOf('DOWN'))).toContain('\nx ')
  const before = output.length
  alive = true
  await until('it is up again', () => output.slice(before).includes('  up  '))
  child.kill('SIGINT')
})

test('the last of the blocks decides about the exit code', async () => {
  let scrapes = 0
  const url = await serve((_, response) => response.writeHead(++scrapes > 1 ? 503 : 200, TEXT).end('x 1\n'))
  const { exitCode, stdout } = await cli(['top', url, ...FAST, '--count', '2'])
  expect(exitCode).toBe(4)
  expect(stdout.match(/DOWN for \d+ s: answered 503 Service Unavailable/g)).toHaveLength(2)
})

test('a screen: sorted, reversed, filtered, paused, scrolled, resized, helped by keys', async () => {
  const top = new TerminalCli(['top', await target(), ...FAST], { columns: 100, lines: 20 })
  const first = await top.until('rates', (screen) => /scrapes_total\{kind="b"\} +\d+ +[\d.]+/.test(screen.join('\n')))
  expect(first).toHaveLength(20)
  expect(first[3]).toMatch(/^SERIES .* TREND$/)
  expect(first[0]).toMatch(/ {2}up {2}/)
  expect(first[1]).toBe('STALLED: main for 2.5 s')
  expect(first[2]).toBe('5 rows  by name')
  expect(first[4]).toMatch(/^depth /)
  expect(first.at(-1)).toMatch(/^\? help {2}q quit {2}s sort/)
  top.press('s')
  await top.until(
    'by rate',
    (screen) => screen[2] === '5 rows  by rate' && /^scrapes_total\{kind="b"\}/.test(screen[4] ?? ''),
  )
  top.press('r')
  await top.until('reversed', (screen) => /by rate, reversed/.test(screen[2] ?? '') && /^nodejs/.test(screen[4] ?? ''))
  top.press('/')
  await top.until('asked for a filter', (screen) => screen.at(-1) === 'filter: _')
  top.press('DEPx')
  top.press('\x7f')
  await top.until(
    'filtered as it is typed',
    (screen) => screen.at(-1) === 'filter: DEP_' && /^depth /.test(screen[4] ?? ''),
  )
  top.press('\r')
  await top.until('filtered', (screen) => screen[2] === '1 row  by rate, reversed  filter: DEP')
  top.press('\x1b')
  await top.until('not filtered', (screen) => /^5 rows/.test(screen[2] ?? ''))
  top.press('?')
  await top.until('help', (screen) => /any other key goes back$/.test(screen.at(-1) ?? ''))
  top.press('x')
  await top.until('no help', (screen) => /^SERIES/.test(screen[3] ?? ''))
  top.resize(60, 7)
  await top.until('two rows', (screen) => screen.length === 7 && /^1 to 2 of 5 rows/.test(screen[2] ?? ''))
  expect(Math.max(...top.screen.map((line) => line.length))).toBeLessThanOrEqual(60)
  top.press('\x1b[6~')
  await top.until('a page down', (screen) => /^3 to 4 of 5 rows/.test(screen[2] ?? ''))
  top.press('\x1b[A')
  await top.until('a row up', (screen) => /^2 to 3 of 5 rows/.test(screen[2] ?? ''))
  top.press('/s\r')
  await top.until('filtered', (screen) => /^1 to 2 of 4 rows/.test(screen[2] ?? ''))
  top.press('\x1b[F')
  await top.until('the end', (screen) => /^3 to 4 of 4 rows/.test(screen[2] ?? ''))
  top.press('\x1b[A')
  await top.until('a row up from there', (screen) => /^2 to 3 of 4 rows/.test(screen[2] ?? ''))
  top.press(' ')
  await top.until('paused', (screen) => /PAUSED/.test(screen[2] ?? ''))
  top.press(' ')
  await top.until('going on', (screen) => !/PAUSED/.test(screen[2] ?? ''))
  top.press('q')
  expect(await top.ended).toEqual({ exitCode: 0, signal: null, echo: true, canonical: true })
  expectGivenBack(top)
})

/** The cursor is shown, the first screen is back, and nothing was drawn afterwards. */
function expectGivenBack({ output }: TerminalCli) {
  expect(output.startsWith('\x1b[?1049h\x1b[?25l')).toBe(true)
  expect(output.split('\x1b[?1049h')).toHaveLength(2)
  expect(output.endsWith('\x1b[?25h\x1b[?1049l')).toBe(true)
}

test('the terminal is given back at Ctrl-C, at SIGINT, at SIGTERM', async () => {
  const endings: [(top: TerminalCli) => void, number | null, number | null][] = [
    [(top) => top.press('\x03'), 0, null],
    [(top) => top.signal(INTERRUPT), 0, null],
    [(top) => top.signal(TERMINATE), null, TERMINATE],
  ]
  for (const [end, exitCode, signal] of endings) {
    const top = new TerminalCli(['top', await target(), ...FAST])
    await top.until('a screen', (screen) => screen.length > 1)
    end(top)
    expect(await top.ended).toEqual({ exitCode, signal, echo: true, canonical: true })
    expectGivenBack(top)
  }
})

test('a target that does not answer holds up neither keys nor the end', async () => {
  let scrapes = 0
  const url = await serve((_, response) => {
    if (++scrapes < 2) response.writeHead(200, TEXT).end('# TYPE x gauge\nx 1\n')
  })
  const top = new TerminalCli(['top', url, ...FAST, '--timeout', '86400'])
  await top.until('a screen', (screen) => screen.length > 1)
  await until('the second scrape', () => scrapes === 2)
  top.press('s')
  await top.until('the key', (screen) => /by rate/.test(screen[2] ?? ''))
  top.press('q')
  expect(await top.ended).toMatchObject({ exitCode: 0 })
})

test('before the first answer q and Ctrl-C end it as they do later, without a screen', async () => {
  for (const key of ['q', '\x03']) {
    let asked = false
    const url = await serve(() => {
      asked = true
    })
    const top = new TerminalCli(['top', url, ...FAST, '--timeout', '86400'])
    await until('the request', () => asked)
    top.press('s') // no screen for what has nothing to show
    top.press(key)
    expect(await top.ended).toEqual({ exitCode: 0, signal: null, echo: true, canonical: true })
    expect(top.output).toBe('')
  }
})

test('a dumb terminal gets blocks, as wide as it is; so does --once', async () => {
  const url = await target()
  const dumb = new TerminalCli(['top', url, ...FAST], { columns: 40, env: { TERM: 'dumb' } })
  await until('two blocks', () => dumb.output.split('\r\n\r\n').length > 2)
  dumb.signal(INTERRUPT)
  expect(await dumb.ended).toMatchObject({ exitCode: 0 })
  const once = new TerminalCli(['top', url, ...FAST, '--once'], { columns: 40 })
  expect(await once.ended).toMatchObject({ exitCode: 0 })
  expect(dumb.output).not.toContain('\x1b')
  for (const { output } of [dumb, once]) {
    const widths = stripVTControlCharacters(output).split('\r\n').map(widthOf)
    expect(Math.max(...widths)).toBe(40)
  }
})

test('a target that is not there at first is an error, without a screen', async () => {
  const top = new TerminalCli(['top', 'unix:/nothing.sock'])
  expect(await top.ended).toMatchObject({ exitCode: 3, echo: true })
  expect(top.output).toBe('nanotally: unix:/nothing.sock: there is no such socket\r\n')
})

test('colours, unless they are not wanted', async () => {
  const url = await target()
  const colored = new TerminalCli(['top', url, ...FAST])
  await colored.until('a screen', (screen) => screen.length > 1)
  expect(colored.output).toContain('\x1b[31mSTALLED')
  for (const [args, env] of [
    [['--no-color'], {}],
    [[], { NO_COLOR: '1' }],
  ] as const) {
    const top = new TerminalCli(['top', url, ...FAST, ...args], { env })
    await top.until('a screen', (screen) => screen.length > 1)
    const colors = [1, 2, 7, 31, 32].filter((color) => top.output.includes(`\x1b[${color}m`))
    expect(colors).toEqual([])
  }
})

test('scrape fits its tables into a terminal, and cuts nothing in a pipe', async () => {
  const url = await serve((_, response) =>
    response.writeHead(200, TEXT).end(`# TYPE x gauge\nx{l="${'y'.repeat(200)}"} 1\n`),
  )
  const scrape = new TerminalCli(['scrape', url], { columns: 40 })
  expect(await scrape.ended).toMatchObject({ exitCode: 0 })
  const [title, line] = scrape.output.split('\r\n')
  expect(title).toBe('\x1b[1mx\x1b[22m  gauge')
  expect(line).toMatch(/^ {2}l="y+…y+" {2}1$/)
  expect((await cli(['scrape', url])).stdout).toContain('y'.repeat(200))
})
