/**
 * Builds what is published of the command: `packages/cli/dist/strongroom.js`, what it loads, and the manual pages
 * under `dist/man`.
 *
 * Run: node -C source tools/build.ts [FOLDER]   FOLDER instead of packages/cli/dist
 *
 * Several files, so that the start of `strongroom seal` stays close to that of a bare Node: a first one that turns on
 * the cache of compiled code, the command, those that are loaded when they are needed, which are prompts for asking
 * somebody, all that is about CryptoAPI, all that it takes to use an authority and to run one, and the threads of the engine and
 * of the authority's database.
 */
import { globSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type BuildOptions, type OutputFile, type Plugin } from 'esbuild'
import { manPages } from './man-pages.ts'

const PACKAGES = fileURLToPath(new URL('../packages/', import.meta.url))
const DIST = process.argv[2] ?? `${PACKAGES}cli/dist`
/** Where it is built: what lies in DIST goes on working until all is there. */
const UNFINISHED = `${DIST}-${process.pid}`

const COMMAND_LINE = `${PACKAGES}cli/src/command-line.ts`

/** Where a command that seals asks for what it takes to deposit. */
const DEPOSIT_DOOR = `${PACKAGES}cli/src/client/seal-deposit-options.ts`

/** Groups of commands that have a file each, by its name: their folder, and what else is loaded with them. */
const GROUPS = {
  client: {
    folder: `${PACKAGES}cli/src/commands/client/`,
    besides: ['../../client/seal-deposits.ts'],
  },
  cryptoapi: {
    folder: `${PACKAGES}cli/src/commands/cryptoapi/`,
    besides: ['@strongroom/core/container/crypto-api'],
  },
  authority: { folder: `${PACKAGES}cli/src/commands/authority/`, besides: [] },
  custodian: { folder: `${PACKAGES}cli/src/commands/custodian/`, besides: [] },
  recovery: { folder: `${PACKAGES}cli/src/commands/recovery/`, besides: [] },
} as const satisfies Record<string, { readonly folder: string; readonly besides: readonly string[] }>

/** Files that share nothing with another. */
const FILES = {
  strongroom: `${PACKAGES}cli/src/main.ts`,
  prompts: '@clack/prompts',
  // The engine looks for it beside the file that it is in.
  'payload-worker': `${PACKAGES}core/src/seal/payload-worker.ts`,
  // The same for the database of an authority.
  'database-thread': `${PACKAGES}authority/src/store/sqlite/database-thread.ts`,
} as const

/** What is imported by one of the files and stands in another of them. */
const ELSEWHERE: Plugin = {
  name: 'elsewhere',
  setup: (bundler) => {
    const later = (filter: RegExp, path: string, from = /./) =>
      bundler.onResolve({ filter }, ({ kind, importer }) =>
        kind === 'dynamic-import' && from.test(importer) ? { path, external: true } : undefined,
      )
    later(/^\.\/command-line\.ts$/, './command-line.js')
    later(/^@clack\/prompts$/, './prompts.js')
    for (const [name, { folder }] of Object.entries(GROUPS)) {
      later(/\.ts$/, `./${name}.js`, new RegExp(`${RegExp.escape(folder)}table\\.ts$`))
    }
    later(/^\.\/seal-deposits\.ts$/, './client.js')
    later(/^\.\/rsa-conversion\.ts$/, './cryptoapi.js', /core\/src\/container\//)
  },
}

/**
 * All other commands stay in the file of the command: what is asked for there is only run later. (Bundling in pieces
 * makes a file of every dynamic import, and opening files takes longer than reading a longer one.)
 */
const IN_PLACE: Plugin = {
  name: 'in place',
  setup: (bundler) => {
    bundler.onLoad({ filter: /cli\/src\/.*\.ts$/, namespace: 'file' }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      const imports = /\bimport\(('(?:\.|@strongroom\/)[^']*')\)/g
      const contents = text.replace(imports, 'Promise.resolve().then(() => require($1))')
      const apart =
        path === DEPOSIT_DOOR || Object.values(GROUPS).some(({ folder }) => path.startsWith(folder))
      return { contents: apart ? text : contents, loader: 'ts' }
    })
  },
}

/**
 * A group of commands, and what else is loaded with them. It imports the command, so that whatever both need lies in
 * the file of the command and is there once: a class that is there twice is two classes.
 */
const IN_GROUPS: Plugin = {
  name: 'groups of commands',
  setup: (bundler) => {
    for (const [group, { folder, besides }] of Object.entries(GROUPS)) {
      const commands = globSync('*.ts', { cwd: folder }).filter((name) => name !== 'table.ts')
      const sources = [...commands.map((name) => `./${name}`), ...besides]
      const lines = [COMMAND_LINE, ...sources].map(
        (source, i) => `${i === 0 ? 'import' : 'export * from'} '${source}'`,
      )
      bundler.onResolve({ filter: new RegExp(`^${group}$`) }, ({ path }) => ({ path, namespace: group }))
      bundler.onLoad({ filter: /^/, namespace: group }, () => ({
        contents: lines.join('\n'),
        resolveDir: folder,
      }))
    }
  },
}

/** commander can start commands that are programs of their own; ours are not, and loading what it takes costs time. */
const NO_CHILD_PROCESSES: Plugin = {
  name: 'no child processes',
  setup: (bundler) => {
    bundler.onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) =>
      /[/\\]commander[/\\]/.test(importer) ? { path, namespace: 'none' } : undefined,
    )
    bundler.onLoad({ filter: /^/, namespace: 'none' }, () => ({ contents: 'export default {}' }))
  },
}

await rm(UNFINISHED, { recursive: true, force: true })
await mkdir(`${UNFINISHED}/man`, { recursive: true })
for (const [name, source] of Object.entries(FILES)) {
  await bundle({ entryPoints: { [name]: source }, plugins: [ELSEWHERE, NO_CHILD_PROCESSES] })
}
await bundleCommand()
const { version } = JSON.parse(await readFile(`${PACKAGES}cli/package.json`, 'utf8')) as { version: string }
for (const { name, text } of await manPages(version)) await writeFile(`${UNFINISHED}/man/${name}`, text)
await rm(DIST, { recursive: true, force: true })
await rename(UNFINISHED, DIST)

/**
 * The command and the files of groups. What all need, which is all of the command, comes out as a file of its own, and the
 * command as a line that imports it: that file takes the name of the command. What groups alone have in common stays in
 * files that they share.
 */
async function bundleCommand(): Promise<void> {
  const groups = Object.fromEntries(Object.keys(GROUPS).map((name) => [name, name]))
  await bundle(
    {
      entryPoints: { 'command-line': COMMAND_LINE, ...groups },
      splitting: true,
      plugins: [ELSEWHERE, IN_PLACE, IN_GROUPS, NO_CHILD_PROCESSES],
    },
    (files) => {
      const command = files.find(({ path }) => basename(path) === 'command-line.js')
      const [chunk, ...more] = new Set(command?.text.match(/\bchunk-\w+\.js\b/g))
      if (chunk === undefined || more.length > 0)
        throw new Error(`expected the command in one common file, got ${more.length + 1}`)
      return files.flatMap(({ path, text }) => {
        const name = basename(path)
        if (name === 'command-line.js') return []
        return [
          {
            name: name === chunk ? 'command-line.js' : name,
            text: text.replaceAll(chunk, 'command-line.js'),
          },
        ]
      })
    },
  )
}

interface Named {
  readonly name: string
  readonly text: string
}

function asTheyAre(files: readonly OutputFile[]): Named[] {
  return files.map(({ path, text }) => ({ name: basename(path), text }))
}

async function bundle(
  options: BuildOptions,
  arrange: (files: readonly OutputFile[]) => readonly Named[] = asTheyAre,
): Promise<void> {
  const { outputFiles } = await build({
    ...options,
    outdir: UNFINISHED,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    conditions: ['source'],
    // The keyring has a binary for each platform, and the command works without it.
    external: ['@napi-rs/keyring', 'pg-native'],
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'linked',
    logLevel: 'warning',
    write: false,
  })
  for (const { name, text } of arrange(outputFiles)) {
    await writeFile(`${UNFINISHED}/${name}`, name.endsWith('.js') ? askForNodeModules(text) : text)
  }
}

/**
 * Node's own modules are asked for by name instead of imported: an import of `node:fs`, `node:util` or `node:process` reads
 * every property of the module first, and with some of them loads what nobody asked for.
 */
function askForNodeModules(text: string): string {
  const imports =
    /\bimport\s*(?:([\w$]+)\s*,?\s*)?(?:\{([^}]*)\}|\*\s*as\s+([\w$]+))?\s*from\s*"(node:[\w/]+)";/g
  return askedFor(text).replace(
    imports,
    (_, byDefault?: string, names?: string, all?: string, module?: string) => {
      const found = `process.getBuiltinModule(${JSON.stringify(module)})`
      const whole = [byDefault, all]
        .filter((name) => name !== undefined)
        .map((name) => `const ${name}=${found};`)
      const named = names === undefined ? '' : `const{${names.replace(/\s+as\s+/g, ':')}}=${found};`
      return whole.join('') + named
    },
  )
}

/** The same where packages in the older form of modules ask for them, which a bundle of the newer form cannot. */
function askedFor(text: string): string {
  return text.replace(/\b__require\d*\("((?:node:)?[\w/]+)"\)/g, (whole, module: string) =>
    isBuiltin(module) ? `process.getBuiltinModule(${JSON.stringify(module)})` : whole,
  )
}
