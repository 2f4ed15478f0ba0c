// What a request line names, by a path or by a whole address (RFC 9112, section 3.2), to the exporter and in servers of others.
import { createServer } from 'node:http'
import express from 'express'
import fastify from 'fastify'
import { metricsHandler, Registry, startExporter } from 'nanotally'
import { expect, onTestFinished, test } from 'vitest'
import { answerTo, listening } from '../../support/http.js'

const registry = new Registry()

/** Where they listen, with their routes at a prefix. */
const SERVERS: [name: string, prefix: string, listen: () => Promise<number>][] = [
  [
    'the exporter',
    '',
    async () => {
      const exporter = await startExporter({ registry, port: 0 })
      onTestFinished(() => exporter.close())
      return exporter.port as number
    },
  ],
  ...['', '/ops'].flatMap((prefix): [string, string, () => Promise<number>][] => [
    [
      'node:http',
      prefix,
      async () => Number(new URL(await listening(createServer(metricsHandler({ registry, prefix })))).port),
    ],
    [
      'Express',
      prefix,
      async () => {
        const app = express().use(prefix || '/', metricsHandler({ registry }))
        return Number(new URL(await listening(createServer(app))).port)
      },
    ],
    [
      'Fastify',
      prefix,
      async () => {
        const app = fastify({ forceCloseConnections: true })
        onTestFinished(() => app.close())
        const handler = metricsHandler({ registry, prefix })
        for (const url of [prefix || '/', `${prefix}/*`]) {
          app.all(url, (request, reply) => {
            reply.hijack()
            handler(request.raw, reply.raw)
          })
        }
        return Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
      },
    ],
  ]),
]

test.each(SERVERS)('%s at "%s"', async (_, prefix, listen) => {
  const port = await listen()
  const statusOf = async (target: string) => {
    const answer = await answerTo(port, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    return `${target} ${answer.split(' ')[1]}`
  }
  const origins = ['', 'http://a', 'http://another.example:1', 'HTTPS://name@[::1]:9464']
  for (const origin of origins) {
    for (const path of ['/metrics', '/metrics?name[]=http://b/', '/livez', '/']) {
      const target = `${origin}${prefix}${path}`
      expect(await statusOf(target)).toBe(`${target} 200`)
    }
    for (const path of ['/x', '/http://a/metrics', '//a/metrics']) {
      const target = `${origin}${prefix}${path}`
      expect(await statusOf(target)).toBe(`${target} 404`)
    }
    if (prefix !== '') expect(await statusOf(`${origin}${prefix}`)).toBe(`${origin}${prefix} 308`)
    else if (origin !== '') expect(await statusOf(`${origin}?x`)).toBe(`${origin}?x 200`)
  }
  expect(await statusOf('ftp://a/metrics')).toBe('ftp://a/metrics 404')
})
