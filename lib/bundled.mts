// What the ESM entry evaluates first. A bundler that makes ES modules leaves the package no `require` of Node's own modules, and
// says so in words that help nobody: so this looks before whether the package is still a folder of files.
import { existsSync } from 'node:fs'
import { NanotallyError, NOT_WHOLE } from './errors.js'

// undefined where a bundler makes CommonJS of it; the loader then finds out.
const url: string | undefined = import.meta.url
if (url?.startsWith('file:') && !existsSync(new URL('native-loader.js', url))) {
  throw new NanotallyError('ERR_NANOTALLY_NATIVE_LOAD', `nanotally has no files beside ${url}. ${NOT_WHOLE}`)
}

export { NanotallyError }
