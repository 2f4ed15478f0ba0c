// startExporter(): serves a registry over HTTP from a worker thread of its own, so that a scrape is answered while the
// program's threads are blocked: the scrape stays up exactly when it matters.
import { join } from 'node:path'
import { isMainThread, type SHARE_ENV, Worker } from 'node:worker_threads'
import { invalidValue, NanotallyError } from '../errors.js'
import type { Registry } from '../registry.js'
import { warn, warnOnce } from '../warnings.js'
import { BackOff } from './back-off.js'
import type { FromWorker, ToWorker, WorkerSetup } from './messages.js'
import { OwnFamilies, WARNING_CODE } from './own-families.js'
import { checkListening, checkServing, type ExporterOptions, type TlsOptions } from './settings.js'
import { closeOnSignals, forgetOnSignals } from './signals.js'

/** A running exporter. */
export interface Exporter {
  /** Where to scrape, such as `http://127.0.0.1:9464/metrics`, or `unix:/run/app.sock:/metrics`. */
  readonly url: string
  /** 0 for a Unix domain socket. */
  readonly port: number
  /** Finishes the requests in flight, then ends the thread. Idempotent. */
  close(): Promise<void>
}

type Settings = Omit<WorkerSetup, 'registryId'> & { registry: Registry; unref: boolean }

function listenError(code: string, message: string, { socketPath, host, port }: WorkerSetup['listen']): NanotallyError {
  const where = socketPath ?? `port ${port} on ${host}`
  if (code === 'EADDRINUSE') {
    return new NanotallyError(
      'ERR_NANOTALLY_PORT_IN_USE',
      `${where} is in use, maybe by another process of this program: give each its own${socketPath ? '' : ' port, or 0 for any free one'}`,
    )
  }
  if (code === 'EACCES') {
    const instead = socketPath
      ? 'take a folder that is there and that this user may write to'
      : 'take a port from 1024 on'
    return new NanotallyError('ERR_NANOTALLY_PORT_DENIED', `${where} may not be used: ${instead}`)
  }
  if (code === 'TLS') {
    return new NanotallyError(
      'ERR_NANOTALLY_TLS',
      `${message}: give the paths of a PEM certificate and of its key, which this process may read`,
    )
  }
  return new NanotallyError('ERR_NANOTALLY_LISTEN', `cannot listen on ${where}: ${message}`)
}

/** NODE_OPTIONS would run the program's preloads again in the exporter's thread. */
function environmentOfWorker(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = process.env
  return env
}

class ExporterThread implements Exporter {
  readonly #settings: Settings
  #port: number
  #worker: Worker | undefined
  #closing: Promise<void> | undefined
  #restart: NodeJS.Timeout | undefined
  readonly #backOff = new BackOff()
  readonly #families: OwnFamilies

  constructor(settings: Settings) {
    this.#settings = settings
    this.#port = settings.listen.port
    this.#families = new OwnFamilies(settings.registry)
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    const { socketPath, host, tls } = this.#settings.listen
    if (socketPath !== undefined) return `unix:${socketPath}:/metrics`
    const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
    const address = reachable.includes(':') ? `[${reachable}]` : reachable
    return `${tls === undefined ? 'http' : 'https'}://${address}:${this.#port}/metrics`
  }

  /** Resolves once it listens. */
  start(): Promise<void> {
    const { registry, unref, collectTimeoutMs, routes, listen } = this.#settings
    const setup: WorkerSetup = {
      registryId: registry._nativeId,
      collectTimeoutMs,
      routes,
      // The same port again.
      listen: { ...listen, port: this.#port },
    }
    return new Promise((resolve, reject) => {
      const worker = new Worker(join(__dirname, 'worker.js'), {
        name: 'nanotally-exporter',
        workerData: setup,
        execArgv: [],
        env: environmentOfWorker() as typeof SHARE_ENV | NodeJS.ProcessEnv,
      })
      this.#worker = worker
      let listening = false
      let failure: unknown = new NanotallyError('ERR_NANOTALLY_EXPORTER', 'the exporter thread ended unexpectedly')
      worker.on('message', (message: FromWorker) => {
        if (message.type === 'failed') {
          failure = listenError(message.code, message.message, setup.listen)
        } else if (message.type === 'certificate-failed') {
          warn(message.message, 'NANOTALLY_CERTIFICATE')
        } else if (message.type === 'certificate') {
          // What comes after it was forgotten would stay.
          if (this.#closing === undefined) {
            this.#families.tellExpiry((listen.tls as TlsOptions).certFile, message.expiry)
          }
        } else if (message.type === 'dropped') {
          this.#families.countDropped(message.connections)
        } else {
          listening = true
          this.#port = message.port
          this.#backOff.running()
          // Not before: what awaits the start must not end the process by it.
          if (unref) worker.unref()
          resolve()
        }
      })
      // Without a listener an error in the thread would end the program.
      worker.on('error', (error) => {
        failure = error
      })
      worker.on('exit', () => {
        this.#worker = undefined
        if (this.#closing !== undefined) resolve()
        else if (listening) this.#restartLater(failure)
        else reject(failure)
      })
    })
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      clearTimeout(this.#restart)
      active.delete(this)
      forgetOnSignals(this)
      const { tls } = this.#settings.listen
      if (tls !== undefined) this.#families.forgetExpiry(tls.certFile)
      const worker = this.#worker
      if (worker === undefined) {
        resolve()
        return
      }
      worker.ref()
      worker.once('exit', () => resolve())
      worker.postMessage({ type: 'close' } satisfies ToWorker)
    })
    return this.#closing
  }

  #restartLater(failure: unknown): void {
    const delayMs = this.#backOff.ended()
    // Each kind of failure is told: what keeps it from starting again may be another than what has ended it.
    const kind = (failure as { code?: unknown } | undefined)?.code ?? ''
    warnOnce(`exporter:${kind}`, `nanotally's exporter thread ended and is started again: ${failure}`, WARNING_CODE)
    this.#restart = setTimeout(() => {
      try {
        this.#families.countRestart()
        this.start().catch((error) => this.#restartLater(error))
      } catch (error) {
        // The registry was closed: there is nothing left to serve.
        warnOnce('exporter-registry', `nanotally's exporter is not started again: ${error}`, WARNING_CODE)
        active.delete(this)
      }
    }, delayMs)
    if (this.#settings.unref) this.#restart.unref()
  }
}

/** Running exporters. They keep a private registry from being collected while it is served. */
const active = new Set<ExporterThread>()

/**
 * Starts serving a registry from a worker thread: `/metrics`, `/snapshot.json`, `/events` and a page that shows them, at `/`;
 * and the health of the process: `/health`, `/healthz`, `/readyz` and `/livez`.
 *
 * If that thread ever dies it is started again, with a growing delay, and counted in
 * `nanotally_exporter_restarts_total`; it never takes the program with it.
 *
 * @throws `ERR_NANOTALLY_PORT_IN_USE`, `ERR_NANOTALLY_PORT_DENIED`, `ERR_NANOTALLY_LISTEN`, `ERR_NANOTALLY_TLS`,
 * `ERR_NANOTALLY_UNAUTHENTICATED`, `ERR_NANOTALLY_EXPORTER`, `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`,
 * `ERR_NANOTALLY_REGISTRY_CLOSED` (rejects)
 *
 * @example
 * const exporter = await startExporter({ port: 0 })
 * console.log(exporter.url)
 * await exporter.close()
 */
export async function startExporter(options: ExporterOptions = {}): Promise<Exporter> {
  if (options.closeOnSignals === true && !isMainThread) {
    throw invalidValue('closeOnSignals', 'false in a worker, as only the main thread hears signals', true)
  }
  const settings = { ...checkServing(options, true), listen: checkListening(options), unref: options.unref === true }
  const exporter = new ExporterThread(settings)
  await exporter.start()
  active.add(exporter)
  if (options.closeOnSignals === true) closeOnSignals(exporter)
  return exporter
}
