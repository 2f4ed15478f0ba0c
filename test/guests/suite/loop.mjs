// A loop that takes the same instructions for each turn, once it is compiled: WebAssembly, (param i32) down to 0.
const BYTES = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 1, 127, 0, 3, 2, 1, 0, 7, 8, 1, 4, 108, 111, 111, 112, 0, 0],
  // (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
  ...[10, 16, 1, 14, 0, 3, 64, 32, 0, 65, 1, 107, 34, 0, 13, 0, 11, 11],
])

/** Counts a number down to 0. */
export const { loop } = new WebAssembly.Instance(new WebAssembly.Module(BYTES)).exports

/** Until the compiler has done what it will. */
export function warmUp() {
  for (let i = 0; i < 200; i++) loop(10_000)
}
