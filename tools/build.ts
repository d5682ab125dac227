/**
 * Builds what is published of the command: `packages/cli/dist/strongroom.js`, what it loads, and the manual pages
 * under `dist/man`.
 *
 * Run: node -C source tools/build.ts [FOLDER]   FOLDER instead of packages/cli/dist
 *
 * Four files, so that the start of `strongroom seal` stays close to that of a bare Node: a first one that turns on
 * the cache of compiled code, the command, prompts, which are loaded when somebody is asked, and the engine's worker.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { manPages } from './man-pages.ts'

const PACKAGES = fileURLToPath(new URL('../packages/', import.meta.url))
const DIST = process.argv[2] ?? `${PACKAGES}cli/dist`
/** Where it is built: what lies in DIST goes on working until all is there. */
const UNFINISHED = `${DIST}-${process.pid}`

const FILES = {
  strongroom: `${PACKAGES}cli/src/main.ts`,
  'command-line': `${PACKAGES}cli/src/command-line.ts`,
  prompts: '@clack/prompts',
  // The engine looks for it beside the file that it is in.
  'payload-worker': `${PACKAGES}core/src/seal/payload-worker.ts`,
} as const

/** What is imported by one of the files and stands in another of them. */
const ELSEWHERE: Plugin = {
  name: 'elsewhere',
  setup: (bundler) => {
    const file = (path: string) => ({ path, external: true })
    bundler.onResolve({ filter: /^\.\/command-line\.ts$/ }, () => file('./command-line.js'))
    bundler.onResolve({ filter: /^@clack\/prompts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? file('./prompts.js') : undefined,
    )
  },
}

/** commander can start commands that are programs of their own; ours are not, and loading what it takes costs time. */
const NO_CHILD_PROCESSES: Plugin = {
  name: 'no child processes',
  setup: (bundler) => {
    bundler.onResolve({ filter: /^node:child_process$/ }, ({ path }) => ({ path, namespace: 'none' }))
    bundler.onLoad({ filter: /^/, namespace: 'none' }, () => ({ contents: 'export default {}' }))
  },
}

await rm(UNFINISHED, { recursive: true, force: true })
await mkdir(`${UNFINISHED}/man`, { recursive: true })
for (const [name, source] of Object.entries(FILES)) await bundle(name, source)
const { version } = JSON.parse(await readFile(`${PACKAGES}cli/package.json`, 'utf8')) as { version: string }
for (const { name, text } of await manPages(version)) await writeFile(`${UNFINISHED}/man/${name}`, text)
await rm(DIST, { recursive: true, force: true })
await rename(UNFINISHED, DIST)

async function bundle(name: string, source: string): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: { [name]: source },
    outdir: UNFINISHED,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    conditions: ['source'],
    // The keyring has a binary for each platform, and the command works without it.
    external: ['@napi-rs/keyring'],
    plugins: [ELSEWHERE, NO_CHILD_PROCESSES],
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'linked',
    logLevel: 'warning',
    write: false,
  })
  for (const { path, text } of outputFiles) {
    await writeFile(`${UNFINISHED}/${basename(path)}`, path.endsWith('.js') ? askForNodeModules(text) : text)
  }
}

/**
 * Node's own modules are asked for by name instead of imported: an import of `node:fs`, `node:util` or `node:process` reads
 * every property of the module first, and with some of them loads what nobody asked for.
 */
function askForNodeModules(text: string): string {
  const imports =
    /\bimport\s*(?:([\w$]+)\s*,?\s*)?(?:\{([^}]*)\}|\*\s*as\s+([\w$]+))?\s*from\s*"(node:[\w/]+)";/g
  return text.replace(imports, (_, byDefault?: string, names?: string, all?: string, module?: string) => {
    const found = `process.getBuiltinModule(${JSON.stringify(module)})`
    const whole = [byDefault, all]
      .filter((name) => name !== undefined)
      .map((name) => `const ${name}=${found};`)
    const named = names === undefined ? '' : `const{${names.replace(/\s+as\s+/g, ':')}}=${found};`
    return whole.join('') + named
  })
}
