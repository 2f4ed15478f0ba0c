// Debian's exporters, which deploy/prometheus/prometheus.yml scrapes: of this machine, and of a test's own PostgreSQL and Redis.
import pg from 'pg'
import { deployText } from './deploy.js'
import { freePort } from './ports.js'
import type { Postgres } from './postgres.js'
import type { RedisServer } from './redis.js'
import { Server, toolPath } from './server.js'

const LISTEN = '--web.listen-address=127.0.0.1'

export interface Exporters {
  /** Where each listens, as `host:port`, by its job in deploy/prometheus/prometheus.yml. */
  addresses: { node: string; postgres: string; redis: string }
  stop(): Promise<void>
}

/** The role that deploy/postgres makes, as psql would. */
async function makeRole({ connection }: Postgres): Promise<void> {
  const client = new pg.Client(connection)
  await client.connect()
  await client.query(deployText('postgres/monitoring.sql').replace(":'password'", pg.escapeLiteral("it's a secret")))
  await client.end()
}

/**
 * Starts them, that of PostgreSQL as the role of deploy/postgres, which it makes. They outlive the databases.
 *
 * @throws Error with an instruction when one cannot be had, or with its log when it does not start
 */
export async function startExporters(postgres: Postgres, redis: RedisServer): Promise<Exporters> {
  const servers: Server[] = []
  const stop = async () => void (await Promise.all(servers.splice(0).map((server) => server.stop())))
  const start = async (tool: string, port: number, env: Record<string, string> = {}) => {
    const server = await Server.start({ command: toolPath(tool), args: [`${LISTEN}:${port}`], env })
    servers.push(server)
    return server
  }
  const told = (server: Server) => server.until('an address', () => /Listening on" address=(\S+)/.exec(server.log)?.[1])
  try {
    await makeRole(postgres)
    const { host } = postgres.connection
    // That of Redis tells no address.
    const redisPort = await freePort()
    const [node, ofPostgres] = await Promise.all([
      start('prometheus-node-exporter', 0),
      start('prometheus-postgres-exporter', 0, {
        DATA_SOURCE_NAME: `host=${host} user=monitoring dbname=postgres sslmode=disable`,
      }),
      start('prometheus-redis-exporter', redisPort, { REDIS_ADDR: `unix://${redis.path}` }),
    ])
    const addresses = { node: await told(node), postgres: await told(ofPostgres), redis: `127.0.0.1:${redisPort}` }
    return { addresses, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
