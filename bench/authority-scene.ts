/**
 * An authority to measure, and deposits of real size for it: keys and signatures of the default profile, as long as they are
 * everywhere. Deposits for the store alone carry the signature of another: it is as long, and nothing looks at it there.
 */
import { join } from 'node:path'
import { encodeHeader, MlKem768X25519Identity } from '../packages/core/src/age/index.ts'
import { equalBytes, toBase64, toHex, utf8Encode } from '../packages/core/src/bytes/index.ts'
import { SignerKey, SigningKey } from '../packages/core/src/container/index.ts'
import {
  ACTS,
  clientIdOf,
  DEPOSIT_TYPE,
  DEPOSIT_VERSION,
  encodeDepositBody,
  encodeEnvelope,
  signerIdOf,
  signStatement,
  verifyEpochs,
  type AuthorityTrust,
  type EpochChain,
  type MessageSigner,
  type Verify,
  type VerifyLater,
} from '../packages/core/src/protocol/index.ts'
import { logOrigin } from '../packages/core/src/tlog/index.ts'
import { AuthorityLog, LogKeys } from '../packages/authority/src/log/index.ts'
import {
  admitDeposit,
  admitEnrolment,
  admitEpoch,
  keptSigners,
  sha256,
  type AdmittedStatement,
  type ClientRow,
} from '../packages/authority/src/model/index.ts'
import type { Store } from '../packages/authority/src/store/index.ts'

const SUITE = { name: 'ed25519+mldsa65', id: 2 } as const
const TENANT = 'acme'
const YEAR = 365 * 86_400_000
const RECIPIENT_BYTES = 1120

/** Signs for a real signature pair of the default profile. */
function newPair(): MessageSigner {
  const pair = SigningKey.generate(SUITE.name)
  return { signer: pair.signer.toString(), sign: (message) => pair.sign(message) }
}

/** Verification that keeps the keys that it saw, as the service does. */
function keptVerify(): Verify {
  const keys = new Map<string, SignerKey>()
  return (signer, message, signature) => {
    const key = keys.get(signer) ?? SignerKey.parse(signer)
    keys.set(signer, key)
    return key.verify(message, signature)
  }
}

/** An authority with one epoch and one client. */
export class BenchAuthority {
  readonly keysText: string
  readonly keys: LogKeys
  readonly trust: AuthorityTrust
  readonly chain: EpochChain
  readonly client: ClientRow
  readonly #epoch: AdmittedStatement
  readonly #enrolment: AdmittedStatement
  readonly #invitation: Uint8Array
  readonly #pair = newPair()
  readonly #fixed: Uint8Array

  constructor() {
    const now = Math.floor(Date.now() / 1000) * 1000
    const [identity, invited] = [newPair(), newPair()]
    this.trust = { identity: identity.signer, sha256, verify: keptVerify() }
    const origin = logOrigin('vault.example.org', toHex(signerIdOf(sha256, identity.signer)))
    this.keysText = LogKeys.generate(origin)
    this.keys = LogKeys.parse(this.keysText)
    const exchange = MlKem768X25519Identity.fromBytes(bytesOf(1)).recipient().toString()
    const epoch = signStatement(
      sha256,
      ACTS.epoch,
      {
        authority: 'Example archive',
        identity: identity.signer,
        number: 1,
        exchange,
        rsa: null,
        custodian: newPair().signer,
        log: { origin, keys: this.keys.verifierKeys },
        policy: bytesOf(2),
        notBefore: now - YEAR,
        notAfter: now + YEAR,
        previous: null,
      },
      [identity],
    )
    this.chain = verifyEpochs([epoch], this.trust)
    this.#epoch = admitEpoch(encodeEnvelope(epoch), this.trust)
    const { signer } = this.#pair
    const enrolment = {
      identity: `SHA256:${toBase64(signerIdOf(sha256, identity.signer))}`,
      tenant: TENANT,
      invitation: invited.signer,
      signer,
      exchange,
      name: 'laptop',
      challenge: bytesOf(3),
      created: now,
    }
    const envelope = signStatement(sha256, ACTS.enrolment, enrolment, [this.#pair, invited])
    this.#enrolment = admitEnrolment(encodeEnvelope(envelope), this.trust)
    this.#invitation = signerIdOf(sha256, invited.signer)
    const { facts } = this.#enrolment
    if (facts.kind !== 'enrolment') throw new TypeError('an enrolment is none')
    const clientId = clientIdOf(sha256, TENANT, signer)
    const { digest } = this.#enrolment
    const own = {
      tenant: TENANT,
      client: clientId,
      enrolment: digest,
      received: now,
      state: 'active',
    } as const
    this.client = { ...facts.enrolment, ...own }
    this.#fixed = this.#pair.sign(bytesOf(4))
  }

  /** Opens the log of an empty database, with the client enrolled. */
  async begin(store: Store, folder: string): Promise<AuthorityLog> {
    const now = Date.now()
    const log = await this.open(store, folder)
    await store.addTenant({ tenant: TENANT, created: now })
    const invitation = {
      tenant: TENANT,
      id: this.#invitation,
      name: 'a person',
      created: now,
      expires: now + YEAR,
    }
    await store.addInvitation(invitation)
    for (const statement of [this.#epoch, this.#enrolment]) await log.append([statement])
    return log
  }

  open(store: Store, folder: string): Promise<AuthorityLog> {
    const { keys, trust } = this
    return AuthorityLog.open({
      store,
      keys,
      trust,
      signedPath: join(folder, 'last-checkpoint'),
      now: Date.now,
    })
  }

  /** A key blob as a client makes it; each number makes another. */
  blob(number: number, sign: MessageSigner['sign'] = this.#pair.sign): Uint8Array {
    const recipient = {
      type: 'mlkem768x25519',
      args: [toBase64(bytesOf(number, RECIPIENT_BYTES))],
      body: bytesOf(number),
    }
    const encoded = utf8Encode(`-> ${recipient.type} ${recipient.args[0]}\n${toBase64(recipient.body)}\n`)
    const { payload, digest } = this.chain.latest
    const context = {
      tenant: TENANT,
      clientId: this.client.client,
      signer: { suiteId: SUITE.id, id: signerIdOf(sha256, this.#pair.signer) },
      epochNumber: 1,
      epochDigest: digest,
      format: 'file' as const,
      serial: bytesOf(number, 16),
      commitment: bytesOf(number),
      sealId: sha256(bytesOf(number)),
      object: { nameDigest: sha256(bytesOf(number, 8)), size: number },
      description: { kind: 'plain' as const, text: `Contract ${number} of ${2000 + (number % 27)}` },
      retention: 'ten-years',
      policy: payload.policy,
      recipientDigest: sha256(encoded),
      createdMs: payload.notBefore + number,
    }
    const stanza = { type: DEPOSIT_TYPE, args: [DEPOSIT_VERSION], body: encodeDepositBody(context, sign) }
    return encodeHeader([recipient, stanza], bytesOf(number, 16))
  }

  /** Deposits to append, from a number on; with a signature of the right length that is not theirs. */
  deposits(from: number, count: number): AdmittedStatement[] {
    const admission = { client: this.client, epochs: this.chain, sha256, verify: () => true }
    return Array.from({ length: count }, (_, i) =>
      admitDeposit(
        this.blob(from + i, () => this.#fixed),
        admission,
      ),
    )
  }

  /** For the check of a database of such deposits: does the work of verifying each, on a signature that is valid. */
  get tolerant(): AuthorityTrust {
    const { identity, verify } = this.trust
    return { identity, sha256, verify: (...asked) => verify(...this.#tolerated(...asked)) }
  }

  /** The same by other threads. */
  get tolerantLater(): VerifyLater {
    const { verifyLater } = keptSigners()
    return (...asked) => verifyLater(...this.#tolerated(...asked))
  }

  #tolerated(signer: string, message: Uint8Array, signature: Uint8Array): Parameters<Verify> {
    const isFixed = signer === this.#pair.signer && equalBytes(signature, this.#fixed)
    return [signer, isFixed ? bytesOf(4) : message, signature]
  }
}

/** Bytes that a number makes, and no other. */
export function bytesOf(number: number, length = 32): Uint8Array {
  const bytes = new Uint8Array(length)
  new DataView(bytes.buffer).setFloat64(0, number)
  return bytes
}
