/**
 * Builds what is published of the command: `packages/cli/dist/strongroom.js` with its chunks, the engine's
 * worker beside it, and the manual pages under `dist/man`.
 *
 * Prompts and rarely used commands are chunks of their own: they are read when they are needed, which keeps
 * the start of `strongroom seal` close to that of a bare Node.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build, type BuildOptions } from 'esbuild'
import { manPages } from './man-pages.ts'

const PACKAGES = fileURLToPath(new URL('../packages/', import.meta.url))
const DIST = `${PACKAGES}cli/dist`

const OPTIONS: BuildOptions = {
  outdir: DIST,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node26',
  conditions: ['source'],
  // The keyring has a binary for each platform, and the command works without it.
  external: ['@napi-rs/keyring'],
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'linked',
  logLevel: 'warning',
}

await rm(DIST, { recursive: true, force: true })
await build({
  ...OPTIONS,
  entryPoints: { strongroom: `${PACKAGES}cli/src/main.ts` },
  splitting: true,
  // Beside the entry: the engine looks for its worker beside the file that it is in.
  chunkNames: '[name]-[hash]',
  // Bundled CommonJS asks for modules of Node with `require`.
  banner: {
    js: "import{createRequire as createRequireForBundle}from'node:module';const require=createRequireForBundle(import.meta.url);",
  },
})
await build({
  ...OPTIONS,
  entryPoints: { 'payload-worker': `${PACKAGES}core/src/seal/payload-worker.ts` },
})
await writeManPages()

async function writeManPages(): Promise<void> {
  const { version } = JSON.parse(await readFile(`${PACKAGES}cli/package.json`, 'utf8')) as { version: string }
  await mkdir(`${DIST}/man`, { recursive: true })
  for (const { name, text } of await manPages(version)) await writeFile(`${DIST}/man/${name}`, text)
}
