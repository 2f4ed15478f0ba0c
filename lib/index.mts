// The ESM entry: the same single CommonJS instance, so that `import` and `require` share one registry and its handles.
export * from './index.js'
