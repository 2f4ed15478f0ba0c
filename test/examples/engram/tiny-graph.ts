// Hand-made graphs: `tinyGraph({ a: ['hypernym b'], b: [] })` has the synsets a and b, each with its own name as its word.
import { buildGraph, type Graph } from '../../../examples/engram/wordnet/graph.mjs'
import { relationIndex } from '../../../examples/engram/wordnet/vocabulary.mjs'

export interface TinyGraph {
  graph: Graph
  /** The number of a synset by its name. */
  at: Record<string, number>
}

/** Synsets are numbered in the order of the object's keys. `senses` adds lemmas that mean several synsets. */
export function tinyGraph(edges: Record<string, string[]>, senses: Record<string, string[]> = {}): TinyGraph {
  const names = Object.keys(edges)
  const at = Object.fromEntries(names.map((name, index) => [name, index]))
  const synsets = names.map((name) => ({
    partOfSpeech: 0,
    context: 3,
    words: [name],
    edges: edges[name].map((edge) => {
      const [relation, to] = edge.split(' ')
      return { relation: relationIndex(relation), to: at[to] }
    }),
  }))
  const lemmas = new Map(names.map((name, index) => [name, [index]]))
  for (const [lemma, synsetNames] of Object.entries(senses)) {
    lemmas.set(
      lemma,
      synsetNames.map((name) => at[name]),
    )
  }
  return { graph: buildGraph({ synsets, senses: lemmas }), at }
}
