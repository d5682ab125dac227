import { readFileSync, writeFileSync } from 'node:fs'
import { MlKem768X25519Identity } from '../../packages/core/src/age/index.ts'
import { randomBytes } from 'node:crypto'
import { utf8Decode, utf8Encode } from '../../packages/core/src/bytes/index.ts'
import { sha256 } from '../../packages/core/src/client/index.ts'
import { SigningKey } from '../../packages/core/src/container/index.ts'
import {
  ACTS,
  encodeRecoveryBundle,
  parseJson,
  parseRecoveryBundle,
  signStatement,
  type Envelope,
  type RecoveryBundle,
} from '../../packages/core/src/protocol/index.ts'

// What somebody can do who owns the authority's server and writes programs, but has nobody's keys.

/** A bundle with a request that asks for the keys for somebody else. */
export function exchangedRecipient(from: string, to: string): void {
  change(from, to, (bundle) => {
    const { recipient } = parseJson(
      ACTS.request.payload,
      bundle.subject.payload,
      bundle.subject.payload.length,
    )
    const text = utf8Decode(bundle.subject.payload).replace(recipient, ownRecipient())
    return { ...bundle, subject: { ...bundle.subject, payload: utf8Encode(text) } }
  })
}

/** A bundle in which one of the approvals is signed with a key of one's own, in another officer's name. */
export function forgedApproval(from: string, to: string): void {
  change(from, to, (bundle) => {
    const forged = bundle.statements.map((statement) =>
      isApproval(statement) ? forge(statement) : statement,
    )
    return { ...bundle, statements: forged }
  })
}

function change(from: string, to: string, how: (bundle: RecoveryBundle) => RecoveryBundle): void {
  writeFileSync(to, encodeRecoveryBundle(how(parseRecoveryBundle(new Uint8Array(readFileSync(from))))))
}

function isApproval({ payloadType }: Envelope): boolean {
  return payloadType === ACTS.approval.payloadType
}

function forge({ payload }: Envelope): Envelope {
  const key = SigningKey.generate('ed25519+mldsa65')
  const approval = parseJson(ACTS.approval.payload, payload, payload.length)
  const by = key.signer.toString()
  return signStatement(sha256, ACTS.approval, { ...approval, by }, [
    { signer: by, sign: (message) => key.sign(message) },
  ])
}

function ownRecipient(): string {
  return MlKem768X25519Identity.fromBytes(new Uint8Array(randomBytes(32)))
    .recipient()
    .toString()
}
