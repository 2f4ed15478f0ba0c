// Builds the live page into dist/live, or another folder: node page/build.mjs [FOLDER]
// One script and one style sheet, without requests to anywhere else. uPlot's licence goes with its code.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const outdir = process.argv[2] ?? join(ROOT, 'dist', 'live')
const licence = readFileSync(join(ROOT, 'node_modules/uplot/LICENSE'), 'utf8')
const notice = `/*! Contains uPlot, https://github.com/leeoniya/uPlot\n\n${licence.trim()}\n*/`

mkdirSync(outdir, { recursive: true })
await build({
  absWorkingDir: ROOT,
  entryPoints: { live: 'page/src/main.ts' },
  outdir,
  bundle: true,
  format: 'iife',
  target: 'es2022',
  minify: true,
  banner: { js: notice },
  logLevel: 'warning',
})
await build({
  absWorkingDir: ROOT,
  entryPoints: { live: 'page/live.css' },
  outdir,
  bundle: true,
  minify: true,
  banner: { css: notice },
  logLevel: 'warning',
})
copyFileSync(join(ROOT, 'page/index.html'), join(outdir, 'index.html'))
