// The entry of the exporter's worker thread. It loads the native addon and node:http only, so that it starts fast.
import type { AddressInfo } from 'node:net'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { native } from '../native.js'
import type { FromWorker, ToWorker, WorkerSetup } from './messages.js'
import { createMetricsServer } from './server.js'

/** How long requests in flight may take once the exporter is closing. */
const CLOSE_GRACE_MS = 5000

const port = parentPort as MessagePort
const { registryId, host, port: listenPort, collectTimeoutMs } = workerData as WorkerSetup

function tell(message: FromWorker): void {
  port.postMessage(message)
}

const registry = native.openRegistryById(registryId)
const server = createMetricsServer((accept, names) => native.renderSync(registry, accept, names, collectTimeoutMs))

server.once('error', (error: NodeJS.ErrnoException) => {
  tell({ type: 'failed', code: error.code ?? '', message: error.message })
  port.close()
})

server.listen(listenPort, host, () => {
  tell({ type: 'listening', port: (server.address() as AddressInfo).port })
})

port.on('message', (message: ToWorker) => {
  if (message.type !== 'close') return
  const impatient = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
  server.close(() => {
    clearTimeout(impatient)
    port.close()
  })
  server.closeIdleConnections()
})
