import { randomBytes } from 'node:crypto'
import { basename } from 'node:path'
import { AgeError, verifyHeaderMac, type Header, type Identity, type Recipient } from '../age/index.ts'
import { copyOf, equalBytes, toHex } from '../bytes/index.ts'
import { SignerKey, type KeyContainer } from '../container/index.ts'
import {
  draftSeal,
  encodeKeyBlob,
  finishSeal,
  KeyBlobError,
  parseKeyBlob,
  signDrafts,
  type SignerDirectory,
  type VerifiedSeal,
} from '../keyblob/index.ts'
import { objectNameDigest } from '../protocol/index.ts'
import { exportKeyBlob, inspectFile, rewrapFile, type Rewrapped } from '../seal/index.ts'
import { ClientError } from './client-error.ts'
import { sha256 } from './node-verify.ts'
import type { RecoveredKey } from './recovery-release.ts'

/** For whom a file is made readable again. */
export interface RestoreOptions {
  /** The signer that the owner enrolled with, in text form: as the deposit names it. The seal must be theirs. */
  readonly ownerSigner: string
  /** The new owner, and whoever else is to open it. */
  readonly recipients: readonly Recipient[]
  readonly signal?: AbortSignal | undefined
}

/** A file that opens again, with the seal of its owner, which stays as it was. */
export interface RestoredFile extends Rewrapped {
  readonly path: string
  readonly seal: VerifiedSeal
}

const SUFFIX = /\.age$/
/** Folders above a file that its name may begin with, when a whole folder was sealed. */
const MOST_FOLDERS = 32

/** What a file may have been called when it was sealed: its own name, and with folders before it. */
export function namesOf(path: string): string[] {
  const parts = path.replace(SUFFIX, '').split('/').slice(-MOST_FOLDERS)
  const names = parts.map((_, i) => parts.slice(i).join('/'))
  return [...new Set([...names, basename(path)])]
}

/** The recovered key of a file; undefined if it is none of these. @throws SealError for what is no sealed file */
export async function keyOfFile(
  path: string,
  keys: readonly RecoveredKey[],
): Promise<RecoveredKey | undefined> {
  const header = parseKeyBlob(await exportKeyBlob(path))
  const { claims, plaintextBytes } = await inspectFile({ path })
  const ofFiles = keys.filter(({ context }) => context.format === 'file')
  // To try each key on each file would take hours where there are thousands of both; so the likely ones come first.
  const likely = ofFiles.filter(({ context: { sealId, object } }) =>
    claims ? sealId && equalBytes(sealId, claims.sealId) : object?.size === plaintextBytes,
  )
  const names = claims ? [] : namesOf(path).map((name) => objectNameDigest(sha256, name))
  const isNamed = ({ context: { object } }: RecoveredKey) =>
    names.some((name) => object && equalBytes(object.nameDigest, name))
  const isRight = ({ sessionKey }: RecoveredKey) => isKeyOf(header, sessionKey)
  return likely.filter(isNamed).find(isRight) ?? likely.find(isRight) ?? ofFiles.find(isRight)
}

/**
 * Writes a file's header anew, so that it opens for its new owner. Content and seal stay; the seal must be that of the owner, for the
 * very key that was deposited.
 *
 * It is atomic, and done again it does nothing else.
 *
 * @throws ClientError CLIENT_ALARM if the file's own key blob commits to another key than the deposit; SealError, and then the file
 *   is as it was
 */
export async function restoreFile(
  path: string,
  key: RecoveredKey,
  options: RestoreOptions,
): Promise<RestoredFile> {
  const { ownerSigner, recipients, signal } = options
  const reader = { identities: [identityOf(key)], signers: onlyOwner(ownerSigner) }
  await checkFile(path, key, reader)
  const { inPlace, seal } = await rewrapFile(path, { ...reader, recipients, signal })
  if (!seal) throw new ClientError('CLIENT_ALARM', 'the file has no seal')
  return { path, inPlace, seal }
}

async function checkFile(
  path: string,
  { context }: RecoveredKey,
  reader: { readonly identities: readonly Identity[]; readonly signers: SignerDirectory },
): Promise<void> {
  const { verified, problem } = await inspectFile({ path }, reader)
  if (!verified) {
    if (problem?.code === 'UNKNOWN_SIGNER') {
      throw new KeyBlobError('UNKNOWN_SIGNER', 'sealed by another key than the one that made the deposit')
    }
    throw new KeyBlobError('NOT_AUTHENTIC', problem?.message ?? 'the seal does not hold')
  }
  const same =
    equalBytes(verified.commitment, context.commitment) &&
    equalBytes(verified.serial, context.serial) &&
    (context.sealId === undefined || equalBytes(verified.sealId, context.sealId))
  if (!same) throw new ClientError('CLIENT_ALARM', 'the file commits to another key than the deposit')
}

/**
 * A named session key that came back, as a signed key blob of the new owner: the files under it open with it. What it says of itself
 * is that it is for decryption alone.
 */
export function recoveredKeyBlob(key: RecoveredKey, container: KeyContainer, nowMs: number): Uint8Array {
  const { sessionKey, context } = key
  const signingKey = container.signingKey()
  const draft = draftSeal({
    kind: 'session-key',
    serial: context.serial,
    sessionKey,
    nonce: new Uint8Array(randomBytes(16)),
    payloadLength: 0,
    leafHashes: [],
    metadata: {
      description: `recovered from the deposit ${toHex(key.id).slice(0, 16)}, for decryption alone`,
      name: recoveredName(key),
      createdMs: nowMs,
      version: 1,
    },
    signer: signingKey.signer,
  })
  const [batch] = signDrafts([draft], signingKey)
  if (!batch) throw new KeyBlobError('LIMIT', 'batch: no signature')
  return encodeKeyBlob(
    [container.recipient().wrap(sessionKey)],
    finishSeal(draft, batch, sessionKey, 'private'),
    sessionKey,
  )
}

/** What a named session key is called that came back: what it was called before, nobody signed. */
export function recoveredName({ context }: Pick<RecoveredKey, 'context'>): string {
  return `recovered-${toHex(context.serial).slice(-12)}`
}

/** Opens the one file that the key is for, whoever its header is addressed to. */
function identityOf({ sessionKey }: RecoveredKey): Identity {
  return { kind: 'strongroom/recovered', unwrap: () => copyOf(sessionKey) }
}

function onlyOwner(ownerSigner: string): SignerDirectory {
  const signer = SignerKey.parse(ownerSigner)
  return { find: (id) => (equalBytes(id, signer.keyId) ? { signer, name: 'the owner' } : undefined) }
}

function isKeyOf(header: Header, sessionKey: Uint8Array): boolean {
  try {
    verifyHeaderMac(header, sessionKey)
    return true
  } catch (error) {
    if (error instanceof AgeError) return false
    throw error
  }
}
