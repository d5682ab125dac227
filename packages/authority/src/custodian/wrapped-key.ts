import {
  AgeError,
  encodeHeader,
  MlKem768X25519Recipient,
  newFileKey,
  parseHeader,
  unwrapFileKey,
  type Identity,
  type Stanza,
} from '@strongroom/core/age'
import { equalBytes, wipe } from '@strongroom/core/bytes'
import { ClientError, openDeposit, openDepositWith, openSimpleBlob, sealText } from '@strongroom/core/client'
import {
  CRYPTOAPI_KEY_TYPE,
  CRYPTOAPI_KEY_VERSION,
  encodeReleaseBody,
  encodeRewrapBody,
  parseRewrapBody,
  ProtocolError,
  RELEASE_TYPE,
  RELEASE_VERSION,
  REWRAP_TYPE,
  REWRAP_VERSION,
  type Epoch,
  type VerifiedStatement,
} from '@strongroom/core/protocol'
import type { CheckedDeposit } from './checked-deposits.ts'

/** A deposit whose session key is used once. */
export type OpenableDeposit = Pick<CheckedDeposit, 'id' | 'blob' | 'rewrapped'>

/**
 * Opens a deposit, compares its session key with the commitment, gives it to `use`, and wipes it. What is sealed in the deposit is
 * opened too, since one that does not open must not be called right, and wiped at once.
 *
 * Where the exchange key of its epoch is gone, its newest rewrap opens it. Whose that is does not matter: only the session key to which the
 * owner committed counts, and under which the deposit itself is MACed. docs/spec/recovery.md, "Rewraps in bundles".
 *
 * @returns undefined if it does not open, for whatever reason: there is one failure and no second
 */
export function withSessionKey<T>(
  deposit: OpenableDeposit,
  identities: readonly Identity[],
  use: (sessionKey: Uint8Array, enclosed: Uint8Array | undefined) => T,
): T | undefined {
  const opened = openedOrNothing(deposit.blob, identities) ?? openedByRewrap(deposit, identities)
  if (!opened) return undefined
  try {
    return use(opened.sessionKey, opened.enclosed)
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

function openedByRewrap(
  { id, blob, rewrapped }: OpenableDeposit,
  identities: readonly Identity[],
): ReturnType<typeof openDepositWith> {
  const sessionKey = rewrapped && rewrappedKey(rewrapped, id, identities)
  if (!sessionKey) return undefined
  const opened = openDepositWith(blob, sessionKey)
  if (!opened) wipe(sessionKey)
  return opened
}

/** Whether what is wrapped for an exchange key opens here: however the keys are kept, that is how one finds out. */
export function holdsKey(exchange: string, identities: readonly Identity[]): boolean {
  const fileKey = newFileKey()
  const blob = wrappedFor(fileKey, MlKem768X25519Recipient.parse(exchange), [])
  return unwrappedOrNothing(blob, identities) !== undefined
}

/** What an age header holds; undefined if it does not open, for whatever reason. */
export function unwrappedOrNothing(
  blob: Uint8Array,
  identities: readonly Identity[],
): Uint8Array | undefined {
  try {
    return unwrapFileKey(parseHeader(blob), identities)
  } catch (error) {
    if (error instanceof AgeError) return undefined
    throw error
  }
}

/** Whether a deposit opens by a rewrap for this very epoch. */
export function opensAgain(
  { id, blob, rewrapped }: Required<OpenableDeposit>,
  to: VerifiedStatement<Epoch>,
  identities: readonly Identity[],
): boolean {
  const sessionKey = rewrappedKey(rewrapped, id, identities, to)
  if (!sessionKey) return false
  const opened = openDepositWith(blob, sessionKey)
  wipe(sessionKey)
  if (opened?.enclosed) wipe(opened.enclosed)
  return opened !== undefined
}

/**
 * What a rewrap blob of this deposit holds: its MAC is right, and its second stanza names the deposit.
 *
 * @param to the epoch that it must name; any unless told
 */
function rewrappedKey(
  rewrapped: Uint8Array,
  id: Uint8Array,
  identities: readonly Identity[],
  to?: VerifiedStatement<Epoch>,
): Uint8Array | undefined {
  try {
    const header = parseHeader(rewrapped)
    const [, stanza, ...others] = header.stanzas
    if (header.length !== rewrapped.length || others.length > 0) return undefined
    if (stanza?.type !== REWRAP_TYPE || stanza.args.join() !== REWRAP_VERSION) return undefined
    const { deposit, epochNumber, epochDigest } = parseRewrapBody(stanza.body)
    const wanted = !to || (epochNumber === to.payload.number && equalBytes(epochDigest, to.digest))
    return wanted && equalBytes(deposit, id) ? unwrapFileKey(header, identities) : undefined
  } catch (error) {
    if (error instanceof AgeError || error instanceof ProtocolError) return undefined
    throw error
  }
}

/** The key blob of a release: docs/spec/recovery.md, "Release blobs". Bound to its request and its deposit by the header MAC. */
export function releaseBlob(
  sessionKey: Uint8Array,
  recipient: MlKem768X25519Recipient,
  { request, deposit }: { readonly request: Uint8Array; readonly deposit: Uint8Array },
  more: readonly Stanza[] = [],
): Uint8Array {
  const body = encodeReleaseBody({ request, deposit })
  const release = { type: RELEASE_TYPE, args: [RELEASE_VERSION], body }
  return wrappedFor(sessionKey, recipient, [release, ...more])
}

/**
 * The third stanza of a release blob: the key that a SIMPLEBLOB hides, sealed under the session key of its deposit. It is the same
 * answer in form and time whatever the RSA key says; none for what is no SIMPLEBLOB.
 *
 * @param pkcs8 of the RSA key of the epoch
 */
export function cryptoApiKeyStanza(
  sessionKey: Uint8Array,
  simpleBlob: Uint8Array,
  pkcs8: Uint8Array,
): Stanza[] {
  const key = openSimpleBlob(simpleBlob, pkcs8)
  if (!key) return []
  const body = sealText(sessionKey, 'cryptoapi-key', key)
  wipe(key)
  return [{ type: CRYPTOAPI_KEY_TYPE, args: [CRYPTOAPI_KEY_VERSION], body }]
}

/** The key blob of a rewrap: the same session key under the exchange key of another epoch. */
export function rewrapBlob(
  sessionKey: Uint8Array,
  { payload, digest }: VerifiedStatement<Epoch>,
  deposit: Uint8Array,
): Uint8Array {
  const body = encodeRewrapBody({ deposit, epochNumber: payload.number, epochDigest: digest })
  const recipient = MlKem768X25519Recipient.parse(payload.exchange)
  return wrappedFor(sessionKey, recipient, [{ type: REWRAP_TYPE, args: [REWRAP_VERSION], body }])
}

function wrappedFor(
  sessionKey: Uint8Array,
  recipient: MlKem768X25519Recipient,
  stanzas: readonly Stanza[],
): Uint8Array {
  return encodeHeader([recipient.wrap(sessionKey), ...stanzas], sessionKey)
}
