// The go-between hands on path, headers and answer, and remembers what was agreed on.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { GoBetween } from '../support/negotiation.js'

test('scrapes pass through, and are told once each', async () => {
  const server = createServer(({ url, headers }, response) => {
    const status = headers.accept === 'nothing' ? 406 : 200
    response.writeHead(status, { 'content-type': 'text/x; a=b' }).end(`${url} ${headers.accept}`)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  await using goBetween = await GoBetween.start((server.address() as AddressInfo).port)

  const get = async (accept: string) => {
    const response = await fetch(`http://${goBetween.target}/metrics?x=1`, { headers: { accept } })
    return [response.status, response.headers.get('content-type'), await response.text()]
  }
  expect(goBetween.distinct).toEqual([])
  for (const accept of ['a/b', 'a/b', 'nothing']) {
    expect(await get(accept)).toEqual([accept === 'a/b' ? 200 : 406, 'text/x; a=b', `/metrics?x=1 ${accept}`])
  }
  expect(goBetween.distinct).toEqual([
    { accept: 'a/b', status: 200, contentType: 'text/x; a=b' },
    { accept: 'nothing', status: 406, contentType: 'text/x; a=b' },
  ])
})
