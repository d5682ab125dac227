import assert from 'node:assert/strict'
import { toHex, utf8Encode } from '@strongroom/core/bytes'
import { encodeRecoveryBundle, type RecoveryBundle } from '@strongroom/core/protocol'
import {
  checkBundle,
  CustodianError,
  readBundle,
  type CheckedBundle,
  type Knowledge,
} from '../../src/custodian/index.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import { REQUESTED, story, type Story, type StoryChanges } from './story.ts'
import { CUSTODIAN, DAY, IDENTITY_PRINT, START } from './world.ts'

export const USUAL = story()

export function knowledgeOf(
  { charter }: Pick<Story, 'charter'> = USUAL,
  changes: Partial<Knowledge> = {},
): Knowledge {
  const { sightings = [{ size: 0, root: sha256(), at: START - DAY }] } = changes
  return {
    identity: IDENTITY_PRINT,
    signers: [CUSTODIAN.signer],
    freshness: 86_400,
    sightings,
    read: Math.max(...sightings.map(({ size }) => size)),
    charters: new Map([['acme', { first: charter, number: 1, digest: charter }]]),
    spent: new Set(),
    releases: new Set(),
    codes: new Set(),
    named: new Set(),
    ...changes,
  }
}

/** Checks a bundle through its bytes, as a custodian gets it. */
export function check(
  bundle: RecoveryBundle,
  knowledge: Knowledge = knowledgeOf(),
  now: number = USUAL.now,
): CheckedBundle {
  return checkBundle(readBundle(encodeRecoveryBundle(bundle)), knowledge, now)
}

export function refuses(code: CustodianError['code'], run: () => unknown, message?: RegExp): CustodianError {
  let caught: unknown
  assert.throws(run, (error) => {
    caught = error
    assert.ok(error instanceof CustodianError, String(error))
    assert.equal(error.code, code, error.message)
    if (message) assert.match(error.message, message)
    return true
  })
  return caught as CustodianError
}

export const refusesStory = (
  code: CustodianError['code'],
  changes: StoryChanges,
  knowledge: Partial<Knowledge> = {},
) => {
  const told = story(changes)
  return refuses(code, () => check(told.bundle, knowledgeOf(told, knowledge), told.now))
}
export const passes = (changes: StoryChanges, knowledge: Partial<Knowledge> = {}): CheckedBundle => {
  const told = story(changes)
  return check(told.bundle, knowledgeOf(told, knowledge), told.now)
}
export const usual = USUAL.bundle
export const changed = (changes: Partial<RecoveryBundle>): RecoveryBundle => ({ ...usual, ...changes })

export function releaseOf(subject: Uint8Array) {
  return {
    identity: IDENTITY_PRINT,
    tenant: 'acme',
    custodian: CUSTODIAN.signer,
    subject,
    kind: 'charter',
    count: 0,
    results: sha256(utf8Encode('strongroom release list v1\n')),
    checkpoint: { size: 9, root: bytesOf(9) },
    created: REQUESTED,
  } as const
}

export const ownReleases = ({ world }: Story): Partial<Knowledge> => ({
  releases: new Set(world.leaves.filter(({ kind }) => kind === 'release').map(({ digest }) => toHex(digest))),
})
