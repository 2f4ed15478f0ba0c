// Stands in for PagerDuty's Events API v2, which cannot be reached from here: takes what it is sent.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'

/** https://developer.pagerduty.com/docs/send-alert-event, as far as tests read it. */
export interface PagerDutyEvent {
  routing_key: string
  event_action: 'trigger' | 'acknowledge' | 'resolve'
  client_url?: string
  links?: { href: string; text: string }[]
  payload?: Record<string, string> & { custom_details: Record<string, string> }
}

export interface PagerDuty {
  url: string
  /** In the order in which they came. */
  readonly events: readonly PagerDutyEvent[]
  close(): void
}

export async function startPagerDuty(): Promise<PagerDuty> {
  const events: PagerDutyEvent[] = []
  const server = createServer(async (request, response) => {
    events.push(JSON.parse(await readText(request)))
    response.writeHead(202).end('{}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, events, close }
}
