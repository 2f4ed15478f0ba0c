// What the exporter and its worker thread say to each other.
import type { ListenSettings, RouteSettings } from './settings.js'

/** `workerData` of the exporter's worker. */
export interface WorkerSetup {
  registryId: number
  collectTimeoutMs: number
  routes: RouteSettings
  listen: ListenSettings
}

export type ToWorker = { type: 'close' }

export type FromWorker =
  /** `port`: 0 for a socket without one. */
  | { type: 'listening'; port: number }
  /** It could not begin. */
  | { type: 'failed'; code: string; message: string }
  /** Connections that were not served, by reason, since it last said so. */
  | { type: 'dropped'; connections: Record<string, number> }
  /** It serves a certificate that ends then, in seconds since the Unix epoch. */
  | { type: 'certificate'; expiry: number }
  /** It goes on with the certificate that it had. */
  | { type: 'certificate-failed'; message: string }
