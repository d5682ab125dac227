import { AgeError, unwrapFileKey, type Header, type Identity, type Stanza } from '../age/index.ts'
import { equalBytes, toHex, wipe } from '../bytes/index.ts'
import { KeyBlobError, parseKeyBlob } from '../keyblob/index.ts'
import {
  CRYPTOAPI_KEY_TYPE,
  CRYPTOAPI_KEY_VERSION,
  parseReleaseBody,
  ProtocolError,
  RELEASE_TYPE,
  RELEASE_VERSION,
  releaseListDigest,
  verifyDeposit,
  type DepositContext,
  type EpochChain,
} from '../protocol/index.ts'
import { ClientError } from './client-error.ts'
import { openWithKey, type OpenedDeposit } from './deposit-blob.ts'
import { parseDepositBlob } from './deposit-parts.ts'
import { nodeMeans, sha256 } from './node-verify.ts'
import { openText } from './sealed-text.ts'

/** What was released, and against what it is checked. */
export interface ReleasedBlobs {
  /** The statement digest of the request. */
  readonly request: Uint8Array
  /** What the custodian signed: `results` of its release. */
  readonly results: Uint8Array
  /** The ids of the deposits in ascending order, and as they were deposited. */
  readonly deposits: readonly { readonly id: Uint8Array; readonly blob: Uint8Array }[]
  /** The release blobs, in the same order. */
  readonly blobs: readonly Uint8Array[]
  readonly tenant: string
  /** The owner, and the signer that it enrolled with. */
  readonly client: string
  readonly ownerSigner: string
  readonly epochs: EpochChain
  /** Of the new container. */
  readonly identities: readonly Identity[]
}

/**
 * A session key that came back. For decryption alone: others had it in their hands, so nothing new may be protected by it. Key and
 * enclosed bytes are the caller's, to be wiped.
 */
export interface RecoveredKey extends OpenedDeposit {
  /** The id of the deposit. */
  readonly id: Uint8Array
  readonly decryptOnly: true
  /**
   * Of a SIMPLEBLOB: the key that the custodian found in it, as PLAINTEXTKEYBLOB. If it was not made for the custodian's key it is one
   * that fits nothing: nobody is told which. To be wiped.
   */
  readonly cryptoApiKey?: Uint8Array
}

const RECIPIENT_TYPE = 'mlkem768x25519'

/**
 * Opens what a custodian released: docs/spec/recovery.md, "Key blobs". The blobs are those that the custodian signed, each is of this
 * request and its deposit, and each key is the one that the owner committed to, in a deposit that the owner signed.
 *
 * @throws ClientError CLIENT_ALARM for blobs that the custodian did not sign, or of another request or deposit, and for deposits that
 *   are not the owner's; CLIENT_NOT_OPENED for one that does not open, or whose key is another. Nothing is returned then.
 */
export function openRelease(released: ReleasedBlobs): RecoveredKey[] {
  checkResults(released)
  const keys: RecoveredKey[] = []
  try {
    for (const [i, deposit] of released.deposits.entries()) {
      keys.push(openOne(released, deposit, released.blobs[i] ?? new Uint8Array(0)))
    }
    return keys
  } catch (error) {
    for (const { sessionKey, enclosed, cryptoApiKey } of keys)
      [sessionKey, enclosed, cryptoApiKey].forEach((bytes) => bytes && wipe(bytes))
    throw error
  }
}

function checkResults({ deposits, blobs, results }: ReleasedBlobs): void {
  const rows = deposits.map(({ id }, i) => ({ id, blob: blobs[i] ?? new Uint8Array(0) }))
  if (blobs.length === deposits.length && equalBytes(releaseListDigest(sha256, rows), results)) return
  throw alarm('the key blobs are not those that the custodian signed')
}

function openOne(
  released: ReleasedBlobs,
  { id, blob: depositBlob }: ReleasedBlobs['deposits'][number],
  blob: Uint8Array,
): RecoveredKey {
  const context = depositOf(released, id, depositBlob)
  const header = releaseHeader(blob, released.request, { id, context })
  const sessionKey = unwrapped(header, released.identities, id)
  const opened = openWithKey(sessionKey, context)
  const more = header.stanzas[2]
  const cryptoApiKey = more && openText(sessionKey, 'cryptoapi-key', more.body)
  if (opened && (!more || cryptoApiKey)) {
    return { ...opened, id, decryptOnly: true, ...(cryptoApiKey && { cryptoApiKey }) }
  }
  wipe(sessionKey)
  throw notOpened(id, 'its key is not the one that was deposited')
}

/** What the owner signed about a deposit. */
function depositOf(
  { tenant, client: clientId, ownerSigner: signer, epochs }: ReleasedBlobs,
  id: Uint8Array,
  blob: Uint8Array,
): DepositContext {
  if (!equalBytes(sha256(blob), id)) throw alarm(`the authority shows another deposit than ${toHex(id)}`)
  try {
    const { body, recipientStanza } = parseDepositBlob(blob)
    return verifyDeposit(body, { ...nodeMeans, tenant, clientId, signer, epochs, recipientStanza }).context
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw alarm(`the deposit ${toHex(id)} is not the owner's: ${cause.message}`, cause)
  }
}

/**
 * Two stanzas and no more, of a SIMPLEBLOB perhaps a third; the second says for which request and deposit it was made.
 */
function releaseHeader(
  blob: Uint8Array,
  request: Uint8Array,
  { id, context }: { readonly id: Uint8Array; readonly context: DepositContext },
): Header {
  const header = headerOf(blob, id)
  const [recipient, release, key, ...others] = header.stanzas
  const shaped =
    recipient?.type === RECIPIENT_TYPE &&
    isStanza(release, RELEASE_TYPE, RELEASE_VERSION) &&
    (!key ||
      (context.format === 'simple-blob' && isStanza(key, CRYPTOAPI_KEY_TYPE, CRYPTOAPI_KEY_VERSION))) &&
    others.length === 0
  if (!shaped || !release) throw alarm(`what was released for ${toHex(id)} is no release blob`)
  const body = bodyOf(release.body, id)
  if (!equalBytes(body.request, request))
    throw alarm(`what was released for ${toHex(id)} is for another request`)
  if (!equalBytes(body.deposit, id)) throw alarm(`what was released for ${toHex(id)} is of another deposit`)
  return header
}

function isStanza(stanza: Stanza | undefined, type: string, version: string): boolean {
  return stanza?.type === type && stanza.args.length === 1 && stanza.args[0] === version
}

function headerOf(blob: Uint8Array, id: Uint8Array): Header {
  try {
    return parseKeyBlob(blob)
  } catch (cause) {
    if (!(cause instanceof KeyBlobError)) throw cause
    throw alarm(`what was released for ${toHex(id)} is no key blob`, cause)
  }
}

function bodyOf(body: Uint8Array, id: Uint8Array) {
  try {
    return parseReleaseBody(body)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw alarm(`what was released for ${toHex(id)} is no release blob`, cause)
  }
}

/** The MAC binds request and deposit to the key: one failure, whatever it was. */
function unwrapped(header: Header, identities: readonly Identity[], id: Uint8Array): Uint8Array {
  try {
    return unwrapFileKey(header, identities)
  } catch (cause) {
    if (!(cause instanceof AgeError)) throw cause
    throw notOpened(id, 'made for another container, or changed', cause)
  }
}

function alarm(message: string, cause?: Error): ClientError {
  return new ClientError('CLIENT_ALARM', message, { cause })
}

function notOpened(id: Uint8Array, reason: string, cause?: Error): ClientError {
  return new ClientError('CLIENT_NOT_OPENED', `what was released for ${toHex(id)} does not open: ${reason}`, {
    cause,
  })
}
