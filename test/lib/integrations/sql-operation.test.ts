// The operation of a SQL text: its first keyword, past comments and common table expressions, and nothing of its text.

import { sqlstateClass } from 'nanotally/catalogs/postgres'
import { expect, test } from 'vitest'
import { commandClass, isBlocking } from '../../../dist/integrations/internal/redis-commands.js'
import { operationOf, operationOfQuery } from '../../../dist/integrations/internal/sql-operation.js'

test.each([
  ['SELECT 1', 'SELECT'],
  ['select 1', 'SELECT'],
  ['  \n\t sElEcT 1', 'SELECT'],
  ['(SELECT 1) UNION (SELECT 2)', 'SELECT'],
  [';; SELECT 1', 'SELECT'],
  ['-- INSERT\nUPDATE t SET x = 1', 'UPDATE'],
  ['/* INSERT */ DELETE FROM t', 'DELETE'],
  ['/* a /* nested */ INSERT */ -- x\n /**/ MERGE INTO t', 'MERGE'],
  ['BEGIN; INSERT INTO t VALUES (1)', 'BEGIN'],
  ['START TRANSACTION', 'BEGIN'],
  ['end', 'COMMIT'],
  ['ABORT', 'ROLLBACK'],
  ['VALUES (1)', 'VALUES'],
  ['WITH a AS (SELECT 1) SELECT * FROM a', 'SELECT'],
  ['WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) INSERT INTO t SELECT n FROM a', 'INSERT'],
  ['with a as materialized (delete from t returning *), "select" as (select 1) update t set x = 1', 'UPDATE'],
  ["WITH a AS (SELECT ')' AS x, E'\\')' AS y, $$ ) $$, $tag$ ) $tag$ /* ) */ -- )\n) DELETE FROM t", 'DELETE'],
  ["WITH a AS (SELECT 'it''s)') TABLE a", 'TABLE'],
  ['WITH a AS (SELECT 1', 'OTHER'],
  ['WITH', 'OTHER'],
  ['SELEC 1', 'OTHER'],
  ['SELECTED', 'OTHER'],
  ['secret text', 'OTHER'],
  ['constructor', 'OTHER'],
  ['', 'OTHER'],
  ['/* not closed', 'OTHER'],
  ['--', 'OTHER'],
  ['42', 'OTHER'],
])('%j is %s', (text, operation) => {
  expect(operationOf(text)).toBe(operation)
})

test('what a client is given as its query', () => {
  expect(operationOfQuery('COPY t FROM STDIN')).toBe('COPY')
  expect(operationOfQuery({ text: 'SELECT 1', name: 'x' })).toBe('SELECT')
  expect(operationOfQuery({ name: 'x' })).toBe('EXECUTE')
  expect(operationOfQuery({ cursor: { text: 'SELECT 1' } })).toBe('SELECT')
  expect(operationOfQuery({ text: 1 })).toBe('OTHER')
  expect(operationOfQuery(1)).toBe('OTHER')
})

test('long texts and hostile ones take no long time', () => {
  const started = process.cpuUsage()
  for (const text of [
    `WITH a AS (${'('.repeat(1e6)}`,
    `WITH a AS (SELECT '${'x'.repeat(1e6)}') SELECT 1`,
    `WITH a AS (SELECT '${"''".repeat(5e5)}`,
    `/*${'/*'.repeat(5e5)}`,
    `${' '.repeat(1e6)}SELECT`,
    `${'--\n'.repeat(3e5)}SELECT`,
    `WITH ${'$a'.repeat(1e5)}`,
  ]) {
    operationOf(text)
  }
  expect(process.cpuUsage(started).user).toBeLessThan(20_000_000)
})

test.each([
  ['23505', '23'],
  ['57P01', '57'],
  ['XX000', 'XX'],
  ['EPIPE', 'none'],
  ['ECONNREFUSED', 'none'],
  [undefined, 'none'],
  [23505, 'none'],
])('the class of SQLSTATE %j is %s', (sqlstate, expected) => {
  expect(sqlstateClass(sqlstate)).toBe(expected)
})

test('groups of commands of Redis, and which of them wait', () => {
  const names = ['get', 'HSET', 'zadd', 'xread', 'blpop', 'evalsha', 'subscribe', 'info', 'json.get', 'constructor']
  expect(names.map(commandClass)).toEqual([
    ...['string', 'hash', 'sorted_set', 'stream', 'list', 'scripting', 'pubsub', 'server', 'other', 'other'],
  ])
  expect(isBlocking('BLPOP', ['a', 0])).toBe(true)
  expect(isBlocking('lpop', ['a'])).toBe(false)
  expect(isBlocking('xread', ['COUNT', 1, 'block', 10, 'STREAMS', 'a', '$'])).toBe(true)
  expect(isBlocking('xread', ['STREAMS', 'a', '$'])).toBe(false)
})
