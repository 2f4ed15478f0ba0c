// The ESM entry of nanotally/hardware: the same single CommonJS instance.
export { NanotallyError } from './bundled.mjs'
export * from './hardware.js'
