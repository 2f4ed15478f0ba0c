// check-layers.mjs accepts a sound tree, and each kind of violation makes it fail with the file and the reason.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary.js'

const SCRIPT = fileURLToPath(new URL('../../scripts/check-layers.mjs', import.meta.url))

const SOUND: Record<string, string> = {
  'native/include/nanotally.h': '#include <stdint.h>\n',
  'native/core/cell.h': '// see "render/text.h"\n#include <atomic>\n',
  'native/core/page_source.h': '#include <cstddef>\n',
  'native/core/registry.cc': '#include "core/cell.h"\n/* #include <unistd.h>\n#include <sys/mman.h> */\n',
  'native/render/text.cc': '#include "core/cell.h"\n#include <charconv>\n',
  'native/os/page_source_linux.cc': '#include "core/page_source.h"\n#include <sys/mman.h>\n',
  'native/binding/addon.cc': '#include <napi.h>\n#include "core/cell.h"\n',
  'native/test/registry_test.cc': '#include "core/cell.h"\n#include <gtest/gtest.h>\n#include <unistd.h>\n',
  'lib/errors.ts': "// import x from './registry.js'\nexport class NanotallyError extends Error {}\n",
  'lib/native-loader.ts': "import { NanotallyError } from './errors.js'\nrequire(path)\n",
  'lib/native.ts': "import { loadAddon } from './native-loader.js'\nimport { NanotallyError } from './errors.js'\n",
  'lib/registry.ts': "import type { Addon } from './native.js'\n/**\n * import { counter } from 'nanotally'\n */\n",
  'lib/instruments/counter.ts': "import {\n  Registry,\n} from '../registry.js'\nconst quotes = /['\"`]/\n",
  'lib/exporter/server.ts': "import { Counter } from '../instruments/counter.js'\nimport http from 'node:http'\n",
  'lib/catalogs/http/index.ts': "import { counter } from '../../index.js'\n",
  'lib/integrations/redis.ts': "import { counter } from 'nanotally'\nimport redis from 'redis'\n",
  'lib/cli/main.ts': "import { startExporter } from '../index.js'\nconst { version } = require('../../package.json')\n",
  'lib/index.ts': "export { Counter } from './instruments/counter.js'\nexport type { Registry } from './registry.js'\n",
  'lib/index.mts': "// The ESM entry.\nexport * from './index.js'\n",
}

function check(files: Record<string, string>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, '--root', temporaryFolder(files)], {
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test('a sound tree passes, and the script says how much it checked', () => {
  const { status, stdout, stderr } = check(SOUND)
  expect(stderr).toBe('')
  expect(stdout).toBe('check-layers: native 8 files, 5 edges; lib 11 files, 12 edges; 0 violations\n')
  expect(status).toBe(0)
})

const native: [what: string, file: string, text: string, message: string][] = [
  ['core includes os', 'core/a.cc', '#include "os/b.h"', 'core may not include os ("os/b.h")'],
  ['core includes render', 'core/a.cc', '#include "render/b.h"', 'core may not include render ("render/b.h")'],
  ['core includes an OS header', 'core/a.cc', '#include <unistd.h>', 'core may not include the os header <unistd.h>'],
  ['core includes a Linux header', 'core/a.cc', '  # include <linux/futex.h>', 'the os header <linux/futex.h>'],
  ['core includes a Node header', 'core/a.h', '#include <node_api.h>', 'core may not include the node header'],
  [
    'core includes a quoted Node header',
    'core/a.h',
    '#include "napi.h"',
    'core may not include the node header <napi.h>',
  ],
  ['render includes os', 'render/a.cc', '#include "os/b.h"', 'render may not include os ("os/b.h")'],
  ['os includes more of core', 'os/a.cc', '#include "core/cell.h"', 'os may not include core ("core/cell.h")'],
  ['os includes a Node header', 'os/a.cc', '#include <uv.h>', 'os may not include the node header <uv.h>'],
  ['record includes render', 'record/a.cc', '#include "render/b.h"', 'record may not include render ("render/b.h")'],
  ['a test includes napi.h', 'test/a_test.cc', '#include <napi.h>', 'test may not include the node header <napi.h>'],
  ['a fuzzer includes the binding', 'fuzz/a.cc', '#include "binding/b.h"', 'fuzz may not include binding'],
  ['a path relative to the file', 'core/a.cc', '#include "cell.h"', '"cell.h", which is no file relative to native/'],
  ['a computed include', 'core/a.cc', '#include HEADER', '#include HEADER is not a plain path'],
  ['a file in no layer', 'elsewhere/a.cc', '', 'is in no layer'],
  ['a file that includes itself', 'core/a.h', '#include "core/a.h"', 'cycle: core/a.h -> core/a.h'],
]
const lib: typeof native = [
  [
    'native imports the registry',
    'native.ts',
    "import './registry.js'",
    "native may not import registry ('./registry.js')",
  ],
  [
    'the registry imports instruments',
    'registry.ts',
    "export * from './instruments/counter.js'",
    'registry may not import',
  ],
  [
    'instruments import the rest',
    'instruments/a.ts',
    "import x from '../exporter/server.js'",
    'instruments may not import rest',
  ],
  [
    'a helper imports the registry',
    'labels.ts',
    "import type { X } from './registry.js'",
    'leaf may not import registry',
  ],
  ['a dynamic import', 'instruments/a.ts', "await import('../exporter/server.js')", 'instruments may not import rest'],
  ['a require', 'instruments/a.ts', "const x = require('../exporter/server.js')", 'instruments may not import rest'],
  ['an import type', 'instruments/a.ts', "let x: import('../exporter/server.js').X", 'instruments may not import rest'],
  ['a computed import', 'exporter/a.ts', 'await import(path)', 'imports by a computed path'],
  [
    'a catalog imports inside',
    'catalogs/a.ts',
    "import { x } from '../instruments/counter.js'",
    'catalogs may not import',
  ],
  [
    'an integration imports inside',
    'integrations/a.ts',
    "import { x } from '../registry.js'",
    'integrations may not import',
  ],
  ['the rest imports the index', 'exporter/a.ts', "import { x } from '../index.js'", 'rest may not import index'],
  [
    'the rest imports the package',
    'exporter/a.ts',
    "import { x } from 'nanotally'",
    "rest may not import index ('nanotally')",
  ],
  [
    'the rest imports an integration',
    'exporter/a.ts',
    "import '../integrations/redis.js'",
    'rest may not import integrations',
  ],
  ['a second loader', 'exporter/a.ts', "import x from '../native-loader.js'", 'rest may not import loader'],
  ['a missing file', 'exporter/a.ts', "import { x } from './gone.js'", "imports './gone.js', which is no file of lib/"],
  [
    'an index that defines',
    'index.ts',
    "export * from './registry.js'\nexport const x = 1",
    'lib/index.ts:2: an index file only',
  ],
  [
    'an index.mts that defines',
    'index.mts',
    "export * from './index.js'\nfunction f() {}",
    'lib/index.mts:2: an index file',
  ],
]

describe('native', () => {
  test.each(native)('%s', (_, file, text, message) => {
    const { status, stderr } = check({
      ...SOUND,
      'native/os/b.h': '',
      'native/render/b.h': '',
      'native/binding/b.h': '',
      [`native/${file}`]: `${text}\n`,
    })
    expect(stderr).toContain(message)
    expect(stderr).toContain(`native/${file}:1: `)
    expect(status).toBe(1)
  })
})

describe('lib', () => {
  test.each(lib)('%s', (_, file, text, message) => {
    const { status, stderr } = check({ ...SOUND, [`lib/${file}`]: `${text}\n` })
    expect(stderr).toContain(message)
    expect(stderr).toContain(`lib/${file}:`)
    expect(status).toBe(1)
  })
})

test('a cycle inside one layer is found', () => {
  const { status, stderr } = check({
    ...SOUND,
    'native/core/a.h': '#include "core/b.h"\n',
    'native/core/b.h': '#include "core/a.h"\n',
    'lib/exporter/a.ts': "import './b.js'\n",
    'lib/exporter/b.ts': "import './c.js'\n",
    'lib/exporter/c.ts': "import type { A } from './a.js'\n",
  })
  expect(stderr).toContain('cycle: core/a.h -> core/b.h -> core/a.h')
  expect(stderr).toContain('cycle: exporter/a.ts -> exporter/b.ts -> exporter/c.ts -> exporter/a.ts')
  expect(status).toBe(1)
})

test.each(['native', 'lib'])('an empty %s/ fails: nothing was checked', (folder) => {
  const { status, stderr } = check(
    Object.fromEntries(Object.entries(SOUND).filter(([path]) => !path.startsWith(folder))),
  )
  expect(stderr).toContain(`${folder}/: 0 files and 0 edges: nothing was checked`)
  expect(status).toBe(1)
})

test('files without a single edge fail', () => {
  const { status, stderr } = check({ 'native/core/a.cc': '#include <atomic>\n', 'lib/errors.ts': '' })
  expect(stderr).toContain('native/: 1 files and 0 edges')
  expect(status).toBe(1)
})
