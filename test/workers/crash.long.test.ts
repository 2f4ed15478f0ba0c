// The crash matrix, fifty runs of each case: npm run test:full.
import { crashMatrix } from './crash-matrix.js'

crashMatrix(50)
