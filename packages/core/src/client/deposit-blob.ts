import {
  AgeError,
  encodeHeader,
  encodeStanza,
  MlKem768X25519Recipient,
  unwrapFileKey,
  verifyHeaderMac,
  type Header,
  type Identity,
} from '../age/index.ts'
import { BytesError, equalBytes, utf8Decode, utf8Encode, wipe } from '../bytes/index.ts'
import type { SigningKey } from '../container/index.ts'
import { suiteByName } from '../container/index.ts'
import { keyCommitment } from '../keyblob/index.ts'
import {
  DEPOSIT_TYPE,
  DEPOSIT_VERSION,
  encodeDepositBody,
  LIMITS,
  objectNameDigest,
  parseDepositBody,
  ProtocolError,
  type DepositContext,
  type DepositDescription,
  type DepositFormat,
  type Epoch,
  type VerifiedStatement,
} from '../protocol/index.ts'
import { ClientError } from './client-error.ts'
import { parseDepositBlob } from './deposit-parts.ts'
import { sha256 } from './node-verify.ts'
import { openText, sealText } from './sealed-text.ts'

/** Whose a deposit is, and for which epoch it is made: the same for all deposits of one client at one time. */
export interface DepositFrame {
  /** From `EpochChain.at`: the one to deposit under. */
  readonly epoch: VerifiedStatement<Epoch>
  readonly tenant: string
  readonly clientId: string
  /** The pair that was enrolled. */
  readonly signingKey: SigningKey
  /** A class of the policy that says how long the deposit is kept. */
  readonly retention: string
  /** Milliseconds since 1970. */
  readonly createdMs: number
}

/** What people and searches are told about a deposit, all of it optional. */
export interface DepositLabels {
  /** The file: its name, of which the authority gets a digest, and its bytes of plaintext. */
  readonly object?: { readonly name: string; readonly size: number }
  /** At most 1,024 bytes of UTF-8; `sealed` is for whoever opens the deposit alone. */
  readonly description?: { readonly kind: 'plain' | 'sealed'; readonly text: string }
  /** The id of the deposit that this one replaces. */
  readonly previous?: Uint8Array
}

/** What is deposited. */
export interface NewDeposit extends DepositFrame, DepositLabels {
  /** age's file key, 16 bytes; stays the caller's, to be wiped. */
  readonly sessionKey: Uint8Array
  readonly format: DepositFormat
  /** The serial number of the file or session key: 16 bytes. */
  readonly serial: Uint8Array
  readonly sealId?: Uint8Array
  /** In the last two formats, and there always: it is sealed. */
  readonly enclosed?: Uint8Array
}

/** A deposit, ready to be sent. */
export interface MadeDeposit {
  /** The deposit id: SHA-256 of the blob. */
  readonly id: Uint8Array
  /** The key blob: sent again, these very bytes are the same deposit. */
  readonly blob: Uint8Array
  readonly context: DepositContext
}

/** What the holder of the epoch's exchange key finds in a deposit. The key and what was sealed are the caller's, to be wiped. */
export interface OpenedDeposit {
  readonly context: DepositContext
  /** age's file key, 16 bytes; it is the one that the client committed to. */
  readonly sessionKey: Uint8Array
  /** The description, plain or sealed. A stranger's text: make it harmless before you show it. */
  readonly description?: string
  /** Byte for byte what was enclosed. */
  readonly enclosed?: Uint8Array
}

/**
 * Makes a deposit: a key blob for the epoch's exchange key that the client signed. docs/spec/authority-protocol.md, "Deposits".
 *
 * Each call makes another, since it wraps anew: keep the blob, and send it again until there is a receipt for it.
 *
 * @throws ProtocolError PROTOCOL_FORMAT or PROTOCOL_LIMIT for what no deposit has; AgeError KEY for a session key that is none
 */
export function makeDeposit(wanted: NewDeposit): MadeDeposit {
  const { sessionKey, epoch, signingKey } = wanted
  const wrapped = recipientOf(epoch.payload).wrap(sessionKey)
  const context = contextOf(wanted, sha256(utf8Encode(encodeStanza(wrapped))))
  const body = encodeDepositBody(context, (message) => signingKey.sign(message))
  const stanza = { type: DEPOSIT_TYPE, args: [DEPOSIT_VERSION], body }
  const blob = encodeHeader([wrapped, stanza], sessionKey)
  return { id: sha256(blob), blob, context }
}

const recipients = new WeakMap<Epoch, MlKem768X25519Recipient>()

/** A key of more than a thousand bytes, which is the same for all deposits of an epoch. */
function recipientOf(epoch: Epoch): MlKem768X25519Recipient {
  const recipient = recipients.get(epoch) ?? MlKem768X25519Recipient.parse(epoch.exchange)
  recipients.set(epoch, recipient)
  return recipient
}

function contextOf(wanted: NewDeposit, recipientDigest: Uint8Array): DepositContext {
  const { epoch, tenant, clientId, signingKey, format, serial, sessionKey, retention, createdMs } = wanted
  const { sealId, object, previous, enclosed } = wanted
  const description = wanted.description && describe(sessionKey, wanted.description)
  return {
    tenant,
    clientId,
    signer: { suiteId: suiteIdOf(signingKey), id: signingKey.signer.keyId },
    epochNumber: epoch.payload.number,
    epochDigest: epoch.digest,
    format,
    serial,
    commitment: keyCommitment(sessionKey, serial),
    ...(sealId && { sealId }),
    ...(object && { object: { nameDigest: objectNameDigest(sha256, object.name), size: object.size } }),
    ...(description && { description }),
    retention,
    policy: epoch.payload.policy,
    recipientDigest,
    ...(previous && { previous }),
    createdMs,
    ...(enclosed && { enclosed: sealText(sessionKey, 'enclosed', enclosed) }),
  }
}

function suiteIdOf({ signer }: SigningKey): number {
  return suiteByName(signer.suite)?.id ?? 0
}

function describe(
  sessionKey: Uint8Array,
  { kind, text }: NonNullable<DepositLabels['description']>,
): DepositDescription {
  if (kind === 'plain') return { kind, text }
  if (!text.isWellFormed()) throw new ProtocolError('PROTOCOL_FORMAT', 'description: a lone surrogate')
  return { kind, bytes: sealText(sessionKey, 'description', utf8Encode(text)) }
}

/**
 * Opens a deposit with the exchange key of its epoch: docs/spec/authority-protocol.md, "Verifying a deposit", steps 6 and 7. Whoever
 * opens it has verified it without a key before: `parseDepositBlob` and `verifyDeposit`.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT for what is no deposit
 * @throws ClientError CLIENT_NOT_OPENED in all other cases, which are one: no key fits, or anything was changed
 */
export function openDeposit(blob: Uint8Array, identities: readonly Identity[]): OpenedDeposit {
  const { header, body } = parseDepositBlob(blob)
  const { context } = parseDepositBody(body)
  const sessionKey = unwrap(header, identities)
  const opened = sessionKey && openWithKey(sessionKey, context)
  if (opened) return opened
  if (sessionKey) wipe(sessionKey)
  throw new ClientError('CLIENT_NOT_OPENED', 'the deposit does not open: made for another key, or changed')
}

/**
 * The same with a session key that came another way: from a rewrap. It counts only if the deposit was made with it.
 *
 * @param sessionKey becomes the result's if it is right, and stays the caller's if not
 * @returns undefined if it is another key, or the deposit was changed
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT for what is no deposit
 */
export function openDepositWith(blob: Uint8Array, sessionKey: Uint8Array): OpenedDeposit | undefined {
  const { header, body } = parseDepositBlob(blob)
  const { context } = parseDepositBody(body)
  try {
    verifyHeaderMac(header, sessionKey)
  } catch (error) {
    if (error instanceof AgeError) return undefined
    throw error
  }
  return openWithKey(sessionKey, context)
}

/** The session key if the header is the one that was made with it. */
function unwrap(header: Header, identities: readonly Identity[]): Uint8Array | undefined {
  try {
    return unwrapFileKey(header, identities)
  } catch (error) {
    if (error instanceof AgeError) return undefined
    throw error
  }
}

/**
 * What a deposit says to whoever has its session key; undefined if that is another key, or a sealed text does not open.
 *
 * The commitment comes first: what is sealed could be made to open under two keys, the commitment could not.
 */
export function openWithKey(sessionKey: Uint8Array, context: DepositContext): OpenedDeposit | undefined {
  if (!equalBytes(keyCommitment(sessionKey, context.serial), context.commitment)) return undefined
  const { description, enclosed: sealed } = context
  const text = description && readDescription(sessionKey, description)
  const enclosed = sealed && openText(sessionKey, 'enclosed', sealed)
  if ((description && text === undefined) || (sealed && !enclosed)) return undefined
  return {
    context,
    sessionKey,
    ...(text !== undefined && { description: text }),
    ...(enclosed && { enclosed }),
  }
}

function readDescription(sessionKey: Uint8Array, description: DepositDescription): string | undefined {
  if (description.kind === 'plain') return description.text
  const bytes = openText(sessionKey, 'description', description.bytes)
  if (!bytes || bytes.length > LIMITS.descriptionBytes) return undefined
  try {
    return utf8Decode(bytes)
  } catch (error) {
    if (error instanceof BytesError) return undefined
    throw error
  }
}
