// The integration pg against the real PostgreSQL: what is recorded equals what the test did.
import { Registry } from 'nanotally'
import { type InstrumentPgOptions, instrumentClient, instrumentPool } from 'nanotally/integrations/pg'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Postgres, startPostgres } from '../support/postgres.js'
import { read, refusal, rejections, scrape } from '../support/registry.js'
import { until } from '../support/until.js'

let server: Postgres
beforeAll(async () => {
  server = await startPostgres({ max_connections: 20 })
  const client = new pg.Client(server.connection)
  await client.connect()
  await client.query('CREATE TABLE items (id int PRIMARY KEY, label text)')
  await client.end()
})
afterAll(() => server.stop())

function makePool(config: pg.PoolConfig = {}, options: InstrumentPgOptions = {}) {
  const registry = options.registry ?? new Registry()
  const pool = new pg.Pool({ ...server.connection, ...config })
  pool.on('error', () => {})
  onTestFinished(async () => {
    if (!pool.ended) await pool.end()
  })
  const { stop } = instrumentPool(pool, { registry, ...options })
  return { pool, registry, stop }
}

async function makeClient(config: pg.ClientConfig = {}) {
  const registry = new Registry()
  const client = new pg.Client({ ...server.connection, ...config })
  client.on('error', () => {})
  onTestFinished(() => client.end())
  await client.connect()
  const { stop } = instrumentClient(client, { registry })
  return { client, registry, stop }
}

/** Counts of a family, by its labels but for the pool. */
async function counts(registry: Registry, family: string, sample = family): Promise<Record<string, number>> {
  const samples = (await scrape(registry)).get(family)?.samples ?? []
  const own = samples.filter(({ name, labels }) => name === sample && labels.pool === 'default')
  return Object.fromEntries(
    own.map(({ labels: { pool: _, ...labels }, value }) => [Object.values(labels).join(' '), value]),
  )
}
const queries = (registry: Registry) =>
  counts(registry, 'postgres_query_duration_seconds', 'postgres_query_duration_seconds_count')
const errors = (registry: Registry) => counts(registry, 'postgres_query_errors_total')

interface Pooled {
  idle: number | undefined
  used: number | undefined
  waiting: number | undefined
  max: number | undefined
}
async function pooled(registry: Registry, pool = 'default'): Promise<Pooled> {
  return {
    idle: await read(registry, 'postgres_pool_connections', { pool, state: 'idle' }),
    used: await read(registry, 'postgres_pool_connections', { pool, state: 'used' }),
    waiting: await read(registry, 'postgres_pool_waiting_requests', { pool }),
    max: await read(registry, 'postgres_pool_max_connections', { pool }),
  }
}

describe('queries', () => {
  test('through the pool: by promise, by callback, by configuration, prepared', async () => {
    const { pool, registry } = makePool({ max: 2 })
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    expect((await pool.query('select $1::int AS two', [2])).rows).toEqual([{ two: 2 }])
    expect((await pool.query({ text: '/* a comment */ SELECT 3 AS three' })).rows).toEqual([{ three: 3 }])
    expect((await pool.query({ name: 'four', text: 'SELECT $1::int AS four', values: [4] })).rows).toEqual([
      { four: 4 },
    ])
    await new Promise<void>((resolve, reject) => {
      pool.query('SELECT 5', (error) => (error ? reject(error) : resolve()))
    })
    await new Promise<void>((resolve, reject) => {
      pool.query('SELECT $1::int', [6], (error) => (error ? reject(error) : resolve()))
    })
    await pool.query("INSERT INTO items VALUES (1, 'a'), (2, 'b')")
    await pool.query("UPDATE items SET label = 'c' WHERE id = 1")
    await pool.query('WITH gone AS (DELETE FROM items WHERE id = 2 RETURNING id) SELECT count(*) FROM gone')
    await pool.query('WITH one AS (SELECT 1 AS id) DELETE FROM items USING one WHERE items.id = one.id')
    expect(await queries(registry)).toEqual({ SELECT: 7, INSERT: 1, UPDATE: 1, DELETE: 1 })
    expect(await errors(registry)).toEqual({})
    expect(await read(registry, 'postgres_pool_acquire_duration_seconds_count', { pool: 'default' })).toBe(10)
    expect(await rejections(registry)).toEqual({})
  })

  test('of clients that the pool gives away: transactions', async () => {
    const { pool, registry } = makePool()
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query("INSERT INTO items VALUES (10, 'x')")
    await client.query('SAVEPOINT one')
    await client.query('ROLLBACK')
    client.release()
    await new Promise<void>((resolve, reject) => {
      pool.connect((error, other, release) => {
        if (error || other === undefined) return reject(error)
        other.query('START TRANSACTION', () =>
          other.query('END', () => {
            release()
            resolve()
          }),
        )
      })
    })
    expect(await queries(registry)).toEqual({ BEGIN: 2, INSERT: 1, SAVEPOINT: 1, ROLLBACK: 1, COMMIT: 1 })
    expect(await read(registry, 'postgres_pool_acquire_duration_seconds_count', { pool: 'default' })).toBe(2)
    expect(await read(registry, 'postgres_pool_connections_opened_total', { pool: 'default' })).toBe(1)
  })

  test('of a client alone: objects, their callbacks, and a configuration that holds one', async () => {
    const { client, registry } = await makeClient()
    const done = await new Promise((resolve, reject) => {
      const query = client.query(new pg.Query('SELECT 1 AS n'))
      query.on('end', resolve).on('error', reject)
    })
    expect(done).toBeDefined()
    await new Promise<void>((resolve, reject) => {
      client.query(new pg.Query('SELECT 2'), ((error: unknown) => (error ? reject(error) : resolve())) as never)
    })
    class Statement {
      readonly text = 'SELECT 3'
      readonly callback: (error: unknown) => void
      constructor(callback: (error: unknown) => void) {
        this.callback = callback
      }
    }
    await new Promise<void>((resolve, reject) => {
      client.query(new Statement((error) => (error ? reject(error) : resolve())) as never)
    })
    expect(await queries(registry)).toEqual({ SELECT: 3 })
  })

  test('a cursor lasts until it is read or closed, and fails once', async () => {
    const { client, registry } = await makeClient()
    const cursor = client.query(new Cursor('SELECT generate_series(1, 10)'))
    expect(await cursor.read(4)).toHaveLength(4)
    expect(await queries(registry)).toEqual({ SELECT: 0 })
    await cursor.close()
    expect(await queries(registry)).toEqual({ SELECT: 1 })
    const whole = client.query(new Cursor('SELECT generate_series(1, 10)'))
    expect(await whole.read(100)).toHaveLength(10)
    expect(await whole.read(100)).toHaveLength(0)
    await expect(client.query(new Cursor('SELECT nothing')).read(1)).rejects.toMatchObject({ code: '42703' })
    await client.query('SELECT 1')
    expect(await queries(registry)).toEqual({ SELECT: 4 })
    expect(await errors(registry)).toEqual({ 'SELECT 42': 1 })
  })

  test('an empty query, and what is no query', async () => {
    const { client, registry } = await makeClient()
    await client.query('')
    expect(() => client.query(null as never)).toThrow('null or undefined')
    expect(await queries(registry)).toEqual({ OTHER: 1 })
  })
})

describe('errors', () => {
  test('by the class of their SQLSTATE: unique violation, syntax, no such table, statement timeout, cancelled', async () => {
    const { pool, registry } = makePool()
    await pool.query("INSERT INTO items VALUES (20, 'x')")
    await expect(pool.query("INSERT INTO items VALUES (20, 'y')")).rejects.toMatchObject({ code: '23505' })
    await expect(pool.query('SELEC 1')).rejects.toMatchObject({ code: '42601' })
    await expect(pool.query('SELECT * FROM none')).rejects.toMatchObject({ code: '42P01' })
    const client = await pool.connect()
    await client.query('SET statement_timeout = 20')
    await expect(client.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57014' })
    client.release(true)
    await new Promise<void>((resolve) => {
      pool.query("INSERT INTO items VALUES (20, 'z')", (error) => {
        expect(error).toMatchObject({ code: '23505' })
        resolve()
      })
    })
    expect(await queries(registry)).toEqual({ INSERT: 3, OTHER: 1, SELECT: 2, SET: 1 })
    expect(await errors(registry)).toEqual({ 'INSERT 23': 2, 'OTHER 42': 1, 'SELECT 42': 1, 'SELECT 57': 1 })
    await pool.query('DELETE FROM items WHERE id = 20')
  })

  test('a rejection that nobody handles is still told', async () => {
    const { client } = await makeClient()
    const told = new Promise((resolve) => process.once('unhandledRejection', resolve))
    client.query('SELEC 1')
    expect(await told).toMatchObject({ code: '42601' })
  })

  test('a read timeout of the client, and a backend that is terminated', async () => {
    const { client, registry } = await makeClient({ query_timeout: 50 })
    await expect(client.query('SELECT pg_sleep(60)')).rejects.toThrow('timeout')
    expect(await errors(registry)).toEqual({ 'SELECT none': 1 })
    expect(await queries(registry)).toEqual({ SELECT: 1 })

    const pooledClient = makePool()
    await pooledClient.pool.query('SELECT pg_terminate_backend($1)', [Reflect.get(client, 'processID')])
    const held = await pooledClient.pool.connect()
    held.on('error', () => {})
    const { rows } = await held.query('SELECT pg_backend_pid() AS pid')
    const sleeping = expect(held.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57P01' })
    await pooledClient.pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid])
    await sleeping
    held.release(true)
    expect(await queries(pooledClient.registry)).toEqual({ SELECT: 4 })
    expect(await errors(pooledClient.registry)).toEqual({ 'SELECT 57': 1 })
  })
})

describe('pools', () => {
  test('states at a scrape; requests that wait for a connection', async () => {
    const { pool, registry } = makePool({ max: 3 })
    expect(await pooled(registry)).toEqual({ idle: 0, used: 0, waiting: 0, max: 3 })
    const held = await Promise.all([pool.connect(), pool.connect()])
    expect(await pooled(registry)).toEqual({ idle: 0, used: 2, waiting: 0, max: 3 })
    held[0]?.release()
    expect(await pooled(registry)).toEqual({ idle: 1, used: 1, waiting: 0, max: 3 })

    // None of them begins to sleep before there was time to look.
    const { client: gate } = await makeClient()
    await gate.query('SELECT pg_advisory_lock(1)')
    const sleeping = Array.from({ length: 10 }, () => pool.query('SELECT pg_advisory_lock_shared(1), pg_sleep(0.5)'))
    await until('the pool to be exhausted', async () => (await pooled(registry)).waiting === 8)
    expect(await pooled(registry)).toEqual({ idle: 0, used: 3, waiting: 8, max: 3 })
    await gate.query('SELECT pg_advisory_unlock(1)')
    held[1]?.release()
    await Promise.all(sleeping)
    expect(await pooled(registry)).toEqual({ idle: 3, used: 0, waiting: 0, max: 3 })
    expect(await queries(registry)).toEqual({ SELECT: 10 })
    const waited = await read(registry, 'postgres_pool_acquire_duration_seconds_sum', { pool: 'default' })
    // Eight waited, the last ones for three others.
    expect(waited).toBeGreaterThan(1)
    expect(await read(registry, 'postgres_pool_connections_opened_total', { pool: 'default' })).toBe(3)
    await pool.end()
    await until('the connections to be closed', async () => {
      return (await read(registry, 'postgres_pool_connections_closed_total', { pool: 'default' })) === 3
    })
    expect(await pooled(registry)).toEqual({ idle: 0, used: 0, waiting: 0, max: 3 })
  })

  test('why there was no connection', async () => {
    const registry = new Registry()
    const { pool: small } = makePool({ max: 1 }, { registry })
    const held = await small.connect()
    small.options.connectionTimeoutMillis = 50 // not before: a busy machine may take longer to connect
    await expect(small.query('SELECT 1')).rejects.toThrow('timeout')
    held.release()
    await small.end()
    await expect(small.connect()).rejects.toThrow('after calling end')
    const { pool: nowhere } = makePool({ host: '/nowhere' }, { registry })
    await expect(nowhere.query('SELECT 1')).rejects.toMatchObject({ code: 'ENOENT' })
    const { pool: wrong } = makePool({ database: 'none' }, { registry })
    await expect(wrong.connect()).rejects.toMatchObject({ code: '3D000' })
    expect(await counts(registry, 'postgres_pool_acquire_failures_total')).toEqual({
      timeout: 1,
      ended: 1,
      network: 1,
      server: 1,
    })
    expect(await read(registry, 'postgres_pool_acquire_duration_seconds_count', { pool: 'default' })).toBe(5)
    // Nothing reached the server.
    expect(await queries(registry)).toEqual({})
  })

  test('pools of one name are added up, of several names apart, and end with stop()', async () => {
    const registry = new Registry()
    const a = makePool({ max: 4 }, { registry, name: 'a' })
    const other = makePool({ max: 5 }, { registry, name: 'a' })
    makePool({ max: 6 }, { registry, name: 'b' })
    await a.pool.query('SELECT 1')
    expect(await pooled(registry, 'a')).toEqual({ idle: 1, used: 0, waiting: 0, max: 9 })
    expect(await pooled(registry, 'b')).toEqual({ idle: 0, used: 0, waiting: 0, max: 6 })
    a.stop()
    expect(await pooled(registry, 'a')).toEqual({ idle: 0, used: 0, waiting: 0, max: 5 })
    other.stop()
    expect(await pooled(registry, 'a')).toEqual({
      idle: undefined,
      used: undefined,
      waiting: undefined,
      max: undefined,
    })
    await a.pool.query('SELECT 1')
    expect(await read(registry, 'postgres_query_duration_seconds_count', { pool: 'a', operation: 'SELECT' })).toBe(1)
    expect(Object.hasOwn(a.pool, 'connect')).toBe(false)
  })

  test('instrumented twice, with connections that were there before, it counts once', async () => {
    const registry = new Registry()
    const pool = new pg.Pool(server.connection)
    onTestFinished(() => pool.end())
    await pool.query('SELECT 1')
    instrumentPool(pool, { registry })
    instrumentPool(pool, { registry })
    const other = new Registry()
    instrumentPool(pool, { registry: other })
    await pool.query('SELECT 1')
    await pool.query('SELECT 1')
    for (const each of [registry, other]) {
      expect(await queries(each)).toEqual({ SELECT: 2 })
      expect(await read(each, 'postgres_pool_acquire_duration_seconds_count', { pool: 'default' })).toBe(2)
    }
  })

  test('many queries at once', async () => {
    const { pool, registry } = makePool({ max: 5 })
    await Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        i % 3 === 0 ? pool.query('SELECT 1/0').catch(() => {}) : pool.query('SELECT $1::int', [i]),
      ),
    )
    expect(await queries(registry)).toEqual({ SELECT: 300 })
    expect(await errors(registry)).toEqual({ 'SELECT 22': 100 })
    // A pool closes the connection of a query through it that failed.
    expect(await pooled(registry)).toMatchObject({ used: 0, waiting: 0, max: 5 })
    expect(await read(registry, 'postgres_pool_connections_opened_total', { pool: 'default' })).toBeGreaterThan(100)
  })

  test('the server is gone in the middle', async () => {
    await using doomed = await startPostgres()
    const registry = new Registry()
    const pool = new pg.Pool({ ...doomed.connection, max: 3 })
    pool.on('error', () => {})
    instrumentPool(pool, { registry })
    await pool.query('SELECT 1')
    const sleeping = Promise.allSettled([1, 2, 3].map(() => pool.query('SELECT pg_sleep(60)')))
    await until('three queries', async () => (await pooled(registry)).used === 3)
    await until('three backends', async () => {
      const watcher = new pg.Client(doomed.connection)
      await watcher.connect()
      const { rows } = await watcher.query(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
      )
      await watcher.end()
      return rows[0].n === 3
    })
    doomed.kill()
    expect((await sleeping).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    await expect(pool.query('SELECT 1')).rejects.toThrow()
    expect(await queries(registry)).toEqual({ SELECT: 4 })
    const failed = Object.values(await errors(registry)).reduce((sum, count) => sum + count, 0)
    expect(failed).toBe(3)
    const refused = await counts(registry, 'postgres_pool_acquire_failures_total')
    expect(Object.values(refused).reduce((sum, count) => sum + count, 0)).toBe(1)
    expect((await pooled(registry)).used).toBe(0)
    await pool.end()
  })
})

test.each([
  [{ name: '' }, 'ERR_NANOTALLY_INVALID_VALUE'],
  [{ name: 1 }, 'ERR_NANOTALLY_INVALID_TYPE'],
  [{ registry: 1 }, 'ERR_NANOTALLY_INVALID_TYPE'],
  [{ pool: 'x' }, 'ERR_NANOTALLY_INVALID_VALUE'],
])('options that are wrong are refused: %j', (options, code) => {
  expect(refusal(() => instrumentPool(new pg.Pool(), options as never)).code).toBe(code)
})

test('what is no pool and no client is refused', () => {
  expect(refusal(() => instrumentPool({} as never)).code).toBe('ERR_NANOTALLY_INVALID_TYPE')
  expect(refusal(() => instrumentClient({} as never)).code).toBe('ERR_NANOTALLY_INVALID_TYPE')
})
