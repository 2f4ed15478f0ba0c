// The ESM entry: the same single CommonJS instance, so that `import` and `require` share one registry and its handles.
export { NanotallyError } from './bundled.mjs'
export * from './index.js'
