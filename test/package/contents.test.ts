// What is in the tarball: the files of contents.txt and no others, within the size that DESIGN allows.
import { readFileSync, statSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, test } from 'vitest'
import { packedFile, packedFiles, tarball } from './tarball.js'

const LIST = new URL('contents.txt', import.meta.url)

test('the files of the package are those of test/package/contents.txt', () => {
  const listed = readFileSync(LIST, 'utf8').trim().split('\n')
  // After a look at the difference: tar -tzf build/package/*.tgz | sed 's,^package/,,' | LC_ALL=C sort > test/package/contents.txt
  expect(packedFiles()).toEqual(listed)
})

test('the pictures that its documents show are in it', () => {
  const files = packedFiles()
  const shown = files
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) =>
      [...packedFile(path).matchAll(/!\[[^\]]*\]\((?!https?:)([^)\s]+)/g)].map(([, target]) =>
        posix.join(posix.dirname(path), target as string),
      ),
    )
  expect(shown.filter((path) => !files.includes(path))).toEqual([])
  expect(new Set(shown).size).toBeGreaterThanOrEqual(3)
})

test('it is smaller than 4 MB', () => {
  const { size } = statSync(tarball())
  expect(size).toBeGreaterThan(500_000) // two binaries are in it
  expect(size).toBeLessThan(4_000_000)
})
