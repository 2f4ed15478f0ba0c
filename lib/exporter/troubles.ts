// What goes wrong with the exporter's server, as its thread tells it.

/** Why the server could not begin. `code` is the system's where there is one. */
export class ListenError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** What goes wrong while it serves, and what will. */
export interface Troubles {
  /** A connection was not served, for a reason of a word or a system's error code. */
  dropped(reason: string): void
  /** A certificate is served from now on, until then; in seconds since the Unix epoch. */
  certificate(expiry: number): void
  /** A changed one cannot be. */
  certificateFailed(message: string): void
}
