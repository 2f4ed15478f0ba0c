// Runs the real Redis for a test, on a Unix socket in its temporary folder, or as a cluster of one node on loopback ports.
import { join } from 'node:path'
import { freePort } from './ports.js'
import { Server } from './server.js'
import { installedServer } from './servers.js'

/** A running Redis. Stop it in the test, with `await using` or in an `afterAll`; it never outlives the process. */
export class RedisServer {
  readonly #server: Server
  /** Of a cluster's node; 0 where there is only the socket. */
  readonly port: number

  /** @internal */
  constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  /** Its Unix socket. */
  get path(): string {
    return join(this.#server.folder, 'redis.sock')
  }

  get log(): string {
    return this.#server.log
  }

  /** Ends it as if it had crashed, and resolves when it is gone. */
  async kill(): Promise<void> {
    process.kill(this.#server.pid, 'SIGKILL')
    await this.#server.until('its end', () => this.#server.ended)
  }

  /** Stops it and removes its data. May be called again. */
  stop(): Promise<void> {
    return this.#server.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/**
 * Starts Redis and resolves when it answers.
 *
 * @param settings - of redis.conf
 * @throws Error with an instruction when it cannot be had, or with its log when it does not start
 */
export async function startRedis(
  settings: Readonly<Record<string, string | number>> = {},
  { cluster = false } = {},
): Promise<RedisServer> {
  const { root, before, owner } = installedServer('redis-server')
  const port = cluster ? await freePort() : 0
  const own = cluster
    ? {
        bind: '127.0.0.1',
        port,
        'cluster-enabled': 'yes',
        'cluster-port': await freePort(),
        'cluster-announce-ip': '127.0.0.1',
      }
    : { port: 0, unixsocket: 'redis.sock', unixsocketperm: 777 }
  const all = { ...own, save: '', appendonly: 'no', daemonize: 'no', ...settings }
  const flags = Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)])
  const [command, ...args] = [...before, join(root, 'usr/bin/redis-server'), ...flags] as [string, ...string[]]
  const server = await Server.start({ command, args, owner })
  try {
    await server.until('readiness', () => /Ready to accept connections|server is now ready to accept/.test(server.log))
    return new RedisServer(server, port)
  } catch (error) {
    await server.stop()
    throw error
  }
}
