// The crash matrix under the sanitizers: workers that end by themselves, by terminate(), by process.exit() and by exceptions,
// processes that end while threads are at work, module resets, vm contexts.
import { crashMatrix } from '../workers/crash-matrix.js'
import { ENDING, expectNoFindings, HARDWARE, OPERATING, READING, watchProcesses } from './watch.js'

const folder = watchProcesses(import.meta.url)
const children = crashMatrix(2)
const uncalled = ['closeRegistry', 'leaveRegistry', 'defineDerived', 'nativeInterface', 'recordExemplar']
expectNoFindings(folder, 1 + children, [...uncalled, ...ENDING, ...READING, ...OPERATING, ...HARDWARE])
