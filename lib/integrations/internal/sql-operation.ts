// The operation of a SQL text: the keyword that says what its first statement does, one of a fixed list. Nothing else of the
// text is kept.

const OPERATIONS: ReadonlySet<string> = new Set(
  `SELECT INSERT UPDATE DELETE MERGE VALUES TABLE COPY BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE PREPARE EXECUTE DEALLOCATE
  DECLARE FETCH MOVE CLOSE SET RESET SHOW LISTEN UNLISTEN NOTIFY LOCK CALL DO EXPLAIN ANALYZE VACUUM CREATE ALTER DROP TRUNCATE
  GRANT REVOKE COMMENT REINDEX REFRESH CLUSTER CHECKPOINT DISCARD REASSIGN IMPORT SECURITY LOAD`.split(/\s+/),
)
const SYNONYMS: Readonly<Record<string, string>> = {
  START: 'BEGIN',
  END: 'COMMIT',
  ABORT: 'ROLLBACK',
  ANALYSE: 'ANALYZE',
}
/** What a WITH may introduce. */
const AFTER_WITH: ReadonlySet<string> = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'VALUES', 'TABLE'])

/** Of texts that begin with no keyword of the list, and of what is no text. */
export const OTHER_OPERATION = 'OTHER'
/** Of a statement that was prepared before and is called by its name. */
const BY_NAME = 'EXECUTE'

/** Blanks, comments, and parentheses and semicolons that come before the keyword. Comments nest: see `skipComment`. */
const BLANK = /[\s(;]+/y
const LINE_COMMENT = /--[^\n]*/y
const WORD = /[a-z_][\w$]*/iy
/** What must not be taken for words or parentheses: strings, quoted names, dollar-quoted strings. */
const QUOTED = /[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([a-z_]\w*)?\$[\s\S]*?\$\1\$/iy
const MAX_SCANNED = 20_000

function eat(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** The end of a comment that begins there, else where it is. */
function skipComment(text: string, at: number): number {
  if (text.startsWith('--', at)) return eat(LINE_COMMENT, text, at)
  if (!text.startsWith('/*', at)) return at
  let depth = 1
  let end = at + 2
  while (depth > 0 && end < text.length) {
    if (text.startsWith('/*', end)) depth++
    else if (text.startsWith('*/', end)) depth--
    else {
      end++
      continue
    }
    end += 2
  }
  return end
}

function wordAt(text: string, at: number): string {
  return text.slice(at, eat(WORD, text, at)).toUpperCase()
}

/** `WITH name AS (...), ... UPDATE`: the first keyword outside of parentheses. */
function afterWith(text: string, from: number): string {
  let depth = 0
  for (let at = from; at < text.length && at < from + MAX_SCANNED; ) {
    const skipped = eat(QUOTED, text, skipComment(text, at))
    if (skipped > at) {
      at = skipped
      continue
    }
    const word = wordAt(text, at)
    if (word !== '') {
      if (depth === 0 && AFTER_WITH.has(word)) return word
      at += word.length
      continue
    }
    if (text[at] === '(') depth++
    else if (text[at] === ')') depth--
    at++
  }
  return OTHER_OPERATION
}

/** Such as `SELECT`. A statement with common table expressions is what follows them; of several statements, the first. */
export function operationOf(text: string): string {
  let at = 0
  for (;;) {
    const next = skipComment(text, eat(BLANK, text, at))
    if (next === at) break
    at = next
  }
  const word = wordAt(text, at)
  if (word === 'WITH') return afterWith(text, at + word.length)
  const operation = Object.hasOwn(SYNONYMS, word) ? (SYNONYMS[word] as string) : word
  return OPERATIONS.has(operation) ? operation : OTHER_OPERATION
}

/** Texts whose operation is kept: programs have a few that they use again, and some make new ones without end. */
const MAX_KEPT = 500
const MAX_KEPT_LENGTH = 2000
const kept = new Map<string, string>()

/** Of what a client of pg is given as its query. */
export function operationOfQuery(query: unknown): string {
  if (typeof query === 'string') return lookUp(query)
  if (typeof query !== 'object' || query === null) return OTHER_OPERATION
  const { text, name, cursor } = query as { text?: unknown; name?: unknown; cursor?: { text?: unknown } }
  if (typeof text === 'string') return lookUp(text)
  // pg-query-stream holds a cursor.
  if (typeof cursor?.text === 'string') return lookUp(cursor.text)
  return typeof name === 'string' ? BY_NAME : OTHER_OPERATION
}

function lookUp(text: string): string {
  const found = kept.get(text)
  if (found !== undefined) return found
  const operation = operationOf(text)
  if (kept.size < MAX_KEPT && text.length <= MAX_KEPT_LENGTH) kept.set(text, operation)
  return operation
}
