import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { equalBytes } from '@strongroom/core/bytes'
import { encodeRecoveryBundle, type RecoveryBundle } from '@strongroom/core/protocol'
import {
  CustodianError,
  handOut,
  readBundle,
  releaseBundle,
  type CustodianKeys,
} from '../../src/custodian/index.ts'
import { keys, removeFolders } from '../custodian/connected.ts'
import { withRelease } from '../custodian/story.ts'
import { digestOf, MINUTE } from '../custodian/world.ts'
import { Attacked } from './bundle-custodian.ts'
import { bundleOf, itemsOf, knownTags, listOf, sectionsOf, type Sections } from './bundle-sections.ts'
import { LATER } from './tale-statements.ts'
import { tale, type Told } from './tale.ts'

// M3, M7, M9: every section of a bundle is dropped, shown twice, emptied, and exchanged with that of another bundle: of the same owner, of
// another tenant, of a forked log of the same authority. And every item of every list. Each has its own answer, and leaves no trace.

/** Without `BUNDLE_`. `same`: there the two bundles have the same bytes, or the other has nothing. */
type Fate = string

/** What becomes of a bundle of which one section was changed. */
interface Fates {
  readonly dropped: Fate
  readonly twin: Fate
  readonly tenant: Fate
  readonly fork: Fate
  /** Of a list: the same for each item, in their order. */
  readonly items?: Readonly<Record<'dropped' | 'twice' | 'twin' | 'tenant' | 'fork', readonly Fate[]>>
  readonly reversed?: Fate
}

const all = (fate: Fate, count: number): Fate[] => Array.from({ length: count }, () => fate)

/** By tag: docs/spec/recovery.md, "Bundles". Those of hand-outs and rewraps have tests of their own, below. */
const SECTIONS: Readonly<Record<number, Fates>> = {
  1: {
    dropped: 'FORMAT',
    twin: 'same',
    tenant: 'same',
    fork: 'EPOCHS',
    items: {
      dropped: all('EPOCHS', 2),
      twice: all('EPOCHS', 2),
      twin: all('same', 2),
      tenant: all('same', 2),
      fork: all('EPOCHS', 2),
    },
    reversed: 'EPOCHS',
  },
  2: { dropped: 'FORMAT', twin: 'same', tenant: 'same', fork: 'TERMS' },
  3: {
    dropped: 'FORMAT',
    twin: 'same',
    tenant: 'INCOMPLETE',
    fork: 'NOT_LOGGED',
    items: {
      dropped: ['CHARTERS', 'INCOMPLETE'],
      twice: all('CHARTERS', 2),
      twin: all('same', 2),
      tenant: ['CHARTERS', 'same'],
      fork: all('NOT_LOGGED', 2),
    },
    reversed: 'CHARTERS',
  },
  4: { dropped: 'FORMAT', twin: 'RECEIPT', tenant: 'CHARTERS', fork: 'NOT_LOGGED' },
  5: {
    dropped: 'DEPOSITS',
    twin: 'DEPOSITS',
    tenant: 'DEPOSITS',
    fork: 'DEPOSITS',
    items: {
      dropped: all('DEPOSITS', 2),
      twice: all('DEPOSITS', 2),
      twin: all('same', 2),
      tenant: ['DEPOSITS', 'same'],
      fork: all('DEPOSITS', 2),
    },
    reversed: 'DEPOSITS',
  },
  6: {
    dropped: 'OWNER',
    twin: 'same',
    tenant: 'OWNER',
    fork: 'NOT_LOGGED',
    items: {
      dropped: ['FORMAT'],
      twice: ['OWNER'],
      twin: ['same'],
      tenant: ['OWNER'],
      fork: ['NOT_LOGGED'],
    },
  },
  7: {
    dropped: 'INCOMPLETE',
    twin: 'VETTING',
    tenant: 'INCOMPLETE',
    fork: 'NOT_LOGGED',
    items: {
      dropped: ['INCOMPLETE', 'VETTING'],
      twice: all('STATEMENT', 2),
      twin: all('same', 2),
      tenant: ['STATEMENT', 'same'],
      fork: all('NOT_LOGGED', 2),
    },
    reversed: 'STATEMENT',
  },
  8: { dropped: 'FORMAT', twin: 'RECEIPT', tenant: 'RECEIPT', fork: 'RECEIPT' },
  10: { dropped: 'FORMAT', twin: 'same', tenant: 'same', fork: 'RANGE' },
  11: { dropped: 'FORMAT', twin: 'same', tenant: 'same', fork: 'RANGE' },
  12: {
    dropped: 'INCOMPLETE',
    twin: 'APPROVALS',
    tenant: 'INCOMPLETE',
    fork: 'NOT_LOGGED',
    items: {
      // The codes of another tenant, then two approvals.
      dropped: ['INCOMPLETE', 'APPROVALS', 'APPROVALS'],
      twice: all('STATEMENT', 3),
      twin: ['same', 'STATEMENT', 'APPROVALS'],
      tenant: ['INCOMPLETE', 'STATEMENT', 'APPROVALS'],
      fork: all('NOT_LOGGED', 3),
    },
    reversed: 'STATEMENT',
  },
  13: {
    dropped: 'NOT_LOGGED',
    twin: 'NOT_LOGGED',
    tenant: 'NOT_LOGGED',
    fork: 'PROOF',
    items: {
      dropped: all('NOT_LOGGED', 5),
      twice: all('FORMAT', 5),
      twin: all('same', 5),
      tenant: all('same', 5),
      fork: all('PROOF', 5),
    },
    reversed: 'FORMAT',
  },
}
const [RELEASE_RECEIPT, REWRAPPED] = [9, 14]

const [honest, forked] = [tale(), tale({ forked: true })]
const attacked = new Attacked(honest)
after(async () => {
  attacked.remove()
  await removeFolders()
})

const cut = ({ bundle }: Told): Sections => sectionsOf(encodeRecoveryBundle(bundle))
const own = cut(honest.own)
const OTHERS = { twin: cut(honest.twin), tenant: cut(honest.tenant), fork: cut(forked.own) } as const

const valueOf = (sections: Sections, tag: number): Uint8Array =>
  sections.find(([candidate]) => candidate === tag)?.[1] ?? new Uint8Array(0)
/** The bundle with another value of a section. */
const withValue = (tag: number, value: Uint8Array): Uint8Array =>
  bundleOf(own.map(([candidate, before]) => [candidate, candidate === tag ? value : before]))

const fateOf = (bytes: Uint8Array): Fate => attacked.fate(bytes).replace('BUNDLE_', '')

/** One value in the place of another. */
function exchanged(
  before: Uint8Array,
  instead: Uint8Array | undefined,
  bundle: (value: Uint8Array) => Uint8Array,
): Fate {
  return instead === undefined || equalBytes(before, instead) ? 'same' : fateOf(bundle(instead))
}

function fatesOfSection(tag: number): Omit<Fates, 'items' | 'reversed'> {
  const swapped = (sections: Sections) =>
    exchanged(valueOf(own, tag), valueOf(sections, tag), (value) => withValue(tag, value))
  return {
    dropped: fateOf(bundleOf(own.filter(([candidate]) => candidate !== tag))),
    twin: swapped(OTHERS.twin),
    tenant: swapped(OTHERS.tenant),
    fork: swapped(OTHERS.fork),
  }
}

function fatesOfItems(tag: number): Pick<Fates, 'items' | 'reversed'> {
  const items = itemsOf(valueOf(own, tag))
  const listed = (list: readonly Uint8Array[]) => withValue(tag, listOf(list))
  const swapped = (sections: Sections) => {
    const others = itemsOf(valueOf(sections, tag))
    return items.map((item, i) => exchanged(item, others[i], (value) => listed(items.with(i, value))))
  }
  return {
    items: {
      dropped: items.map((_, i) => fateOf(listed(items.toSpliced(i, 1)))),
      twice: items.map((item, i) => fateOf(listed(items.toSpliced(i, 0, item)))),
      twin: swapped(OTHERS.twin),
      tenant: swapped(OTHERS.tenant),
      fork: swapped(OTHERS.fork),
    },
    ...(items.length > 1 && { reversed: fateOf(listed(items.toReversed())) }),
  }
}

describe('M3: a bundle of which a section was changed', () => {
  test('is tested with every section that there is', () => {
    const tested = [...Object.keys(SECTIONS).map(Number), RELEASE_RECEIPT, REWRAPPED]
    assert.deepEqual(
      tested.toSorted((one, other) => one - other),
      knownTags(),
    )
    for (const told of [honest.own, honest.twin, honest.tenant]) {
      assert.equal(attacked.fate(encodeRecoveryBundle(told.bundle)), 'opened')
    }
  })
  test('as a whole, by that of a forked log', () => {
    assert.equal(fateOf(bundleOf(OTHERS.fork)), 'EPOCHS')
  })
  for (const [key, { items, reversed, ...whole }] of Object.entries(SECTIONS)) {
    const tag = Number(key)
    test(`is refused by name: section ${tag}`, () => {
      const twice = own.flatMap((section) => (section[0] === tag ? [section, section] : [section]))
      assert.equal(fateOf(bundleOf(twice)), 'FORMAT')
      assert.equal(fateOf(withValue(tag, new Uint8Array(0))), 'FORMAT')
      assert.deepEqual(fatesOfSection(tag), whole)
      if (items) assert.deepEqual(fatesOfItems(tag), { items, ...(reversed !== undefined && { reversed }) })
    })
  }
})

describe('M20: rewraps in a bundle, for a custodian that has given up the key of the first epoch', () => {
  const late: CustodianKeys = { ...keys, identities: [LATER] }
  const { rewrapped = [] } = honest.own.bundle
  const fateWith = (list: RecoveryBundle['rewrapped']) =>
    attacked.fate(encodeRecoveryBundle({ ...honest.own.bundle, rewrapped: list ?? [] }), late)
  /** Each under the ids of ours. */
  const blobsOf = ({ bundle }: Told) =>
    rewrapped.map((ours, i) => ({ ...ours, blob: bundle.rewrapped?.[i]?.blob ?? ours.blob }))
  const [one, two] = rewrapped
  assert.ok(one && two)

  test('open what is asked for', () => {
    assert.equal(fateWith(rewrapped), 'released')
    // Whose rewrap it is does not matter: it holds the key to which the owner committed, or is none.
    assert.equal(fateWith(blobsOf(honest.twin)), 'released')
  })
  test('are refused if they are dropped, exchanged, or of others, and nothing is spent', () => {
    for (const list of [[], [one], [two]]) assert.equal(fateWith(list), 'CUSTODIAN_DEPOSITS')
    const crossed = [
      { ...one, blob: two.blob },
      { ...two, blob: one.blob },
    ]
    for (const list of [crossed, blobsOf(honest.tenant), blobsOf(forked.own)]) {
      assert.equal(fateWith(list), 'CUSTODIAN_DEPOSITS')
    }
    for (const { bundle } of [honest.tenant, forked.own])
      assert.equal(fateWith(bundle.rewrapped), 'BUNDLE_DEPOSITS')
  })
  test('are refused twice, or in another order', () => {
    const items = itemsOf(valueOf(own, REWRAPPED))
    for (const list of [[...items, items[1]], [items[0], ...items], items.toReversed()]) {
      const present = list.flatMap((item) => (item ? [item] : []))
      assert.equal(fateOf(withValue(REWRAPPED, listOf(present))), 'FORMAT')
    }
    const twice = own.flatMap((section) => (section[0] === REWRAPPED ? [section, section] : [section]))
    assert.equal(fateOf(bundleOf(twice)), 'FORMAT')
    assert.equal(fateOf(withValue(REWRAPPED, new Uint8Array(0))), 'FORMAT')
  })
})

describe('M13: the receipt of the release, without which nothing is handed out', () => {
  const told = tale()
  const custodian = new Attacked(told)
  const both: CustodianKeys = { ...keys, identities: [...keys.identities, LATER] }
  after(() => custodian.remove())

  test('is that of this release in this log', () => {
    custodian.within((folder) => {
      const [ours, twins, theirs] = [told.own, told.twin, told.tenant].map(
        ({ bundle }) => releaseBundle(bundle, folder, both, told.now).envelope,
      )
      assert.ok(ours && twins && theirs)
      told.world.add('release', twins)
      told.world.add('release', theirs)
      const next = withRelease({ ...told, ...told.own }, ours)
      const at = next.now - MINUTE
      const fork = tale({ forked: true }).world
      fork.add('release', ours)
      const wrong = [twins, theirs].map((envelope) => told.world.receipt(digestOf(envelope), at))
      const code = (bytes: Uint8Array) => {
        try {
          handOut(readBundle(bytes), folder, next.now)
          return 'handed out'
        } catch (error) {
          return error instanceof CustodianError ? error.code : String(error)
        }
      }
      const good = encodeRecoveryBundle(next.bundle)
      const sections = sectionsOf(good)
      const replaced = (value: Uint8Array) =>
        bundleOf(sections.map(([tag, before]) => [tag, tag === RELEASE_RECEIPT ? value : before]))
      for (const receipt of [...wrong, fork.receipt(digestOf(ours), at), next.bundle.receipt]) {
        assert.equal(code(replaced(receipt)), 'BUNDLE_RECEIPT')
      }
      assert.equal(code(bundleOf(sections.filter(([tag]) => tag !== RELEASE_RECEIPT))), 'BUNDLE_RECEIPT')
      const twice = sections.flatMap((section) =>
        section[0] === RELEASE_RECEIPT ? [section, section] : [section],
      )
      assert.equal(code(bundleOf(twice)), 'BUNDLE_FORMAT')
      assert.equal(code(replaced(new Uint8Array(0))), 'BUNDLE_FORMAT')
      assert.equal(code(good), 'handed out')
    })
  })
})
