import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

interface LockedPackage {
  readonly link?: boolean
  readonly resolved?: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const readJson = (path: string) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'))
const locked = Object.entries<LockedPackage>(readJson('package-lock.json').packages)
const installed = locked.filter(([path, entry]) => path.includes('node_modules/') && entry.link !== true)
const names = new Set(installed.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 13)))

test('every package is locked by its hash, and none by an address', () => {
  assert.ok(installed.length > 0)
  for (const [path, entry] of installed) {
    assert.match(entry.integrity ?? '', /^sha512-/, path)
    assert.equal(entry.resolved, undefined, path)
  }
})

// npm writes only the builds of this machine when node_modules exists while the lockfile is made anew; `npm ci`
// then fails everywhere.
test('every platform’s build of every package is locked', () => {
  for (const [path, entry] of locked) {
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      assert.ok(names.has(name), `${name}, wanted by ${path || 'the root'}, is not in package-lock.json`)
    }
  }
})

const manifestPaths = [
  'package.json',
  ...['core', 'authority', 'cli'].map((name) => `packages/${name}/package.json`),
]
const wanted = manifestPaths.flatMap((path) => {
  const manifest = readJson(path)
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }
  return Object.entries<string>(all).map(([name, version]) => ({ path, name, version }))
})

// A range would be resolved by the age of whoever's Node runs npm.
test('the project asks for exact versions', () => {
  assert.ok(wanted.length > 0)
  for (const { path, name, version } of wanted)
    assert.match(version, /^\d+\.\d+\.\d+(?:-[a-z]+\.\d+)?$/, `${path}: ${name}`)
})

test('docs/dependencies.md accounts for every one at its version', () => {
  const text = readFileSync(new URL('../../docs/dependencies.md', import.meta.url), 'utf8')
  const external = wanted.filter(({ name }) => !name.startsWith('@strongroom/') && !name.startsWith('node-'))
  for (const { name, version } of external)
    assert.ok(text.includes(`\`${name}\` ${version}`), `${name} ${version}`)
})

test('no package runs anything while it is installed', () => {
  const { allowScripts } = readJson('package.json')
  const running = installed.filter(([, entry]) => entry.hasInstallScript === true)
  for (const [path] of running) {
    assert.equal(allowScripts[path.replace('node_modules/', '')], false, path)
  }
})
