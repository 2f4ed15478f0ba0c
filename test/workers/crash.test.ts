// The crash matrix, few runs of each case: npm test. crash.long.test.ts runs it at length.
import { crashMatrix } from './crash-matrix.js'

crashMatrix(10)
