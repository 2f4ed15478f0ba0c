// Runs the real PostgreSQL for a test, with a cluster of its own, on a Unix socket in its temporary folder.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive } from './children.js'
import { Server } from './server.js'
import { installedServer } from './servers.js'

/** A running PostgreSQL. Stop it in the test, with `await using` or in an `afterAll`; it never outlives the process. */
export class Postgres {
  readonly #server: Server

  /** @internal */
  constructor(server: Server) {
    this.#server = server
  }

  /** What a client of pg takes to connect. */
  get connection(): { host: string; user: string; database: string } {
    return { host: this.#server.folder, user: 'postgres', database: 'postgres' }
  }

  get log(): string {
    return this.#server.log
  }

  /** Ends it as if it had crashed: its connections are told at once. */
  kill(): void {
    process.kill(this.#server.pid, 'SIGQUIT')
  }

  /** Stops it, whoever is connected, and removes its data. May be called again. */
  stop(): Promise<void> {
    // The guard's own signal lets clients finish first.
    if (isAlive(this.#server.pid)) process.kill(this.#server.pid, 'SIGINT')
    return this.#server.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/**
 * Starts PostgreSQL and resolves when it answers.
 *
 * @param settings - of postgresql.conf
 * @throws Error with an instruction when it cannot be had, or with its log when it does not start
 */
export async function startPostgres(settings: Readonly<Record<string, string | number>> = {}): Promise<Postgres> {
  const { root, before, owner } = installedServer('postgresql')
  const versions = readdirSync(join(root, 'usr/lib/postgresql')).sort((a, b) => Number(b) - Number(a))
  const programs = join(root, 'usr/lib/postgresql', versions[0] as string, 'bin')
  // Paths are the data folder's.
  const all = { listen_addresses: '', unix_socket_directories: '..', fsync: 'off', jit: 'off', ...settings }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const [command, ...args] = [
    ...before,
    ...[
      'sh',
      '-ec',
      '"$0" --pgdata=data --username=postgres --auth=trust --locale=C --encoding=UTF8 --no-sync; exec "$@"',
    ],
    join(programs, 'initdb'),
    ...[join(programs, 'postgres'), '-D', 'data', ...flags],
  ] as [string, ...string[]]
  const server = await Server.start({ command, args, owner })
  try {
    await server.until('readiness', () => server.log.includes('database system is ready to accept connections'))
    return new Postgres(server)
  } catch (error) {
    await server.stop()
    throw error
  }
}
