// The histograms without a heat map. What takes time has one.

/** Why, by the name of the family. */
export const WITHOUT_HEAT_MAP: Readonly<Record<string, string>> = {
  engram_spreading_activation_depth_hops:
    'A few whole numbers, which a limit cuts off: what tells is how near its p90 is to each limit, in *Depth*.',
  engram_hnsw_traversal_hops:
    'Its layers differ by design, and one picture of all would be that of layer 0: *Hops of a search* has a line of each.',
  redis_batch_commands:
    'How large batches are is up to the program: *Batches* has the p50 and the p99 of each kind, which is what to look for.',
}
