// What the CLI makes of text and numbers, and of what a user writes for a target or a pattern.
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Arguments, type OptionTable } from '../../../dist/cli/command.js'
import { FILTER_OPTIONS, filtersOf, patternOf } from '../../../dist/cli/filters.js'
import { parseTarget, requestSettings, TARGET_OPTIONS } from '../../../dist/cli/target.js'
import {
  cut,
  cutMiddle,
  labelsText,
  pad,
  printable,
  shortNumber,
  table,
  toJson,
  widthOf,
} from '../../../dist/cli/text.js'
import { Authority } from '../../support/certificates.js'
import { temporaryFolder } from '../../support/temporary.js'

afterEach(() => void vi.unstubAllEnvs())

describe('text', () => {
  test.each([
    ['plain ü 漢 😀', 'plain ü 漢 😀'],
    ['a\nb\tc\x1b[31m\x00\x7f\x9b', 'a\\nb\\tc\\u{1b}[31m\\u{0}\\u{7f}\\u{9b}'],
    ['\u202eabc\u2066\u200b\u2028\ufeff', '\\u{202e}abc\\u{2066}\\u{200b}\\u{2028}\\u{feff}'],
    ['\ud800', '\\u{d800}'],
  ])('%j is printed as %s', (text, printed) => {
    expect(printable(text)).toBe(printed)
  })

  test('JSON keeps what it says, and no terminal obeys it', () => {
    const value = { 'k\x9b': '\x1b\x7f\u202e\u{e0001}ü', n: [1, Number.NaN, Infinity, -Infinity] }
    const text = toJson(value)
    expect(JSON.parse(text)).toEqual({ ...value, n: [1, 'NaN', '+Inf', '-Inf'] })
    expect(text).toContain('\\u202e\\udb40\\udc01ü')
    expect(text).not.toMatch(/[\u007f-\u009f\u202e]/)
  })

  test.each([
    [0, '0'],
    [999_999, '999999'],
    [1_234_567, '1.235M'],
    [999_999_999, '1G'],
    [1.5e12, '1.5T'],
    [1e18, '1e+18'],
    [0.123456, '0.1235'],
    [1234.5678, '1235'],
    [0.00001234, '1.234e-5'],
    [-1234567.8, '-1.235M'],
    [Number.NaN, 'NaN'],
    [-Infinity, '-Inf'],
    [Number.MAX_VALUE, '1.798e+308'],
  ])('%d is shortened to %s', (value, text) => {
    expect(shortNumber(value)).toBe(text)
  })

  test('widths: wide characters take two columns, marks none', () => {
    expect(['abc', '漢字', '😀', 'e\u0301', ''].map(widthOf)).toEqual([3, 4, 2, 1, 0])
    expect(cut('abcdef', 4)).toBe('abc…')
    expect(cut('漢字漢字', 4)).toBe('漢…')
    expect(cut('abc', 3)).toBe('abc')
    expect([cut('abc', 1), cut('abc', 0)]).toEqual(['…', ''])
    expect([cutMiddle('abcdefgh', 5), cutMiddle('漢字漢字', 6), cutMiddle('ab', 2)]).toEqual(['ab…gh', '漢…字', 'ab'])
    expect([cutMiddle('abcdefgh', 2), cutMiddle('abcdefgh', 3)]).toEqual(['a…', 'a…h'])
    expect([pad('漢', 4), pad('漢', 4, 'right')]).toEqual(['漢  ', '  漢'])
  })

  test('tables: the flexible column gives way, then the end of lines', () => {
    const columns = [
      { title: 'NAME', flexible: true },
      { title: 'N', align: 'right' as const },
    ]
    const rows = [
      ['a', '1'],
      ['a_very_long_name', '1000'],
    ]
    expect(table(columns, rows)).toEqual(['NAME                 N', 'a                    1', 'a_very_long_name  1000'])
    expect(table(columns, rows, 16)).toEqual(['NAME           N', 'a              1', 'a_ver…name  1000'])
    expect(table(columns, rows, 10).map(widthOf)).toEqual([10, 10, 10])
  })

  test('labels', () => {
    expect(labelsText({ a: 'x"\\\n', 'b.c': '' })).toBe('a="x\\"\\\\\\n",b.c=""')
  })
})

describe('targets', () => {
  test.each([
    ['http://a/', 'http://a/metrics'],
    ['http://a:1/b?c=d', 'http://a:1/b?c=d'],
    ['https://a', 'https://a/metrics'],
    ['HTTP://a', 'http://a/metrics'],
    [':9464', 'http://localhost:9464/metrics'],
    ['9464', 'http://localhost:9464/metrics'],
    [':9464/x?name[]=y', 'http://localhost:9464/x?name[]=y'],
    ['localhost', 'http://localhost:9464/metrics'],
    ['host.name:1/x', 'http://host.name:1/x'],
    ['[::1]:1', 'http://[::1]:1/metrics'],
    ['[::1]', 'http://[::1]:9464/metrics'],
    ['::1', 'http://[::1]:9464/metrics'],
    ['http://[::1]:1/x', 'http://[::1]:1/x'],
  ])('%s is %s', (text, url) => {
    expect(parseTarget(text)).toMatchObject({ name: url, url: { href: url } })
  })

  test('unix sockets, with and without a path', () => {
    expect(parseTarget('unix:/run/a.sock')).toMatchObject({ socketPath: '/run/a.sock', url: { pathname: '/metrics' } })
    expect(parseTarget('unix:/run/a.sock:/x?y=z')).toMatchObject({
      socketPath: '/run/a.sock',
      url: { pathname: '/x', search: '?y=z' },
    })
    expect(parseTarget('unix:a.sock').socketPath).toBe('a.sock')
    expect(parseTarget('unix:///run/a.sock').socketPath).toBe('/run/a.sock')
  })

  test.each(['ftp://a', 'http://', 'a b', 'http://a:99999', '', ' ', 'unix:'])('%j is none', (text) => {
    expect(() => parseTarget(text)).toThrow(expect.objectContaining({ exitCode: 2 }))
  })

  test.each(['http://me:s@cret@a:99999/', 'me:s/cret@localhost:9999', 'ftp://me:s@cret@a', 'http://me:s%cret@a b/'])(
    '%j is none, and shows no password',
    (text) => {
      let message = ''
      try {
        parseTarget(text)
      } catch (error) {
        message = (error as Error).message
      }
      expect(message).toMatch(/^[^m]*\.\.\.@(a|localhost)/)
      expect(message).not.toContain('cret')
    },
  )

  test('credentials that cannot be decoded are wrong usage, and not shown', () => {
    const { url } = parseTarget('http://me:s%cret@a/x')
    expect(() => settings([], url)).toThrow(
      expect.objectContaining({ exitCode: 2, message: "in a URL's name and password a % is written %25" }),
    )
  })

  test('credentials are sent, never shown', () => {
    const { name, url } = parseTarget('http://me:s%40cret@a/x')
    expect(name).toBe('http://a/x')
    expect(settings([], url).headers).toEqual({ authorization: `Basic ${btoa('me:s@cret')}` })
  })

  const settings = (words: string[], url = new URL('http://a')) =>
    requestSettings(argumentsOf(words, TARGET_OPTIONS), url)

  test('headers, credentials, limits', () => {
    const folder = temporaryFolder({ token: 'abc\n', empty: '\n' })
    const { certFile } = new Authority(folder)
    expect(settings([])).toEqual({ timeoutMs: 5000, maxBytes: 67_108_864, headers: {}, insecure: false })
    expect(settings(['--timeout', '0.5', '--max-bytes', '10', '--insecure', '--ca', certFile])).toEqual({
      ...{ timeoutMs: 500, maxBytes: 10, headers: {}, insecure: true, ca: readFileSync(certFile) },
    })
    const headers = ['-H', 'X-A: 1', '--header', 'x-a:2', '--header', 'Accept: text/plain']
    expect(settings(['-H', 'constructor: a']).headers).toEqual({ constructor: 'a' })
    expect(settings(headers).headers).toEqual({ 'x-a': ['1', '2'], accept: 'text/plain' })
    expect(settings(['--bearer-file', `${folder}/token`]).headers).toEqual({ authorization: 'Bearer abc' })
    vi.stubEnv('NANOTALLY_USER', 'a:b')
    expect(settings([]).headers).toEqual({ authorization: `Basic ${btoa('a:b')}` })
    vi.stubEnv('NANOTALLY_BEARER_FILE', `${folder}/token`)
    expect(settings([]).headers).toEqual({ authorization: 'Bearer abc' })
    expect(settings(['--user', 'c:d']).headers).toEqual({ authorization: `Basic ${btoa('c:d')}` })
    expect(() => settings(['--ca', `${folder}/token`])).toThrow(/^--ca: .*token holds no certificate in PEM$/)
    expect(() => settings(['--bearer-file', `${folder}/empty`])).toThrow('holds no token of one word')
    expect(() => settings(['--bearer-file', `${folder}/nothing`])).toThrow('there is no such file')
    expect(() => settings(['--bearer-file', `${folder}/token`, '--user', 'a:b'])).toThrow('not both')
    vi.stubEnv('NANOTALLY_BEARER_FILE', '')
    expect(settings([]).headers).toEqual({ authorization: `Basic ${btoa('a:b')}` })
  })

  test.each([
    [['--timeout', '0'], '--timeout: expected a number of 0.001 to 86400, received 0'],
    [['--timeout', 'x'], 'received x'],
    [['--max-bytes', '1.5'], '--max-bytes: expected a whole number of 1 to 268435456, received 1.5'],
    [['--header', 'no colon'], "--header: expected 'Name: value', received no colon"],
    [['--header', 'a: b\r\nc: d'], '--header'],
    [['-H', 'Host: a', '-H', 'host: b'], '--header: give Host once'],
    [['--user', 'nocolon'], '--user: expected NAME:PASSWORD'],
  ])('%j is refused', (words, message) => {
    expect(() => settings(words)).toThrow(message)
  })
})

function argumentsOf(words: string[], options: OptionTable): Arguments {
  return new Arguments(words, options, { min: 0, max: 0 })
}

describe('filters', () => {
  test.each([
    ['a_*', 'a_b', true],
    ['a_*', 'ba_b', false],
    ['a?c', 'abc', true],
    ['a.c', 'abc', false],
    ['a.c', 'a.c', true],
    ['*', 'a\nb', true],
    ['a', 'ab', false],
    ['/b$/', 'ab', true],
    ['/^b/', 'ab', false],
  ])('%s on %j: %s', (pattern, name, expected) => {
    expect(patternOf(pattern).test(name)).toBe(expected)
  })

  test('any of the names, any of the types, all of the labels', () => {
    const filters = filtersOf(
      argumentsOf(['-n', 'a*', '-n', 'b', '-t', 'gauge', '-t', 'info', '-l', 'k=v*', '-l', 'absent='], FILTER_OPTIONS),
    )
    const family = (name: string, type: string) => filters.family({ name, type } as never)
    expect([family('ax', 'gauge'), family('b', 'info'), family('c', 'gauge'), family('b', 'counter')]).toEqual([
      ...[true, true, false, false],
    ])
    expect(filters.series({ labels: { k: 'vw' } })).toBe(true)
    expect(filters.series({ labels: { k: 'w' } })).toBe(false)
    expect(filters.series({ labels: { k: 'v', absent: 'x' } })).toBe(false)
  })

  test.each([
    [['--name', '/(/'], 'Invalid regular expression'],
    [['--type', 'untyped'], '--type: expected one of counter, gauge'],
    [['--label', 'k'], '--label: expected NAME=PATTERN, received k'],
  ])('%j is refused', (words, message) => {
    expect(() => filtersOf(argumentsOf(words, FILTER_OPTIONS))).toThrow(message)
  })
})
