// The entry of the exporter's worker thread. It loads the native addon and node:http only, so that it starts fast.
import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import { type MessagePort, parentPort, threadId, workerData } from 'node:worker_threads'
import { type Exposition, native } from '../native.js'
import { isPrivateHost, refuseHost } from './hosts.js'
import { InFlight } from './in-flight.js'
import { type Connections, listen, portOf } from './listen.js'
import type { FromWorker, ToWorker, WorkerSetup } from './messages.js'
import { measureRecordCostIfDue } from './record-cost.js'
import { Routes } from './routes.js'
import type { ListenError } from './troubles.js'

/** How long requests in flight may take once the exporter is closing. */
const CLOSE_GRACE_MS = 5000
/** Troubles may come by the thousand: they are told together. */
const TELL_MS = 1000

const port = parentPort as MessagePort
const { registryId, collectTimeoutMs, routes: routeSettings, listen: listenSettings } = workerData as WorkerSetup

function tell(message: FromWorker): void {
  port.postMessage(message)
}

let dropped: Record<string, number> = {}
function drop(reason: string): void {
  if (Object.keys(dropped).length === 0) {
    setTimeout(() => {
      tell({ type: 'dropped', connections: dropped })
      dropped = {}
    }, TELL_MS).unref()
  }
  dropped[reason] = (dropped[reason] ?? 0) + 1
}

native.nameThread(`nanotally-exporter-${threadId}`)
const registry = native.openRegistryById(registryId)
native.serve(registry)
// Synchronous: this thread has nothing else to do.
const routes = new Routes(
  {
    renderAll: (requests) => {
      measureRecordCostIfDue()
      return native.renderSync(registry, requests, collectTimeoutMs)
    },
    readHealth: () => native.readHealth(registry),
    openFeed: () => {
      const feed = native.openFeed(registry)
      return {
        next: () => native.changesSync(feed, collectTimeoutMs)[0] as Exposition,
        close: () => native.closeFeed(feed),
      }
    },
  },
  routeSettings,
)

const inFlight = new InFlight()

/** Clients would keep their connections: once all that was asked is answered, they are ended. */
function close(server: Server, connections: Connections): void {
  const impatient = setTimeout(() => connections.end(), CLOSE_GRACE_MS)
  // Not that of node:http, which ends connections whose answer is made but not yet sent.
  NetServer.prototype.close.call(server, () => {
    clearTimeout(impatient)
    port.close()
  })
  inFlight.onIdle = () => connections.end()
  routes.close()
  if (inFlight.isIdle) inFlight.onIdle()
}

listen(
  listenSettings,
  (request, response) => {
    inFlight.add(response)
    if (listenSettings.onlyPrivateHosts && !isPrivateHost(request.headers.host)) {
      refuseHost(response)
      return
    }
    const [path = '', ...query] = Routes.originForm(request.url).split('?')
    if (!routes.handle(request, response, path, query.join('?'))) Routes.notFound(response)
  },
  {
    dropped: drop,
    certificate: (expiry) => tell({ type: 'certificate', expiry }),
    certificateFailed: (message) => tell({ type: 'certificate-failed', message }),
  },
).then(
  ({ server, connections }) => {
    port.on('message', (message: ToWorker) => {
      if (message.type === 'close') close(server, connections)
    })
    tell({ type: 'listening', port: portOf(server) })
  },
  (error: ListenError) => {
    tell({ type: 'failed', code: error.code, message: error.message })
    port.close()
  },
)
