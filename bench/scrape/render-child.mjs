// Renders many series several times: how long it takes, its processor time, how long the thread is held.
import { childTask, release, report } from '../harness/child.mjs'
import { loadLibrary, OURS } from '../harness/libraries.mjs'
import { median } from '../harness/statistics.mjs'
import { populate } from './populate.mjs'
import { Ticker } from './ticker.mjs'

const WARM_UPS = 3

const { library, method, series, histogramShare, renders } = childTask()
const { render, verify } = await prepare()

let bytes = 0
for (let index = 0; index < WARM_UPS; index++) bytes = Buffer.byteLength(await render())
const measures = { ...(library && { ...(await timeRenders()), bytes }), ...(await watchRenders()) }
await verify()
await report({ measures })
release()

/** Time and processor time, with nothing else going on: the ticker would take a processor of its own. */
async function timeRenders() {
  const milliseconds = []
  const processor = []
  for (let index = 0; index < renders; index++) {
    const used = process.cpuUsage()
    const start = performance.now()
    await render()
    milliseconds.push(performance.now() - start)
    const { user, system } = process.cpuUsage(used)
    processor.push((user + system) / 1000)
  }
  return { milliseconds: median(milliseconds), processor: median(processor) }
}

/** For how long the thread is held from the call until the text is there, and in the call itself. */
async function watchRenders() {
  const held = []
  const call = []
  for (let index = 0; index < renders; index++) {
    const ticker = new Ticker()
    await ticker.started()
    const start = performance.now()
    const rendered = render()
    call.push(performance.now() - start)
    await rendered
    held.push(await ticker.stop())
  }
  return { held: median(held), ...(library && { call: median(call) }) }
}

/** What is rendered, and the proof that it was: the floor waits for as long as a render may take and renders nothing. */
async function prepare() {
  if (library === undefined) {
    return { render: () => new Promise((resolve) => setTimeout(resolve, 10, '')), verify() {} }
  }
  const loaded = await loadLibrary(library)
  const expectAll = populate(loaded, { series, histogramShare })
  const { registry } = loaded.module
  const render = library === OURS && method === 'render' ? async () => (await registry.render()).body : loaded.text
  return { render, verify: async () => expectAll((await render()).toString()) }
}
