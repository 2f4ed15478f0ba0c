// How the property tests run. A failure prints its seed; NANOTALLY_SEED=<seed> runs the same cases again.
import fc from 'fast-check'

const { NANOTALLY_SEED } = process.env
/** From the environment, or a new one for each run. */
export const seed = NANOTALLY_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(NANOTALLY_SEED)
console.log(`property tests: NANOTALLY_SEED=${seed}`)
fc.configureGlobal({ seed })
