// parseOpenMetrics passes on what the strict parser reads and what it refuses.
import { expect, test } from 'vitest'
import { parseOpenMetrics } from '../support/openmetrics.js'

test('families, samples and exemplars', () => {
  expect(
    parseOpenMetrics(
      '# HELP x Ä\\n\\"\n# TYPE x histogram\nx_bucket{le="+Inf"} 1 # {trace_id="a"} 0.5 1.25\nx_sum +Inf\nx_count 1\n# EOF\n',
    ),
  ).toEqual([
    {
      name: 'x',
      type: 'histogram',
      unit: '',
      help: 'Ä\n"',
      samples: [
        {
          name: 'x_bucket',
          labels: { le: '+Inf' },
          value: '1.0',
          exemplar: { labels: { trace_id: 'a' }, value: 0.5, timestamp: 1.25 },
        },
        { name: 'x_sum', labels: {}, value: 'inf', exemplar: null },
        { name: 'x_count', labels: {}, value: '1.0', exemplar: null },
      ],
    },
  ])
})

test.each([
  ['', 'Missing # EOF'],
  ['# TYPE x counter\nx 1\n# EOF\n# EOF\n', 'after # EOF'],
  ['# TYPE x_total counter\n# UNIT x_total bytes\n# EOF\n', 'Unit does not match'],
  ['# TYPE x histogram\nx_bucket{le="1"} 1\n# EOF\n', '+Inf bucket missing'],
])('%j is refused', (text, reason) => {
  expect(() => parseOpenMetrics(text)).toThrow(SyntaxError)
  expect(() => parseOpenMetrics(text)).toThrow(reason)
})
