import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { findViolations } from '../check-layers.ts'

/** A workspace that obeys every rule; each case adds to it or overwrites one file. */
const GOOD_TREE: Readonly<Record<string, string>> = {
  'packages/core/package.json': '{}',
  'packages/core/src/bytes/index.ts': "export { hex } from './hex.ts'\n",
  'packages/core/src/bytes/hex.ts':
    '/** import { x } from "../seal/index.ts" is only talked about */\nexport const hex = 1\n',
  'packages/core/src/merkle/index.ts':
    "import {\n  hex,\n} from '../bytes/index.ts'\nexport const tree = hex\n",
  'packages/core/src/age/index.ts':
    "import { createHash } from 'node:crypto'\nexport const age = createHash\n",
  'packages/core/src/seal/index.ts':
    "export { age } from '../age/index.ts'\nnew URL('./worker.ts', import.meta.url)\n",
  'packages/core/src/seal/worker.ts':
    "import type { tree } from '../merkle/index.ts'\nexport type Tree = typeof tree\n",
  'packages/core/test/bytes/hex.test.ts':
    "import { hex } from '../../src/bytes/hex.ts'\nimport 'fast-check'\nnew URL('../../../../docs/a.md', import.meta.url)\n",
  'packages/authority/package.json': '{"dependencies":{"@strongroom/core":"1.0.0"}}',
  'packages/authority/src/index.ts': "import { age } from '@strongroom/core/age'\nexport { age }\n",
  'packages/cli/package.json': '{"dependencies":{"commander":"1.0.0","@strongroom/core":"1.0.0"}}',
  'packages/cli/src/main.ts':
    "import 'commander'\nimport version from '../package.json'\nexport { version }\n",
}

/** Each: what is forbidden, the file that does it, its text, and the sentence that must be printed. */
const FORBIDDEN: readonly [string, string, string, string][] = [
  [
    'an import upward',
    'packages/core/src/age/up.ts',
    "\nimport { x } from '../seal/index.ts'\n",
    'packages/core/src/age/up.ts:2: age lies below seal and may not import it',
  ],
  [
    'an import sideways',
    'packages/core/src/age/side.ts',
    "export type { tree } from '../merkle/index.ts'\n",
    'packages/core/src/age/side.ts:1: age and merkle lie side by side and may not import each other',
  ],
  [
    'an import past the door',
    'packages/core/src/seal/past.ts',
    "import {\n  hex,\n} from '../bytes/hex.ts'\n",
    'packages/core/src/seal/past.ts:3: enter bytes through its index.ts, not ../bytes/hex.ts',
  ],
  [
    'a node: module in a browser folder',
    'packages/core/src/merkle/node.ts',
    "import { createHash } from 'node:crypto'\n",
    'packages/core/src/merkle/node.ts:1: merkle also runs in a browser and may not import node:crypto',
  ],
  [
    'a browser folder on one that needs Node',
    'packages/core/src/tlog/index.ts',
    "import { age } from '../age/index.ts'\n",
    'packages/core/src/tlog/index.ts:1: tlog also runs in a browser and may not import age, which does not',
  ],
  [
    'a late import upward',
    'packages/core/src/bytes/late.ts',
    "export const late = () => import('../age/index.ts')\n",
    'packages/core/src/bytes/late.ts:1: bytes lies below age and may not import it',
  ],
  [
    'a worker above its starter',
    'packages/core/src/age/start.ts',
    "new Worker(new URL('../seal/worker.ts', import.meta.url))\n",
    'packages/core/src/age/start.ts:1: age lies below seal and may not import it',
  ],
  [
    'a folder without a place',
    'packages/core/src/extra/index.ts',
    "import { hex } from '../bytes/index.ts'\n",
    'packages/core/src/extra/index.ts:1: extra has no place in the table of tools/check-layers.ts',
  ],
  [
    'an undeclared package',
    'packages/core/src/age/foreign.ts',
    "import { x25519 } from '@noble/curves/ed25519'\n",
    'packages/core/src/age/foreign.ts:1: @noble/curves is no dependency of packages/core/package.json',
  ],
  [
    'a runtime dependency of core',
    'packages/core/package.json',
    '{"optionalDependencies":{"@noble/curves":"1.0.0"}}',
    'packages/core/package.json: core has no runtime dependency, found @noble/curves',
  ],
  [
    'a package that knows its user',
    'packages/authority/src/cli.ts',
    "import 'strongroom'\nimport '@strongroom/cli'\n",
    'packages/authority/src/cli.ts:2: authority may not import @strongroom/cli',
  ],
  [
    'a way round the package name',
    'packages/cli/test/round.test.ts',
    "import { age } from '../../core/src/age/index.ts'\n",
    'packages/cli/test/round.test.ts:1: leaves the package; import others by name, not ../../core/src/age/index.ts',
  ],
  [
    'the tests of another package',
    'packages/cli/test/round.test.ts',
    "import '../../authority/test/support/server.ts'\nimport '../../authority/test/store/store.test.ts'\n",
    'packages/cli/test/round.test.ts:2: leaves the package; import others by name, not ../../authority/test/store/store.test.ts',
  ],
  [
    'what tests of a package above are made with',
    'packages/core/test/round.test.ts',
    "import '../../cli/test/program.ts'\n",
    'packages/core/test/round.test.ts:1: leaves the package; import others by name, not ../../cli/test/program.ts',
  ],
  [
    'source that imports its tests',
    'packages/cli/src/tested.ts',
    "import '../test/round.test.ts'\n",
    'packages/cli/src/tested.ts:1: source imports ../test/round.test.ts from outside src',
  ],
]

function violationsWith(t: TestContext, changes: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'layers-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries({ ...GOOD_TREE, ...changes })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return findViolations(root)
}

test('a tree that keeps the rules has no violation', (t) => {
  assert.deepEqual(violationsWith(t, {}), [])
})

for (const [what, path, text, expected] of FORBIDDEN) {
  test(`${what} is a violation`, (t) => {
    const found = violationsWith(t, { [path]: text })
    assert.ok(found.includes(expected), found.join('\n') || 'nothing found')
  })
}

test('a root without sources is a violation, not a success', () => {
  assert.match(findViolations(join(tmpdir(), 'no-such-root')).join(), /no source files found/)
})
