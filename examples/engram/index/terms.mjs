// The closed lists of the index, which the addon knows by number: to be had without it.

/** Vectors' lengths are multiples of it. */
export const FLOATS_PER_TURN = 16

/** In the order of their numbers in native/metrics.h. @type {readonly ['similarity', 'batch_similarity', 'insertion']} */
export const QUERY_TYPES = Object.freeze(['similarity', 'batch_similarity', 'insertion'])

/** Layers that an index has at most: their numbers are the label `layer`. */
export const LAYERS = 4

/** In the order of their numbers: the least cost of an access first. @type {readonly ['hot', 'warm', 'cold']} */
export const TIERS = Object.freeze(['hot', 'warm', 'cold'])

/**
 * What `corrupt()` breaks, in the order of the numbers in native/hnsw.h: an edge to no node, one to its own node, a node
 * with too many edges, an edge to a node that is not in the layer, the entry point, the edges to a twentieth of the nodes, a
 * vector; and of the newest warm segment the encoded edges of a node.
 * @type {readonly ['range', 'self_loop', 'degree', 'layer', 'entry', 'reach', 'vector', 'segment']}
 */
export const FAULTS = Object.freeze(['range', 'self_loop', 'degree', 'layer', 'entry', 'reach', 'vector', 'segment'])
