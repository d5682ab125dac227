import { encodeHeader, MlKem768X25519Recipient, type Identity, type Stanza } from '@strongroom/core/age'
import { wipe } from '@strongroom/core/bytes'
import { ClientError, openDeposit } from '@strongroom/core/client'
import {
  encodeReleaseBody,
  encodeRewrapBody,
  RELEASE_TYPE,
  RELEASE_VERSION,
  REWRAP_TYPE,
  REWRAP_VERSION,
  type Epoch,
  type VerifiedStatement,
} from '@strongroom/core/protocol'
import type { CheckedDeposit } from './checked-deposits.ts'

/** A deposit whose session key is used once. */
export type OpenableDeposit = Pick<CheckedDeposit, 'id' | 'blob'>

/**
 * Opens a deposit, compares its session key with the commitment, gives it to `use`, and wipes it. What is sealed in the deposit is
 * opened too, since one that does not open must not be called right, and wiped at once.
 *
 * @returns undefined if it does not open, for whatever reason: there is one failure and no second
 */
export function withSessionKey<T>(
  { blob }: OpenableDeposit,
  identities: readonly Identity[],
  use: (sessionKey: Uint8Array) => T,
): T | undefined {
  const opened = openedOrNothing(blob, identities)
  if (!opened) return undefined
  try {
    return use(opened.sessionKey)
  } finally {
    wipe(opened.sessionKey)
    if (opened.enclosed) wipe(opened.enclosed)
  }
}

function openedOrNothing(
  blob: Uint8Array,
  identities: readonly Identity[],
): ReturnType<typeof openDeposit> | undefined {
  try {
    return openDeposit(blob, identities)
  } catch (error) {
    if (error instanceof ClientError && error.code === 'CLIENT_NOT_OPENED') return undefined
    throw error
  }
}

/** The key blob of a release: docs/spec/recovery.md, "Release blobs". Bound to its request and its deposit by the header MAC. */
export function releaseBlob(
  sessionKey: Uint8Array,
  recipient: MlKem768X25519Recipient,
  { request, deposit }: { readonly request: Uint8Array; readonly deposit: Uint8Array },
): Uint8Array {
  const body = encodeReleaseBody({ request, deposit })
  return wrappedFor(sessionKey, recipient, { type: RELEASE_TYPE, args: [RELEASE_VERSION], body })
}

/** The key blob of a rewrap: the same session key under the exchange key of another epoch. */
export function rewrapBlob(
  sessionKey: Uint8Array,
  { payload, digest }: VerifiedStatement<Epoch>,
  deposit: Uint8Array,
): Uint8Array {
  const body = encodeRewrapBody({ deposit, epochNumber: payload.number, epochDigest: digest })
  const recipient = MlKem768X25519Recipient.parse(payload.exchange)
  return wrappedFor(sessionKey, recipient, { type: REWRAP_TYPE, args: [REWRAP_VERSION], body })
}

function wrappedFor(sessionKey: Uint8Array, recipient: MlKem768X25519Recipient, stanza: Stanza): Uint8Array {
  return encodeHeader([recipient.wrap(sessionKey), stanza], sessionKey)
}
