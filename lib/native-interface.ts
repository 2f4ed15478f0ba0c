// The door for other addons and native threads.
import { native } from './native.js'

/**
 * nanotally's functions for C and C++ (`native/include/nanotally.h`), for another addon to attach to. The value is opaque
 * to JavaScript; hand it to the addon, which passes it to `nanotally_attach()`. Any thread may do so, once or again.
 *
 * What the addon records goes into the process-wide registries of this copy of nanotally.
 *
 * @example
 * const addon = { attach() {} } // stands for require('./build/Release/your-addon.node')
 * addon.attach(nativeInterface())
 */
export function nativeInterface(): object {
  return native.nativeInterface()
}
