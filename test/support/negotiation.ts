// Stands between a scraper and an exporter and writes down what they agreed on.
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One scrape that was answered. */
export interface Exchange {
  accept: string
  status: number
  contentType: string
}

/** A running go-between. Scrape `target` in place of the exporter; close it in the test. */
export class GoBetween {
  /** Its address, as `host:port`. */
  readonly target: string
  readonly #server: Server
  readonly #exchanges: Exchange[]

  private constructor(server: Server, exchanges: Exchange[]) {
    this.target = `127.0.0.1:${(server.address() as AddressInfo).port}`
    this.#server = server
    this.#exchanges = exchanges
  }

  /**
   * What goes to it, path and headers, goes on to `127.0.0.1:port`; the answer comes back byte for byte.
   *
   * @param port - or what tells it when a request comes
   */
  static async start(port: number | (() => number)): Promise<GoBetween> {
    const exchanges: Exchange[] = []
    const server = createServer(({ method, url, headers }, response) => {
      const to = typeof port === 'number' ? port : port()
      request({ host: '127.0.0.1', port: to, method, path: url, headers }, (answer) => {
        const { statusCode: status = 0, headers: told } = answer
        exchanges.push({ accept: headers.accept ?? '', status, contentType: told['content-type'] ?? '' })
        answer.pipe(response.writeHead(status, told))
      })
        .on('error', (error) => response.destroy(error))
        .end()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new GoBetween(server, exchanges)
  }

  /** The exchanges so far, each that is like an earlier one left out. */
  get distinct(): Exchange[] {
    return [...new Map(this.#exchanges.map((exchange) => [JSON.stringify(exchange), exchange])).values()]
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }
}
