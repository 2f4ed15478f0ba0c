// By which name metrics tell of the calling thread.
import * as workerThreads from 'node:worker_threads'

/** What Node calls a worker that was given no name. */
const UNNAMED = ['', 'WorkerThread', undefined]

/**
 * `main`, or the worker's name with its number behind, which no other thread of the process has: `worker-3`, where it has no
 * name or its Node (before 22.20) does not tell it.
 */
export function threadName(): string {
  if (workerThreads.isMainThread) return 'main'
  const { threadName: given, threadId } = workerThreads as typeof workerThreads & { threadName?: string }
  return `${UNNAMED.includes(given) ? 'worker' : given}-${threadId}`
}
