// One fresh process for one contender, and the protocol between it and the runner (both sides).
import { fork } from 'node:child_process'

/** No contender takes this long; one that does hangs, and is killed. */
const DEFAULT_TIMEOUT_MS = 180_000

/**
 * Variables that would change what is measured. They are taken out of every child's environment; a contender that wants
 * one sets it itself.
 */
const REMOVED_VARIABLES = ['NODE_OPTIONS', 'NODE_V8_COVERAGE', 'NANOTALLY_DISABLED', 'UV_THREADPOOL_SIZE']

/**
 * @typedef {object} ChildOptions
 * @property {string} [node]      The Node.js binary; default this process's.
 * @property {string[]} [execArgv] Flags of the child's Node.js; default none.
 * @property {Record<string, string>} [env] Added to the cleaned environment.
 * @property {number} [timeoutMs] Default 180 000.
 */

/**
 * Starts a child that stays up and answers messages. The caller must `stop()` it.
 * @param {string} script Absolute path.
 * @param {unknown} task Given to the child as its one argument, as JSON.
 * @param {ChildOptions} [options]
 */
export function startChild(script, task, options = {}) {
  const env = { ...process.env, ...options.env }
  for (const name of REMOVED_VARIABLES) if (options.env?.[name] === undefined) delete env[name]
  const process_ = fork(script, [JSON.stringify(task)], {
    execPath: options.node ?? process.execPath,
    execArgv: options.execArgv ?? [],
    env,
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  const errors = []
  process_.stderr.setEncoding('utf8').on('data', (text) => errors.push(text))
  const waiting = []
  const arrived = []
  let ended
  process_.on('message', (message) => {
    const next = waiting.shift()
    if (next) next.resolve(message)
    else arrived.push(message)
  })
  const exited = new Promise((resolve) => {
    const end = (why) => {
      ended ??= new Error(`${script} ${why}\n${errors.join('').trim()}`.trim())
      for (const { reject } of waiting.splice(0)) reject(ended)
      resolve(ended)
    }
    process_.on('error', (error) => end(`could not be started: ${error.message}`))
    process_.on('close', (code, signal) => end(`ended with ${signal ?? `exit code ${code}`}`))
  })

  /** The next message of the child; rejects when the child ends, or is silent for longer than the timeout. */
  async function receive() {
    if (arrived.length > 0) return arrived.shift()
    if (ended) throw ended
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    let timer
    try {
      return await new Promise((resolve, reject) => {
        waiting.push({ resolve, reject })
        timer = setTimeout(() => {
          process_.kill('SIGKILL')
          reject(new Error(`${script} said nothing for ${timeoutMs} ms\n${errors.join('').trim()}`.trim()))
        }, timeoutMs)
      })
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    receive,
    async ask(message) {
      process_.send(message)
      return await receive()
    },
    send: (message) => process_.send(message),
    /** Kills the child at once; a child with a saturated thread pool could not leave by itself in time. */
    async stop() {
      if (!ended) process_.kill('SIGKILL')
      await exited
    },
    /** Resolves to the exit code once the child has left by itself. */
    async left() {
      await exited
      return process_.exitCode
    },
  }
}

/**
 * Runs a child to its end and returns the one result that it reported.
 * @param {string} script
 * @param {unknown} task
 * @param {ChildOptions} [options]
 * @returns {Promise<{ measures: Record<string, number>, detail?: unknown }>}
 */
export async function runChild(script, task, options) {
  const child = startChild(script, task, options)
  try {
    const result = await child.receive()
    const code = await child.left()
    if (code !== 0) throw new Error(`${script} reported a result and then ended with exit code ${code}`)
    return requireMeasures(result, script)
  } finally {
    await child.stop()
  }
}

/** A result without a number in it would make a run that measured nothing look like a run. */
export function requireMeasures(result, who) {
  const entries = Object.entries(result?.measures ?? {})
  if (entries.length === 0) throw new Error(`${who} reported no measures`)
  for (const [key, value] of entries) {
    if (!Number.isFinite(value)) throw new Error(`${who} reported ${key} = ${value}, expected a finite number`)
  }
  return result
}

/** In a child: the task it was started with. */
export function childTask() {
  if (process.argv[2] === undefined) throw new TypeError('expected the task as JSON in the first argument')
  return JSON.parse(process.argv[2])
}

/**
 * In a child: hands a message to the runner, or prints it when the child was started by hand, say under a profiler. The
 * processor time that the process has used so far goes with it; `childrenMilliseconds` is that of its own children.
 */
export async function report({ childrenMilliseconds = 0, ...message }) {
  const { user, system } = process.cpuUsage()
  const full = { ...message, processorMilliseconds: (user + system) / 1000 + childrenMilliseconds }
  if (!process.send) {
    console.log(JSON.stringify(full, undefined, 2))
    return
  }
  await new Promise((resolve, reject) => process.send(full, (error) => (error ? reject(error) : resolve())))
}

/** In a child that ran to its end: lets go of the runner's channel, which would keep the process up. */
export function release() {
  if (process.connected) process.disconnect()
}
