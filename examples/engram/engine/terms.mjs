// The closed lists of the engine itself, beside those of WordNet's vocabulary: label values, and what numbers stand for.
import { CONTEXTS, PARTS_OF_SPEECH } from '../wordnet/vocabulary.mjs'

/** Memories are kept apart by the part of speech of their context. */
export const MEMORY_SPACES = PARTS_OF_SPEECH

/** Index into {@link MEMORY_SPACES}. [context] */
export const SPACE_OF_CONTEXT = Object.freeze(
  CONTEXTS.map((context) => MEMORY_SPACES.indexOf(context.slice(0, context.indexOf('.')))),
)

/** The states of back-pressure, in ascending order. */
export const LEVELS = Object.freeze(['normal', 'warning', 'critical', 'overloaded'])
export const NORMAL = 0
export const WARNING = 1
export const CRITICAL = 2
export const OVERLOADED = 3
/** Those that back-pressure can go up to: a level's index less one. */
export const RAISED_LEVELS = Object.freeze(LEVELS.slice(WARNING))

/** Why a request was turned away: it makes no sense, its ring was full, its load was shed, the index refused it twice. */
export const REASONS = Object.freeze(['invalid', 'queue_full', 'overloaded', 'index_error'])
export const INVALID = 0
export const QUEUE_FULL = 1
export const SHED = 2
export const INDEX_ERROR = 3
/** Recalls are turned away by these only. */
export const RECALL_REASONS = Object.freeze(REASONS.slice(INVALID, QUEUE_FULL + 1))

/** How an index may refuse a batch. What it throws or returns besides is an `exception`. */
export const BATCH_ERRORS = Object.freeze(['index_corrupt', 'index_full', 'exception'])
export const EXCEPTION = 2
