// Closes exporters on the signals that end a process, then lets them end it.

interface Closable {
  close(): Promise<void>
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

const exporters = new Set<Closable>()

function stopListening(): void {
  for (const signal of SIGNALS) process.off(signal, closeAll)
}

/** All together: the first that is closed must not end the process of those that still answer. */
async function closeAll(signal: NodeJS.Signals): Promise<void> {
  // A second signal, of one who does not want to wait, ends the process at once.
  stopListening()
  while (exporters.size > 0) {
    const closing = [...exporters]
    exporters.clear()
    await Promise.all(closing.map((exporter) => exporter.close()))
  }
  stopListening()
  // Whoever else listens has heard of it already, and may take a second one for impatience.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
}

/** Only the main thread hears signals. */
export function closeOnSignals(exporter: Closable): void {
  if (exporters.size === 0) for (const signal of SIGNALS) process.on(signal, closeAll)
  exporters.add(exporter)
}

/** To be called when it closes, whatever for. */
export function forgetOnSignals(exporter: Closable): void {
  if (exporters.delete(exporter) && exporters.size === 0) stopListening()
}
