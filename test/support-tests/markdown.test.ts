// What parseMarkdown finds, and what it refuses.
import { expect, test } from 'vitest'
import { parseMarkdown } from '../support/markdown.js'

test('blocks, with their place, language and heading', () => {
  const text = '```sh\na\n```\n## Two\n- item\n  ```js\n  if (x) {\n    y()\n  }\n  ```\n````text\n```\n````\n'
  expect(parseMarkdown(text).blocks).toEqual([
    { line: 1, language: 'sh', code: 'a\n', heading: '', before: '' },
    { line: 6, language: 'js', code: 'if (x) {\n  y()\n}\n', heading: 'Two', before: '- item' },
    { line: 11, language: 'text', code: '```\n', heading: 'Two', before: '' },
  ])
})

test('a block without a language is one all the same', () => {
  expect(parseMarkdown('```\nx\n```\n').blocks).toEqual([
    { line: 1, language: '', code: 'x\n', heading: '', before: '' },
  ])
})

test('the paragraph before a block', () => {
  const text = 'One.\n\nTwo,\nin two lines:\n\n```sh\na\n```\n\n```sh\nb\n```\n# Three\n```sh\nc\n```\n'
  expect(parseMarkdown(text).blocks.map(({ before }) => before)).toEqual(['Two, in two lines:', '', ''])
})

test('relative links, outside of code', () => {
  const text = '[a](b.md) [c](https://d/e#f) [g](#h) ![i](../j.png)\n`[k](l)`\n```sh\n[m](n)\n```\n[o](p.md#q)\n'
  expect(parseMarkdown(text).links).toEqual([
    { line: 1, path: 'b.md', anchor: '' },
    { line: 1, path: '', anchor: 'h' },
    { line: 1, path: '../j.png', anchor: '' },
    { line: 6, path: 'p.md', anchor: 'q' },
  ])
})

test('anchors as GitHub makes them', () => {
  const text =
    '# A first metric\n## Counter, `inc()` & more\n## [Linked](x.md) text\n## Same\n## Same\n```sh\n# none\n```\n'
  expect([...parseMarkdown(text).anchors]).toEqual([
    'a-first-metric',
    'counter-inc--more',
    'linked-text',
    'same',
    'same-1',
  ])
})

test.each(['```js\nx\n', '~~~\nx\n~~~\n', '[a]: b.md\n'])('%j is refused', (text) => {
  expect(() => parseMarkdown(text)).toThrow(SyntaxError)
})
