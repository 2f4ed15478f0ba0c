// What the exporter and its worker thread say to each other.

/** `workerData` of the exporter's worker. */
export interface WorkerSetup {
  registryId: number
  host: string
  /** 0: any free one. */
  port: number
  collectTimeoutMs: number
}

export type ToWorker = { type: 'close' }

export type FromWorker = { type: 'listening'; port: number } | { type: 'failed'; code: string; message: string }
