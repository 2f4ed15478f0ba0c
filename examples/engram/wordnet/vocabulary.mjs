// The closed lists that the engine's parts share: parts of speech, relations, contexts, priorities, outcomes. A number
// in shared memory (an edge's relation, a job's priority, ...) is an index into one of these lists.

/** Parts of speech, in the order in which a lemma's senses are listed: the suffixes of WordNet's files. */
export const PARTS_OF_SPEECH = Object.freeze(['noun', 'verb', 'adj', 'adv'])

/** Index into {@link PARTS_OF_SPEECH} by WordNet's letter; `s` is an adjective satellite, kept with the adjectives. */
export const PART_OF_SPEECH_BY_LETTER = /** @type {Readonly<Record<string, number>>} */ (
  Object.freeze({ n: 0, v: 1, a: 2, s: 2, r: 3 })
)

/** Relation names by WordNet's pointer symbol, after wninput(5WN). `\` on an adverb is derived_from_adjective. */
const RELATION_BY_SYMBOL = /** @type {Readonly<Record<string, string>>} */ (
  Object.freeze({
    '!': 'antonym',
    '@': 'hypernym',
    '@i': 'instance_hypernym',
    '~': 'hyponym',
    '~i': 'instance_hyponym',
    '#m': 'member_holonym',
    '#s': 'substance_holonym',
    '#p': 'part_holonym',
    '%m': 'member_meronym',
    '%s': 'substance_meronym',
    '%p': 'part_meronym',
    '=': 'attribute',
    '+': 'derivation',
    ';c': 'topic_domain',
    '-c': 'topic_member',
    ';r': 'region_domain',
    '-r': 'region_member',
    ';u': 'usage_domain',
    '-u': 'usage_member',
    '*': 'entailment',
    '>': 'cause',
    '^': 'also_see',
    $: 'verb_group',
    '&': 'similar',
    '<': 'participle',
    '\\': 'pertainym',
  })
)

/** Every relation by name; an edge holds its index. */
export const RELATIONS = Object.freeze([...Object.values(RELATION_BY_SYMBOL), 'derived_from_adjective'])

const RELATION_INDEX = new Map(RELATIONS.map((name, index) => [name, index]))

/**
 * The index of a relation's name.
 * @param {string} name
 * @throws {RangeError} for a name that is not in {@link RELATIONS}
 */
export function relationIndex(name) {
  const index = RELATION_INDEX.get(name)
  if (index === undefined) throw new RangeError(`expected the name of a relation, received ${JSON.stringify(name)}`)
  return index
}

/**
 * The relation that a pointer symbol stands for in a synset of one part of speech, or undefined for an unknown symbol.
 * @param {string} symbol
 * @param {string} letter the part of speech of the synset that holds the pointer: n, v, a, s or r
 * @returns {number | undefined}
 */
export function relationOfSymbol(symbol, letter) {
  if (symbol === '\\' && letter === 'r') return RELATION_INDEX.get('derived_from_adjective')
  return RELATION_INDEX.get(RELATION_BY_SYMBOL[symbol])
}

/** WordNet's lexicographer files, after lexnames(5WN), in their numeric order. The engine uses them as contexts. */
export const CONTEXTS = Object.freeze(
  [
    'adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body noun.cognition',
    'noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive noun.object noun.person',
    'noun.phenomenon noun.plant noun.possession noun.process noun.quantity noun.relation noun.shape noun.state',
    'noun.substance noun.time verb.body verb.change verb.cognition verb.communication verb.competition',
    'verb.consumption verb.contact verb.creation verb.emotion verb.motion verb.perception verb.possession verb.social',
    'verb.stative verb.weather adj.ppl',
  ].flatMap((line) => line.split(' ')),
)

/** Job priorities, the most urgent first. */
export const PRIORITIES = Object.freeze(['high', 'normal', 'low'])

/** Kinds of job. */
export const KINDS = Object.freeze(['observe', 'recall'])
export const OBSERVE = 0
export const RECALL = 1

/** How a recall ended: an observation came back, none did, or no word of the cue is in WordNet. */
export const OUTCOMES = Object.freeze(['hit', 'miss', 'unknown'])
export const HIT = 0
export const MISS = 1
export const UNKNOWN = 2

/** Upper bounds of the hop histogram's buckets, inclusive. A recall whose activation went nowhere has 0 hops. */
export const HOP_BUCKETS = Object.freeze([0, 1, 2, 3, 4, 5, 6, 7, 8])
