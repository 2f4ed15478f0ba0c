// What an exporter tells of itself in the registry that it serves, by the thread that started it.
import { counter } from '../instruments/counter.js'
import { gauge } from '../instruments/gauge.js'
import type { Registry } from '../registry.js'
import { warnOnce } from '../warnings.js'

export const WARNING_CODE = 'NANOTALLY_EXPORTER'

function expiry(registry: Registry) {
  return gauge({
    name: 'nanotally_exporter_certificate_expiry_seconds',
    help: "When the certificate that the exporter serves ends, in seconds since the Unix epoch, by the certificate's file.",
    labels: ['file'],
    registry,
  })
}

/** The families are there once there is something to tell. */
export class OwnFamilies {
  readonly #registry: Registry

  constructor(registry: Registry) {
    this.#registry = registry
  }

  /** Throws where the registry was closed. */
  countRestart(): void {
    counter({
      name: 'nanotally_exporter_restarts_total',
      help: 'Times that the exporter thread was started again.',
      registry: this.#registry,
    }).inc()
  }

  countDropped(connections: Record<string, number>): void {
    this.#tell('what it dropped', () => {
      const dropped = counter({
        name: 'nanotally_exporter_dropped_connections_total',
        help: 'Connections to the exporter that were not served: past its limit of them, or for an error.',
        labels: ['reason'],
        registry: this.#registry,
      })
      for (const [reason, count] of Object.entries(connections)) dropped.inc({ reason }, count)
    })
  }

  tellExpiry(file: string, seconds: number): void {
    this.#tell('when its certificate ends', () => expiry(this.#registry).set({ file }, seconds))
  }

  forgetExpiry(file: string): void {
    try {
      expiry(this.#registry).remove({ file })
    } catch {
      // The registry was closed, and its families with it.
    }
  }

  #tell(what: string, tell: () => void): void {
    try {
      tell()
    } catch (error) {
      // The registry was closed: nobody can read what is told there.
      warnOnce('exporter-registry', `nanotally's exporter cannot tell ${what}: ${error}`, WARNING_CODE)
    }
  }
}
