// tools.sh says in one line what is missing and how to install it, and uses what lies in its cache.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary.js'

const SCRIPT = fileURLToPath(new URL('../../scripts/tools.sh', import.meta.url))
const HIDDEN =
  /^(prometheus|promtool|prometheus-.*|amtool|chromium|pngquant|spin|apt-get|cpio|qemu-.*|aarch64-linux-gnu-.*)$/

/** Runs tools.sh with a PATH that lacks the tools and the means to fetch them, but for the commands in `stubs`. */
function run(home: string, names: string[], stubs: string[] = []) {
  const bin = temporaryFolder(Object.fromEntries(stubs.map((command) => [command, '#!/bin/sh\n'])))
  for (const command of stubs) chmodSync(join(bin, command), 0o755)
  for (const folder of ['/usr/bin', '/bin']) {
    for (const command of readdirSync(folder)) {
      if (!HIDDEN.test(command) && !existsSync(join(bin, command))) {
        symlinkSync(join(folder, command), join(bin, command))
      }
    }
  }
  return spawnSync('/bin/bash', [SCRIPT, ...names], { encoding: 'utf8', env: { HOME: home, PATH: bin } })
}

test.each([
  ['promtool', 'tools: promtool is missing; install it with: sudo apt-get install prometheus'],
  ['alertmanager', 'tools: alertmanager is missing; install it with: sudo apt-get install prometheus-alertmanager'],
  ['amtool', 'tools: amtool is missing; install it with: sudo apt-get install prometheus-alertmanager'],
  [
    'openmetrics-parser',
    'tools: openmetrics-parser is missing; install it with: sudo apt-get install python3-prometheus-client',
  ],
  [
    'prometheus-3',
    'tools: prometheus-3 is missing, and comes from Debian packages of forky: run this on Debian, with apt-get',
  ],
  [
    'promtool-3',
    'tools: promtool-3 is missing, and comes from Debian packages of forky: run this on Debian, with apt-get',
  ],
  ...['alertmanager', 'amtool'].map((of): [string, string] => [
    `newer-${of}`,
    'tools: newer-alertmanager is missing, and comes from Debian packages of forky: run this on Debian, with apt-get',
  ]),
  ...['node', 'postgres', 'redis'].map((of): [string, string] => [
    `prometheus-${of}-exporter`,
    `tools: prometheus-${of}-exporter is missing; install it with: sudo apt-get install prometheus-${of}-exporter`,
  ]),
  [
    'bullseye-root-arm64',
    'tools: bullseye-root-arm64 is missing, and comes from Debian packages of bullseye: run this on Debian, with apt-get',
  ],
  [
    'machine-recordings',
    'tools: machine-recordings is missing, and comes from Debian packages of bookworm: run this on Debian, with apt-get',
  ],
  ['qemu-aarch64', 'tools: qemu-aarch64 is missing; install it with: sudo apt-get install qemu-user-static'],
  ['spin', 'tools: spin is missing; install it with: sudo apt-get install spin'],
  ['chromium', 'set-up: chromium is missing; install it with: sudo apt-get install chromium'],
  ['pngquant', 'set-up: pngquant is missing; install it with: sudo apt-get install pngquant'],
  ['aarch64', 'set-up: aarch64-linux-gnu-g++ is missing; install it with: sudo apt-get install g++-aarch64-linux-gnu'],
  ['guest-arm64', 'set-up: qemu-system-aarch64 is missing; install it with: sudo apt-get install qemu-system-arm'],
  ['guest-amd64', 'set-up: qemu-system-x86_64 is missing; install it with: sudo apt-get install qemu-system-x86'],
])('what cannot be had ends with one line and exit code 1: %s', (name, line) => {
  const { status, stdout, stderr } = run(temporaryFolder(), [name])
  expect(stderr).toBe(`${line}\n`)
  expect(stdout).toBe('')
  expect(status).toBe(1)
})

test("a guest's packages cannot be had without apt-get", () => {
  const { status, stdout, stderr } = run(temporaryFolder(), ['guest-arm64'], ['qemu-system-aarch64', 'cpio'])
  expect(stderr).toBe(
    'tools: guest-arm64 is missing, and is made from Debian packages: run this on Debian, with apt-get\n',
  )
  expect(stdout).toBe('')
  expect(status).toBe(1)
})

test('a package of another suite cannot be fetched where apt knows no mirror of Debian', () => {
  const { status, stdout, stderr } = run(temporaryFolder(), ['prometheus-3'], ['apt-get', 'dpkg', 'id'])
  expect(stderr).toBe(
    'tools: prometheus-3 is missing: apt-get could not fetch prometheus of forky; with a network to ' +
      "Debian's archive, run: sudo apt-get update && scripts/tools.sh prometheus-3\n",
  )
  expect(stdout).toBe('')
  expect(status).toBe(1)
})

test.each([
  ['promtool', 'prometheus/usr/bin/promtool', []],
  ['alertmanager', 'prometheus-alertmanager/usr/bin/prometheus-alertmanager', []],
  ['amtool', 'prometheus-alertmanager/usr/bin/amtool', []],
  ['prometheus-3', 'prometheus-3/usr/bin/prometheus', []],
  ['newer-alertmanager', 'newer-alertmanager/usr/bin/prometheus-alertmanager', []],
  ['newer-amtool', 'newer-alertmanager/usr/bin/amtool', []],
  ['bullseye-root-arm64', 'bullseye-root-arm64', []],
  ['qemu-aarch64', 'qemu-user-static/usr/bin/qemu-aarch64-static', []],
  ['spin', 'spin/usr/bin/spin', []],
  ['machine-recordings', 'machine-recordings', []],
  ['guest-amd64', 'guest-amd64', ['qemu-system-x86_64', 'cpio']],
])('what the cache holds is used: %s', (name, path, stubs) => {
  const cached = `.cache/nanotally/tools/${path}`
  const home = temporaryFolder({ [cached]: '' })
  const { status, stdout, stderr } = run(home, [name], stubs)
  expect(stderr).toBe('')
  expect(stdout).toBe(`${join(home, cached)}\n`)
  expect(status).toBe(0)
})

test('an unknown name is refused, and so is none', () => {
  expect(run(temporaryFolder(), ['nothing'])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("called 'nothing'"),
  })
  expect(run(temporaryFolder(), [])).toMatchObject({ status: 1, stderr: 'tools: usage: scripts/tools.sh NAME...\n' })
})
