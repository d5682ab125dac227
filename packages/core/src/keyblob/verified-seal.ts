import { equalBytes, toBase64 } from '../bytes/index.ts'
import type { Header } from '../age/index.ts'
import type { SignerKey } from '../container/index.ts'
import { verifyBatch } from './batch.ts'
import { keyCommitment } from './commitment.ts'
import { KeyBlobError } from './key-blob-error.ts'
import type { Metadata } from './metadata.ts'
import { parseSealBody, type SealBody } from './seal-body.ts'
import { findSeal, openSealBody, type SealEnvelope, type Visibility } from './seal-stanza.ts'
import type { SegmentTable } from './segment-table.ts'
import type { Serial } from './serial.ts'
import { sealIdOf, type StatementKind } from './statement.ts'

/** Whose signatures a reader accepts: their own and those of known signers. */
export interface SignerDirectory {
  /** @param keyId `SignerKey.keyId` */
  find(keyId: Uint8Array): { readonly signer: SignerKey; readonly name: string } | undefined
}

/** What a seal is checked against. */
export interface SealContext {
  readonly header: Pick<Header, 'stanzas'>
  /** The key that opened the header; without it only a public seal can be read. */
  readonly sessionKey?: Uint8Array | undefined
  /** The payload that stands behind the header; absent for a detached key blob. */
  readonly payload?: { readonly nonce: Uint8Array; readonly length: number } | undefined
  readonly signers: SignerDirectory
}

// Held by this module alone: nobody else can make a VerifiedSeal.
const MADE_BY_VERIFICATION = Symbol('verified')

/**
 * A seal that was verified. Only `verifySeal` makes one: to hold it is the proof.
 *
 * It proves the session key and what is signed about it. The payload's segments are verified against
 * `table` as they are read.
 */
export class VerifiedSeal {
  readonly kind: StatementKind
  readonly serial: Serial
  /** 32 bytes, naming this very seal. */
  readonly sealId: Uint8Array
  readonly metadata: Metadata
  readonly signer: SignerKey
  /** What the reader calls the signer. */
  readonly signerName: string
  /** 32 bytes. */
  readonly commitment: Uint8Array
  /** Whether the session key was at hand and matched the commitment: false only for a public seal read without key. */
  readonly keyChecked: boolean
  readonly visibility: Visibility
  /** Ciphertext bytes behind the nonce. */
  readonly payloadLength: number
  readonly nonce: Uint8Array
  readonly table: SegmentTable
  /** How many seals the signature covers. */
  readonly batchSize: number

  constructor(
    token: typeof MADE_BY_VERIFICATION,
    body: SealBody,
    by: { signer: SignerKey; name: string },
    how: { visibility: Visibility; keyChecked: boolean },
  ) {
    if (token !== MADE_BY_VERIFICATION) throw new TypeError('a seal is verified by verifySeal alone')
    const { statement } = body
    this.kind = statement.kind
    this.serial = statement.serial
    this.sealId = sealIdOf(body.statementBytes)
    this.metadata = body.metadata
    this.signer = by.signer
    this.signerName = by.name
    this.commitment = statement.commitment
    this.keyChecked = how.keyChecked
    this.visibility = how.visibility
    this.payloadLength = statement.payloadLength
    this.nonce = statement.nonce
    this.table = body.table
    this.batchSize = body.batch.size
  }
}

/**
 * Verifies a header's seal: docs/spec/key-blob.md, "Verification". The steps are the specification's.
 *
 * The caller has checked the header MAC, if it has the session key.
 *
 * @throws KeyBlobError NOT_SIGNED, SEAL_FORMAT, SEAL_PRIVATE, NOT_AUTHENTIC, UNKNOWN_SIGNER
 */
export function verifySeal(context: SealContext): VerifiedSeal {
  const envelope = findSeal(context.header.stanzas)
  const body = parseSealBody(openSealBody(envelope, context.sessionKey))
  checkCommitment(body, context.sessionKey)
  checkPlace(body, envelope, context.payload)
  const by = findSigner(body, context.signers)
  checkSignature(body, by.signer)
  const how = { visibility: envelope.visibility, keyChecked: context.sessionKey !== undefined }
  return new VerifiedSeal(MADE_BY_VERIFICATION, body, by, how)
}

/** A session key that somebody else made, wrapped for the owner, does not match the owner's commitment. */
function checkCommitment({ statement }: SealBody, sessionKey: Uint8Array | undefined): void {
  if (sessionKey && !equalBytes(keyCommitment(sessionKey, statement.serial), statement.commitment)) {
    throw new KeyBlobError('NOT_AUTHENTIC', 'the session key was substituted')
  }
}

/** The seal must belong to the payload it stands in front of: same nonce, same length. */
function checkPlace({ statement }: SealBody, envelope: SealEnvelope, payload: SealContext['payload']): void {
  const nonces = payload ? [envelope.nonce, payload.nonce] : [envelope.nonce]
  if (!nonces.every((nonce) => equalBytes(nonce, statement.nonce))) {
    throw new KeyBlobError('NOT_AUTHENTIC', 'the seal belongs to another payload')
  }
  if (payload && payload.length !== statement.payloadLength) {
    const lengths = `expected ${statement.payloadLength} bytes of ciphertext, got ${payload.length}`
    throw new KeyBlobError('NOT_AUTHENTIC', `the payload was cut or extended: ${lengths}`)
  }
}

function findSigner({ statement }: SealBody, signers: SignerDirectory) {
  const found = signers.find(statement.signerId)
  if (!found) {
    const fingerprint = `SHA256:${toBase64(statement.signerId)}`
    throw new KeyBlobError('UNKNOWN_SIGNER', `signed by an unknown key ${fingerprint}`, { fingerprint })
  }
  if (!equalBytes(found.signer.keyId, statement.signerId) || found.signer.suite !== statement.suite.name) {
    throw new KeyBlobError('NOT_AUTHENTIC', 'the signer has another key')
  }
  return found
}

function checkSignature(body: SealBody, signer: SignerKey): void {
  if (!verifyBatch(sealIdOf(body.statementBytes), body.batch, signer)) {
    throw new KeyBlobError('NOT_AUTHENTIC', 'the signature is not valid')
  }
}
