// The integration ioredis against the real Redis: what is recorded equals what the test did, with ioredis 6 and 5.
import { Cluster, Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis-5'
import { Registry } from 'nanotally'
import { type InstrumentRedisOptions, instrumentRedis } from 'nanotally/integrations/ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.js'
import { read, refusal, rejections, scrape } from '../support/registry.js'
import { until } from '../support/until.js'

let server: RedisServer
beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server.stop())

type Client = Redis
type Options = ConstructorParameters<typeof Redis>[0] & object

function open(Kind: typeof Redis, options: Options = {}, metrics: InstrumentRedisOptions = {}) {
  const registry = metrics.registry ?? new Registry()
  const client: Client = new Kind({ path: server.path, ...options })
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  const { stop } = instrumentRedis(client, { registry, ...metrics })
  return { client, registry, stop }
}

/** Counts of a family by its labels but for the client; without what a client asks for itself, mostly when it connects. */
async function counts(registry: Registry, family: string, sample = family): Promise<Record<string, number>> {
  const samples = (await scrape(registry)).get(family)?.samples ?? []
  return Object.fromEntries(
    samples
      .filter(({ name, labels }) => name === sample && labels.client === 'default')
      .filter(({ labels }) => !/^(connection|server|cluster)$/.test(labels.command_class ?? ''))
      .map(({ labels: { client: _, ...labels }, value }) => [Object.values(labels).join(' '), value]),
  )
}
const commands = (registry: Registry) =>
  counts(registry, 'redis_command_duration_seconds', 'redis_command_duration_seconds_count')
const blocking = (registry: Registry) =>
  counts(registry, 'redis_blocking_command_duration_seconds', 'redis_blocking_command_duration_seconds_count')
const errors = (registry: Registry) => counts(registry, 'redis_command_errors_total')
const batches = (registry: Registry, sample: 'count' | 'sum') =>
  counts(registry, 'redis_batch_commands', `redis_batch_commands_${sample}`)

async function state(registry: Registry, client = 'default'): Promise<string[]> {
  const samples = (await scrape(registry)).get('redis_connections')?.samples ?? []
  return samples
    .filter(({ labels, value }) => labels.client === client && value > 0)
    .map(({ labels, value }) => `${labels.state} ${value}`)
}

const KINDS: [name: string, Kind: typeof Redis][] = [
  ['ioredis 6', Redis],
  ['ioredis 5', Redis5 as unknown as typeof Redis],
]

describe.each(KINDS)('%s', (name, Kind) => {
  const key = (text: string) => `${name}:${text}`

  test('commands by their class: promises, callbacks, buffers, unknown ones', async () => {
    const { client, registry } = open(Kind)
    await client.set(key('a'), '1')
    expect(await client.get(key('a'))).toBe('1')
    expect(await client.getBuffer(key('a'))).toEqual(Buffer.from('1'))
    await new Promise<void>((resolve, reject) => {
      client.incr(key('a'), (error) => (error ? reject(error) : resolve()))
    })
    await client.hset(key('h'), { f: 1, g: 2 })
    expect(await client.hgetall(key('h'))).toEqual({ f: '1', g: '2' })
    await client.zadd(key('z'), 1, 'm')
    await client.call('SADD', key('s'), 'm')
    await client.eval('return 1', 0)
    await client.del(key('a'), key('h'))
    expect(await commands(registry)).toEqual({ string: 4, hash: 2, sorted_set: 1, set: 1, scripting: 1, generic: 1 })
    expect(await errors(registry)).toEqual({})
    expect(await rejections(registry)).toEqual({})
  })

  test('pipelines and transactions, with their sizes', async () => {
    const { client, registry } = open(Kind)
    await client.pipeline().set(key('p'), 1).get(key('p')).lpush(key('l'), 'x').exec()
    await client.pipeline([['get', key('p')]]).exec()
    await client.multi().set(key('p'), 2).incr(key('p')).exec()
    const failing = await client.multi().set(key('w'), 'x').lpush(key('w'), 'y').exec()
    expect(failing?.[1]?.[0]).toBeInstanceOf(Error)
    await client.multi({ pipeline: false })
    await client.get(key('p'))
    await client.exec()
    expect(await commands(registry)).toEqual({ string: 7, list: 2, transactions: 6 })
    expect(await errors(registry)).toEqual({ 'transactions WRONGTYPE': 1 })
    expect(await batches(registry, 'count')).toEqual({ pipeline: 2, multi: 2 })
    expect(await batches(registry, 'sum')).toEqual({ pipeline: 4, multi: 4 })
  })

  test('errors by kind', async () => {
    const { client, registry } = open(Kind)
    await client.set(key('e'), 'text')
    await expect(client.lpush(key('e'), 'x')).rejects.toThrow('WRONGTYPE')
    await expect(client.incr(key('e'))).rejects.toThrow('ERR')
    await expect(client.evalsha('0'.repeat(40), 0)).rejects.toThrow('NOSCRIPT')
    await expect(client.call('nonsense')).rejects.toThrow('ERR')
    const results = await client.pipeline().get(key('e')).incr(key('e')).exec()
    expect(results?.[1]?.[0]).toBeInstanceOf(Error)
    expect(await commands(registry)).toEqual({ string: 4, list: 1, scripting: 1, other: 1 })
    expect(await errors(registry)).toEqual({
      'list WRONGTYPE': 1,
      'string ERR': 2,
      'scripting NOSCRIPT': 1,
      'other ERR': 1,
    })
  })

  test('what blocks is kept apart', async () => {
    const { client, registry } = open(Kind)
    const { client: other } = open(Kind)
    const popped = client.blpop(key('q'), 0)
    await until('the client to block', async () => {
      return (await other.client('LIST')) && /cmd=blpop/.test(String(await other.client('LIST')))
    })
    expect(await read(registry, 'redis_pending_commands', { client: 'default' })).toBe(1)
    await other.rpush(key('q'), 'x')
    expect(await popped).toEqual([key('q'), 'x'])
    expect(await client.xread('BLOCK', 10, 'STREAMS', key('x'), '$')).toBeNull()
    expect(await client.xread('STREAMS', key('x'), '0')).toBeNull()
    expect(await blocking(registry)).toEqual({ list: 1, stream: 1 })
    expect(await commands(registry)).toEqual({ list: 0, stream: 1 })
  })

  test('a rejection that nobody handles is still told', async () => {
    const { client } = open(Kind)
    await client.set(key('u'), 'text')
    const told = new Promise((resolve) => process.once('unhandledRejection', resolve))
    client.incr(key('u'))
    expect(await told).toMatchObject({ name: 'ReplyError' })
  })

  test('subscribers', async () => {
    const { client, registry } = open(Kind)
    const { client: other } = open(Kind)
    const heard = new Promise((resolve) => client.once('message', (_channel, message) => resolve(message)))
    await client.subscribe(key('channel'))
    await other.publish(key('channel'), 'hello')
    expect(await heard).toBe('hello')
    expect(await commands(registry)).toEqual({ pubsub: 1 })
  })

  test('connection states, the offline queue, and what is lost with the server', async () => {
    await using doomed = await startRedis()
    const { client, registry } = open(Kind, {
      path: doomed.path,
      lazyConnect: true,
      // Once, after time enough to look.
      retryStrategy: (times) => (times === 1 ? 5000 : null),
      maxRetriesPerRequest: null,
    })
    expect(await state(registry)).toEqual(['waiting 1'])
    await client.connect()
    expect(await state(registry)).toEqual(['ready 1'])
    await client.set('a', 1)
    const lost = client.blpop('nothing', 0)
    const failed = expect(lost).rejects.toThrow()
    const reconnecting = new Promise((resolve) => client.once('reconnecting', resolve))
    await doomed.kill()
    await reconnecting
    expect(await state(registry)).toEqual(['reconnecting 1'])
    expect(await read(registry, 'redis_reconnects_total', { client: 'default' })).toBe(1)
    const waiting = [client.get('a'), client.get('b')].map((promise) => expect(promise).rejects.toThrow('closed'))
    expect(await read(registry, 'redis_offline_queue_commands', { client: 'default' })).toBe(2)
    await Promise.all([failed, ...waiting])
    expect(await state(registry)).toEqual(['closed 1'])
    expect(await commands(registry)).toEqual({ string: 3, list: 0 })
    expect(await blocking(registry)).toEqual({ list: 1 })
    expect(await errors(registry)).toEqual({ 'list connection': 1, 'string connection': 2 })
  })

  test('a command that is sent again after a reconnection is one', async () => {
    const { client, registry } = open(Kind, { retryStrategy: () => 1 })
    const { client: other } = open(Kind)
    await client.client('SETNAME', 'victim')
    const popped = client.blpop(key('again'), 0)
    await until('the client to block', async () => /name=victim.*cmd=blpop/.test(String(await other.client('LIST'))))
    await other.call(
      'CLIENT',
      'KILL',
      'ID',
      String(/id=(\d+).*name=victim/.exec(String(await other.client('LIST')))?.[1]),
    )
    await until('the client to block again', async () => /cmd=blpop/.test(String(await other.client('LIST'))))
    await other.rpush(key('again'), 'x')
    expect(await popped).toEqual([key('again'), 'x'])
    expect(await blocking(registry)).toEqual({ list: 1 })
    expect(await errors(registry)).toEqual({})
    expect(await read(registry, 'redis_reconnects_total', { client: 'default' })).toBe(1)
  })

  test('a time-out of the client', async () => {
    const { client, registry } = open(Kind, { commandTimeout: 50 })
    await expect(client.blpop(key('slow'), 0)).rejects.toThrow('timed out')
    expect(await errors(registry)).toEqual({ 'list timeout': 1 })
    expect(await blocking(registry)).toEqual({ list: 1 })
  })

  test('instrumented twice it counts once, names are apart, and stop() ends it', async () => {
    const registry = new Registry()
    const { client, stop } = open(Kind, {}, { registry, name: 'a' })
    instrumentRedis(client, { registry, name: 'a' })
    const { client: other } = open(Kind, {}, { registry, name: 'b' })
    await Promise.all([client.get('x'), other.get('x'), other.get('x')])
    const count = (of: string) =>
      read(registry, 'redis_command_duration_seconds_count', { client: of, command_class: 'string' })
    expect([await count('a'), await count('b')]).toEqual([1, 2])
    expect(await state(registry, 'a')).toEqual(['ready 1'])
    stop()
    await client.get('x')
    await client.pipeline().get('x').exec()
    expect(await count('a')).toBe(1)
    expect(await state(registry, 'a')).toEqual([])
    expect(Object.hasOwn(client, 'sendCommand')).toBe(false)
  })

  test('many at once, pipelined by the client', async () => {
    const { client, registry } = open(Kind, { enableAutoPipelining: true })
    await client.get(key('many'))
    await Promise.all(Array.from({ length: 2000 }, (_, i) => (i % 2 ? client.get(key('m')) : client.incr(key('m')))))
    expect(await commands(registry)).toEqual({ string: 2001 })
    expect(await errors(registry)).toEqual({})
  })
})

test('a cluster: each command once, its nodes as connections', async () => {
  await using node = await startRedis({}, { cluster: true })
  const setUp = new Redis(node.port)
  await setUp.cluster('ADDSLOTSRANGE', 0, 16383)
  setUp.disconnect()
  const registry = new Registry()
  const cluster = new Cluster([{ host: '127.0.0.1', port: node.port }])
  onTestFinished(() => cluster.disconnect())
  instrumentRedis(cluster, { registry })
  await cluster.set('a', '1')
  expect(await cluster.get('a')).toBe('1')
  await expect(cluster.lpush('a', 'x')).rejects.toThrow('WRONGTYPE')
  await cluster.pipeline().get('a').incr('a').exec()
  expect(await commands(registry)).toEqual({ string: 4, list: 1 })
  expect(await errors(registry)).toEqual({ 'list WRONGTYPE': 1 })
  expect(await batches(registry, 'sum')).toEqual({ pipeline: 2, multi: 0 })
  expect(await state(registry)).toEqual(['ready 1'])
})

test.each([
  [{ name: '' }, 'ERR_NANOTALLY_INVALID_VALUE'],
  [{ registry: 1 }, 'ERR_NANOTALLY_INVALID_TYPE'],
  [{ client: 'x' }, 'ERR_NANOTALLY_INVALID_VALUE'],
])('options that are wrong are refused: %j', (options, code) => {
  const client = new Redis({ lazyConnect: true })
  expect(refusal(() => instrumentRedis(client, options as never)).code).toBe(code)
  client.disconnect()
})

test('what is no client is refused', () => {
  expect(refusal(() => instrumentRedis({} as never)).code).toBe('ERR_NANOTALLY_INVALID_TYPE')
})
