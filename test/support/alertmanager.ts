// Runs the real Alertmanager for a test, on a free loopback port, and gives it alerts as Prometheus does.
import { join } from 'node:path'
import { freePort } from './ports.js'
import { Server, toolPath } from './server.js'

/** Those that scripts/tools.sh knows: the host suite's, and the current one. */
export const ALERTMANAGERS = ['alertmanager', 'newer-alertmanager'] as const

interface ChosenAlertmanager {
  /** Default `newer-alertmanager`. */
  tool?: (typeof ALERTMANAGERS)[number]
}

export interface AlertmanagerOptions extends ChosenAlertmanager {
  /** Where it notifies. */
  webhook: string
  /** Of the webhook: `http_config`. */
  httpConfig?: Record<string, unknown>
  /** Further settings of the route, such as `group_by`. */
  route?: Record<string, unknown>
}

/** A whole configuration, instead of one that is made of the options above. */
export interface ConfiguredAlertmanagerOptions extends ChosenAlertmanager {
  /** What Alertmanager's configuration file says. It is in a folder of its own, in which paths begin that are relative. */
  config: Readonly<Record<string, unknown>>
  /** More files in that folder, such as templates and secrets, by their names. */
  files?: Readonly<Record<string, string>>
}

/** An alert as Alertmanager's API takes it: one that has ended has an `endsAt`. */
export interface PostedAlert {
  labels: Record<string, string>
  annotations?: Record<string, string>
  startsAt?: string
  endsAt?: string
}

/** An alert that Alertmanager holds. */
export interface HeldAlert {
  labels: Record<string, string>
  status: { state: 'unprocessed' | 'active' | 'suppressed'; inhibitedBy: string[] }
}

/** A running Alertmanager. Stop it in the test, with `await using` or in an `afterAll`; it never outlives the process. */
export class Alertmanager {
  readonly url: string
  readonly #server: Server

  constructor(server: Server, url: string) {
    this.#server = server
    this.url = url
  }

  get log(): string {
    return this.#server.log
  }

  /** The alerts that fire, as its API tells them. */
  async alerts(): Promise<HeldAlert[]> {
    const response = await fetch(`${this.url}/api/v2/alerts`, { signal: AbortSignal.timeout(30_000) })
    if (!response.ok) throw new Error(`Alertmanager: ${response.status} ${await response.text()}`)
    return (await response.json()) as HeldAlert[]
  }

  async post(alerts: readonly PostedAlert[]): Promise<void> {
    const response = await fetch(`${this.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
      signal: AbortSignal.timeout(30_000),
    })
    if (!response.ok) throw new Error(`Alertmanager: ${response.status} ${await response.text()}`)
  }

  stop(): Promise<void> {
    return this.#server.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/**
 * What to run for it. Debian's looks for its templates below /usr/share: one that is unpacked elsewhere sees its own folder there,
 * in a mount namespace.
 */
function alertmanagerCommand(tool: string): string[] {
  const path = toolPath(tool)
  const share = join(path, '../../share')
  if (share === '/usr/share') return [path]
  const unshare = process.getuid?.() === 0 ? ['unshare', '--mount'] : ['unshare', '--mount', '--map-root-user']
  return [...unshare, 'sh', '-c', 'mount --bind "$0" /usr/share && exec "$@"', share, path]
}

/** Notifies at once and repeats nothing for an hour. */
function configurationOf({ webhook, httpConfig = {}, route = {} }: AlertmanagerOptions): Record<string, unknown> {
  return {
    route: { receiver: 'webhook', group_wait: '100ms', group_interval: '1s', repeat_interval: '1h', ...route },
    receivers: [{ name: 'webhook', webhook_configs: [{ url: webhook, send_resolved: true, http_config: httpConfig }] }],
  }
}

/**
 * Starts Alertmanager, with a configuration that notifies at once and repeats nothing for an hour, or with one of the caller's;
 * resolves when it is ready.
 *
 * @throws Error with an instruction when Alertmanager cannot be had, or with its log when it does not start
 */
export async function startAlertmanager(
  options: AlertmanagerOptions | ConfiguredAlertmanagerOptions,
): Promise<Alertmanager> {
  const { config, files = {} } = 'config' in options ? options : { config: configurationOf(options) }
  const address = `127.0.0.1:${await freePort()}`
  const [command = '', ...before] = alertmanagerCommand(options.tool ?? 'newer-alertmanager')
  const server = await Server.start({
    command,
    args: [
      ...before,
      '--config.file=alertmanager.yml',
      '--storage.path=data',
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
    ],
    // JSON is YAML.
    files: { ...files, 'alertmanager.yml': JSON.stringify(config, undefined, 2) },
  })
  try {
    const url = `http://${address}`
    await server.until('readiness', async () => {
      return await fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
    })
    return new Alertmanager(server, url)
  } catch (error) {
    await server.stop()
    throw error
  }
}
