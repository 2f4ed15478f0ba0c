// What is in the tarball: the files of contents.txt and no others, within the size that DESIGN allows.
import { readFileSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { packedFiles, tarball } from './tarball.js'

const LIST = new URL('contents.txt', import.meta.url)

test('the files of the package are those of test/package/contents.txt', () => {
  const listed = readFileSync(LIST, 'utf8').trim().split('\n')
  // After a look at the difference: tar -tzf build/package/*.tgz | sed 's,^package/,,' | LC_ALL=C sort > test/package/contents.txt
  expect(packedFiles()).toEqual(listed)
})

test('it is smaller than 3 MB', () => {
  const { size } = statSync(tarball())
  expect(size).toBeGreaterThan(500_000) // two binaries are in it
  expect(size).toBeLessThan(3_000_000)
})
