// What PromQL calls a series: in the syntax of Prometheus 3's parser.
import { expect, test } from 'vitest'
import { selectorOf } from '../../page/src/model/selector.js'

test.each([
  ['up', {}, 'up'],
  ['job:up:sum', { _a1: 'b' }, 'job:up:sum{_a1="b"}'],
  ['hits_total', { path: '/a', method: 'GET' }, 'hits_total{path="/a", method="GET"}'],
  ['hits_total', { 'a.b': 'c', d: 'e' }, 'hits_total{"a.b"="c", d="e"}'],
  ['http.server.dur', {}, '{"http.server.dur"}'],
  ['http.server.dur', { 'a.b': 'c', d: 'e' }, '{"http.server.dur", "a.b"="c", d="e"}'],
  ['größe', { '9': 'x', 'a:b': 'y' }, '{"größe", "9"="x", "a:b"="y"}'],
  ['9_lives', {}, '{"9_lives"}'],
  ['say "hi"', { 'a\\b': 'c"d\\e\nf' }, String.raw`{"say \"hi\"", "a\\b"="c\"d\\e\nf"}`],
])('of %s with %j', (name, labels, expected) => {
  expect(selectorOf(name, labels)).toBe(expected)
})
