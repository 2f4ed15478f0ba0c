// `nanotally demo` on a free port, for the length of a test.
import { startCli } from './cli.js'
import { until } from './until.js'

export interface DemoCli {
  /** `127.0.0.1:PORT`. */
  address: string
  /** Ends it as Ctrl-C does, and returns its exit code. */
  interrupt(): Promise<number | null>
}

/** Its main thread and two workers. */
const THREADS = 3

/** Starts it and waits until each of its threads has recorded. */
export async function startDemoCli(...options: string[]): Promise<DemoCli> {
  const child = startCli(['demo', '--port', '0', ...options])
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const address = await until('the demo', () => /^look at it: npx nanotally top (\S+)$/m.exec(output)?.[1])
  await until('its records', async () => {
    const text = await (await fetch(`http://${address}/metrics`)).text()
    return (
      text.match(/^demo_waiting_jobs\{/gm)?.length === THREADS &&
      /^demo_jobs_total\{kind="encode",.*\} [1-9]/m.test(text)
    )
  })
  return {
    address,
    async interrupt() {
      child.kill('SIGINT')
      return ended
    },
  }
}
