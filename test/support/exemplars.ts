// What lib hands to C++ to keep as exemplars, seen on its way there.
import { createRequire } from 'node:module'
import type { NativeAddon } from '../../dist/native.js'

export interface KeptExemplar {
  series: number
  value: number
  traceId: string
  spanId: string
}

/** Every exemplar that this environment has handed over since the call, in order; each is kept as well. */
export function watchExemplars(): KeptExemplar[] {
  const kept: KeptExemplar[] = []
  const loader = createRequire(import.meta.url)('../../dist/native.js') as { native: NativeAddon }
  const { native } = loader
  // The addon's own properties cannot be replaced.
  loader.native = Object.create(native, {
    recordExemplar: {
      value(...call: Parameters<NativeAddon['recordExemplar']>) {
        native.recordExemplar(...call)
        const [, , series, value, traceId, spanId] = call
        kept.push({ series, value, traceId, spanId })
      },
    },
  })
  return kept
}
