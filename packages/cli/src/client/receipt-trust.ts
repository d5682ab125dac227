import { verifyReceiptFile, type AuthorityFolder } from '@strongroom/core/client'
import {
  parseFingerprint,
  ProtocolError,
  type EpochChain,
  type VerifiedReceipt,
} from '@strongroom/core/protocol'
import { usage } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { chosenAuthorities } from './authority-choice.ts'

/** An authority whose receipts count. */
export interface Pinned {
  /** The fingerprint of its identity key. */
  readonly identity: string
  /** Its epochs, where they are known: no other counts then. */
  readonly epochs?: EpochChain
  /** Undefined for one that was named by its fingerprint. */
  readonly folder?: AuthorityFolder
}

/** The authority of that fingerprint, or those that were enrolled with. @throws CliError USAGE */
export function identitiesFor(
  context: Context,
  { fingerprint, authority }: { fingerprint: string | undefined; authority: string | undefined },
): Pinned[] {
  if (fingerprint === undefined) {
    return chosenAuthorities(context, { authority }).map(({ folder, state }) => ({
      identity: state.identity,
      epochs: state.epochs,
      folder,
    }))
  }
  if (authority !== undefined)
    throw usage('--fingerprint and --authority exclude each other', 'give one of them')
  try {
    parseFingerprint(fingerprint, 'fingerprint')
  } catch {
    throw usage(
      '--fingerprint: expected SHA256: and 43 characters',
      'strongroom status shows that of your authority',
    )
  }
  return [{ identity: fingerprint }]
}

/** Verifies a receipt of one of several authorities. @throws ProtocolError as `verifyReceiptFile`; AUTHORITY_IDENTITY for none of them */
export function verifyAgainst(pinned: readonly Pinned[], bytes: Uint8Array): VerifiedReceipt {
  let refusal: unknown
  for (const { identity, epochs } of pinned) {
    try {
      return verifyReceiptFile(bytes, { identity, ...(epochs && { epochs }) })
    } catch (error) {
      if (!(error instanceof ProtocolError) || pinned.length === 1) throw error
      refusal ??= error
      // Of that authority, and wrong: no other can make it right.
      if (!OF_ANOTHER.has(error.code)) throw error
    }
  }
  throw refusal
}

/** What is found first of a receipt of another authority. */
const OF_ANOTHER = new Set(['AUTHORITY_IDENTITY', 'EPOCH_CHAIN'])
