// The files of Unix domain sockets: one that a dead process has left is replaced, one of a living process never.
import { lstatSync, rmSync, statSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ListenError } from './troubles.js'

/** Starts take milliseconds: who holds a folder for longer is none of us, and is not waited for. */
const LONGEST_WAIT_MS = 2000
const RETRY_MS = 10

/** Whether nobody listens on the socket of that path, or it has gone. Throws where another file is there. */
async function isAbandoned(path: string): Promise<boolean> {
  const file = lstatSync(path, { throwIfNoEntry: false })
  if (file === undefined) return true
  // To connect to such a file is refused as well.
  if (!file.isSocket()) throw new ListenError('EEXIST', 'a file that is no socket is there')
  return await new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED' || code === 'ENOENT'))
  })
}

/** A listening server, or the code of what it failed with. */
function tryToListen(path: string): Promise<Server | string | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
    server.listen({ path }, () => resolve(server))
  })
}

/**
 * Holds the folder of a socket against others of us: between finding a socket abandoned and listening in its place another one
 * could do the same, and the first would be cut off from its clients. By an abstract socket (unix(7)), which ends with its
 * process, however that ends. Undefined where that cannot be had: on macOS and Windows, say.
 */
async function holdFolder(path: string): Promise<Server | undefined> {
  const folder = statSync(dirname(path), { throwIfNoEntry: false })
  if (process.platform !== 'linux' || folder === undefined) return undefined
  const end = performance.now() + LONGEST_WAIT_MS
  for (;;) {
    const held = await tryToListen(`\0nanotally-exporter-${folder.dev}-${folder.ino}`)
    if (typeof held === 'object') return held
    if (held !== 'EADDRINUSE' || performance.now() > end) return undefined
    await delay(RETRY_MS)
  }
}

/** Calls `listen` while none of us does so in that folder, and again where an abandoned socket was in its way. */
export async function listenOnFile(path: string, listen: () => Promise<void>): Promise<void> {
  const held = await holdFolder(path)
  try {
    try {
      await listen()
    } catch (error) {
      const { code } = error as ListenError
      if (code !== 'EADDRINUSE' || !(await isAbandoned(path))) throw error
      rmSync(path, { force: true })
      await listen()
    }
  } finally {
    held?.close()
  }
}
