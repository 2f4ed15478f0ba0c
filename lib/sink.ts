// The sink: memory of this environment that nothing reads. Handles of disabled and removed metrics lead here, so that
// recording through them is the same code on the same kind of view, without a branch.

/** Cells of a chunk; native/core/cell.h asserts that 8192 float64 make its 64 KiB. */
export const CELLS_PER_CHUNK = 8192
/** An address is chunk << CHUNK_BITS | offset. */
export const CHUNK_BITS = 13
export const OFFSET_MASK = CELLS_PER_CHUNK - 1
/** The cell of every chunk that holds the registry's tick (native/core/cell.h, kTickCell). */
export const TICK_CELL = 0

export const sinkCells = new Float64Array(new ArrayBuffer(CELLS_PER_CHUNK * Float64Array.BYTES_PER_ELEMENT))
export const sinkWords = new Int32Array(sinkCells.buffer)

/** Where the head of an exponential histogram's series would be; its words are read, so nothing else writes there. */
export const SINK_EXPONENTIAL = 16
/** Where any other series would start; the largest, an explicit histogram of 1000 buckets, fits behind it. */
export const SINK_SERIES = 64
/** Where a block of buckets would start: 256 cells for schema 8. */
export const SINK_BLOCK = 4096
