// deploy/make-secrets.sh: the files that compose.yaml names, random, never overwritten.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { DEPLOY, deployText } from '../support/deploy.js'
import { temporaryFolder } from '../support/temporary.js'

const make = (folder: string, env: Record<string, string> = {}) =>
  execFileSync(join(DEPLOY, 'make-secrets.sh'), [folder], { env: { PATH: process.env.PATH, ...env }, encoding: 'utf8' })

function contents(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

test('makes what compose.yaml names, each different, in a folder that others cannot enter', () => {
  const { secrets } = parse(deployText('compose.yaml'), { merge: true }) as {
    secrets: Record<string, { file: string }>
  }
  const folder = join(temporaryFolder(), 'secrets')
  make(folder, { PAGERDUTY_ROUTING_KEY: 'a-key' })
  const made = contents(folder)
  expect(Object.keys(made).sort()).toEqual(
    Object.values(secrets)
      .map(({ file }) => basename(file))
      .sort(),
  )
  const { 'pagerduty-routing-key': key, ...random } = made
  expect(key).toBe('a-key')
  for (const text of Object.values(random)) expect(text).toMatch(/^[\w-]{43}$/)
  expect(new Set(Object.values(random)).size).toBe(5)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  for (const name of Object.keys(made)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o644)
})

test('leaves what is there, and makes what is missing', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'redis-password'), 'my own')
  expect(make(folder)).not.toContain('redis-password')
  const before = contents(folder)
  expect(before['redis-password']).toBe('my own')
  expect(make(folder)).toBe('')
  expect(contents(folder)).toEqual(before)
})
