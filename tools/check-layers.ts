/**
 * Holds the direction of imports, so that the table in ARCHITECTURE.md stays true.
 *
 * Run: node tools/check-layers.ts [root]   prints every violation and exits 1 if there is one.
 *
 * Why a script: the order of the folders is the design. An import upward makes two layers one, an import past a
 * folder's index.ts makes its inside public, and one node: module too low takes the verifier from the browser.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

/** Folders of packages/core/src, low to high. Folders of one row do not know each other. */
const CORE_FOLDERS = [
  ['bytes'],
  ['cryptoapi', 'merkle', 'age'],
  ['container'],
  ['keyblob', 'tlog'],
  ['seal', 'protocol'],
  ['client'],
]

/** Folders that also run in a browser: no node: module, and no folder that has one. */
const BROWSER_FOLDERS = new Set(['bytes', 'merkle', 'protocol', 'tlog'])

/** Packages, and which of the others each may import by name. */
const PACKAGES: Record<string, readonly string[]> = {
  core: [],
  authority: ['@strongroom/core'],
  cli: ['@strongroom/core', '@strongroom/authority'],
}

/** Import and export declarations, import() and new URL('….ts', import.meta.url), the way workers are named. */
const SPECIFIERS = [
  /^\s*(?:import|export)\s+(?:[\w$*{},\s]+?\s+from\s+)?['"]([^'"]+)['"]/gm,
  /^(?!\s*(?:\*|\/\/)).*\bimport\(\s*['"]([^'"]+)['"]/gm,
  /^(?!\s*(?:\*|\/\/)).*\bnew URL\(\s*['"]([^'"]+\.ts)['"]\s*,\s*import\.meta\.url/gm,
]

interface Import {
  readonly file: string // relative to the root, with slashes
  readonly line: number
  readonly specifier: string
  readonly target: string // of a relative specifier: relative to the root; else the specifier
}

/** Everything below `root`/packages that the table forbids, one sentence each, in order of the files. */
export function findViolations(root: string): string[] {
  const files = Object.keys(PACKAGES).flatMap((name) => sourceFiles(join(root, 'packages', name)))
  if (files.length === 0) return [`${root}: no source files found`]
  const manifests = new Map(Object.keys(PACKAGES).map((name) => [name, dependenciesOf(root, name)]))
  const violations = [...(manifests.get('core') ?? [])].map(
    (dependency) => `packages/core/package.json: core has no runtime dependency, found ${dependency}`,
  )
  for (const found of files.flatMap((file) => importsOf(root, file))) {
    const problem = judge(found, manifests)
    if (problem !== undefined) violations.push(`${found.file}:${found.line}: ${problem}`)
  }
  return violations
}

function sourceFiles(folder: string): string[] {
  const parts = [join(folder, 'src'), join(folder, 'test')].filter((part) => existsSync(part))
  return parts.flatMap((part) =>
    readdirSync(part, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted(),
  )
}

function dependenciesOf(root: string, name: string): Set<string> {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
  const kinds = ['dependencies', 'optionalDependencies', 'peerDependencies']
  return new Set(kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {})))
}

function importsOf(root: string, path: string): Import[] {
  const text = readFileSync(path, 'utf8')
  const file = slashed(relative(root, path))
  return SPECIFIERS.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => {
      const specifier = match[1] ?? ''
      const end = match.index + match[0].length
      const target = specifier.startsWith('.')
        ? slashed(relative(root, resolve(dirname(path), specifier)))
        : specifier
      return { file, line: text.slice(0, end).split('\n').length, specifier, target }
    }),
  )
}

const slashed = (path: string): string => path.split(sep).join('/')

function judge(found: Import, manifests: ReadonlyMap<string, ReadonlySet<string>>): string | undefined {
  const [, name = '', part = ''] = found.file.split('/')
  if (!found.specifier.startsWith('.')) {
    return part === 'src' ? judgeNamed(found, name, manifests.get(name) ?? new Set()) : undefined
  }
  const own = `packages/${name}/`
  if (part === 'test' && isSupport(found.target, name)) return undefined
  if (!found.target.startsWith(own))
    return `leaves the package; import others by name, not ${found.specifier}`
  if (part === 'test') return undefined
  if (found.target === `${own}package.json`) return undefined // the version lives there
  if (!found.target.startsWith(`${own}src/`)) return `source imports ${found.specifier} from outside src`
  return name === 'core' ? judgeFolders(found) : undefined
}

/** What the tests of a package below are made with, which is in no package: a server, a certificate, a fault. */
function isSupport(target: string, name: string): boolean {
  const [, other = '', folder = ''] = target.split('/')
  const known = PACKAGES[name]?.includes(`@strongroom/${other}`) === true
  return known && folder === 'test' && !target.endsWith('.test.ts')
}

function judgeNamed(found: Import, name: string, dependencies: ReadonlySet<string>): string | undefined {
  const { specifier } = found
  if (specifier.startsWith('node:')) {
    const folder = folderOf(found.file)
    const browser = name === 'core' && BROWSER_FOLDERS.has(folder)
    return browser ? `${folder} also runs in a browser and may not import ${specifier}` : undefined
  }
  const wanted = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  if (wanted.startsWith('@strongroom/') && !PACKAGES[name]?.includes(wanted)) {
    return `${name} may not import ${wanted}`
  }
  return dependencies.has(wanted) ? undefined : `${wanted} is no dependency of packages/${name}/package.json`
}

function judgeFolders(found: Import): string | undefined {
  const [from, to] = [folderOf(found.file), folderOf(found.target)]
  if (from === to) return undefined
  const [low, high] = [rankOf(to), rankOf(from)]
  if (low < 0 || high < 0) return `${low < 0 ? to : from} has no place in the table of tools/check-layers.ts`
  if (low > high) return `${from} lies below ${to} and may not import it`
  if (low === high) return `${from} and ${to} lie side by side and may not import each other`
  if (BROWSER_FOLDERS.has(from) && !BROWSER_FOLDERS.has(to)) {
    return `${from} also runs in a browser and may not import ${to}, which does not`
  }
  return found.target.endsWith(`/src/${to}/index.ts`)
    ? undefined
    : `enter ${to} through its index.ts, not ${found.specifier}`
}

const folderOf = (file: string): string => file.split('/')[3] ?? ''
const rankOf = (folder: string): number => CORE_FOLDERS.findIndex((row) => row.includes(folder))

if (import.meta.main) {
  const violations = findViolations(resolve(process.argv[2] ?? '.'))
  for (const violation of violations) console.error(violation)
  if (violations.length > 0) process.exitCode = 1
}
