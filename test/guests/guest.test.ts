// The guests of scripts/guest.sh: what a script does in one comes back, and one that does not report is a failure.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary.js'

const GUEST = fileURLToPath(new URL('../../scripts/guest.sh', import.meta.url))

function runGuest(arch: string, script: string, qemu: string[] = [], env: Record<string, string> = {}) {
  const payload = temporaryFolder()
  const results = temporaryFolder()
  writeFileSync(join(payload, 'run.sh'), script)
  const { status, stdout, stderr } = spawnSync(GUEST, [arch, payload, results, '--', ...qemu], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { status, stdout, stderr, result: (name: string) => readFileSync(join(results, name), 'utf8') }
}

describe.each(['amd64', 'arm64'])('an %s guest', (arch) => {
  test('has 4 CPUs in 2 nodes; the output, the files and the exit code of its script come back', () => {
    const guest = runGuest(
      arch,
      `cat /sys/devices/system/node/online /sys/devices/system/cpu/online
       cat /sys/devices/system/node/node1/cpulist >/tmp/results/cpus
       exit 3`,
    )
    expect(guest.stdout).toBe('0-1\n0-3\n')
    expect(guest.result('cpus')).toBe('2-3\n')
    expect(guest.status).toBe(3)
  })
})

test('its shape can be given', () => {
  const { stdout, status } = runGuest('amd64', 'cat /sys/devices/system/cpu/online', ['-smp', '3', '-m', '512'])
  expect({ stdout, status }).toEqual({ stdout: '0-2\n', status: 0 })
})

describe('a guest that does not report is a failure, shown with the end of its console', () => {
  test('as it ended', () => {
    // The words pass through a pipe and a serial line, which a power-off at once would overtake.
    const { status, stderr } = runGuest('amd64', 'echo last words; sleep 3; poweroff -f')
    expect(stderr).toContain('last words')
    expect(stderr).toContain('the guest ended without a report')
    expect(status).not.toBe(0)
  })

  test('as it came to no end', () => {
    const begin = performance.now()
    runGuest('amd64', 'exit 0')
    // A busy machine is given the more time to come to the words.
    const seconds = 5 + 3 * Math.ceil((performance.now() - begin) / 1000)
    const { status, stderr } = runGuest('amd64', 'echo last words; sleep 1000', [], { GUEST_SECONDS: `${seconds}` })
    expect(stderr).toContain('last words')
    expect(stderr).toContain(`the guest was stopped after ${seconds} s`)
    expect(status).not.toBe(0)
  })
})
