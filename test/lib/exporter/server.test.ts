// The exporter's server by itself: what cannot be brought about from outside.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { createMetricsServer } from '../../../dist/exporter/server.js'

async function answer(render: () => never): Promise<Response> {
  const server = createMetricsServer(render)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`, {
    headers: { connection: 'close' },
  })
  server.close()
  return response
}

test.each([new Error('no memory'), 'no memory'])('a render that fails is a 500 that says why', async (thrown) => {
  const response = await answer(() => {
    throw thrown
  })
  expect(response.status).toBe(500)
  expect(await response.text()).toBe('Rendering failed: no memory\n')
})
