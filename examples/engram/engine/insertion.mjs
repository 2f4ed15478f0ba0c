// How observations get into the index: for now there is none, so nothing but the controls can refuse a batch.

/**
 * @param {import('./controls.mjs').Controls} controls
 * @returns {import('./store.mjs').InsertBatch}
 */
export function makeInsertBatch(controls) {
  return () => (controls.isCorrupt ? 'index_corrupt' : undefined)
}
