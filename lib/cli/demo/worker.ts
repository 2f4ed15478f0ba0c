// A worker thread of the demo. What it records is in the next scrape, with nothing sent to anyone.
import { parentPort, workerData } from 'node:worker_threads'
import { startWork } from './work.js'

const work = startWork(workerData as string)
parentPort?.once('message', work.stop)
