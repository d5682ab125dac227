import { encodeHeader, MlKem768X25519Identity } from '@strongroom/core/age'
import { toBase64, toHex, utf8Encode } from '@strongroom/core/bytes'
import { SignerKey, SigningKey } from '@strongroom/core/container'
import {
  ACTS,
  clientIdOf,
  DEPOSIT_TYPE,
  DEPOSIT_VERSION,
  encodeDepositBody,
  encodeEnvelope,
  encodeTerms,
  signerIdOf,
  signStatement,
  statementDigest,
  verifyEpochs,
  type AuthorityTrust,
  type DepositContext,
  type Envelope,
  type Epoch,
  type EpochChain,
  type MessageSigner,
} from '@strongroom/core/protocol'
import { logOrigin } from '@strongroom/core/tlog'
import { LogKeys } from '../../src/log/log-keys.ts'
import {
  admitDeposit,
  admitEnrolment,
  admitEpoch,
  type AdmittedStatement,
} from '../../src/model/admitted-statement.ts'
import { sha256 } from '../../src/model/digest.ts'
import type { ClientRow, InvitationRow, Owner } from '../../src/model/statement-rows.ts'

/** A signature pair of the classic suite, which is fast, from 32 times one byte. */
export function pairOf(seed: number): MessageSigner {
  const secret = new Uint8Array(32)
  new DataView(secret.buffer).setUint32(0, seed)
  const pair = SigningKey.fromSecretBytes('ed25519', secret)
  return { signer: pair.signer.toString(), sign: (message) => pair.sign(message) }
}

export const bytesOf = (seed: number, length = 32): Uint8Array => {
  const bytes = new Uint8Array(length)
  new DataView(bytes.buffer).setUint32(0, seed)
  return bytes
}

export const START = Date.UTC(2026, 10, 21, 10)
const MONTH = 30 * 86_400_000

/** The policy document of all epochs. */
export const TERMS = encodeTerms({
  retention: ['ten-years'],
  floor: { approvals: 2, waiting: 3_600 },
  witnesses: null,
})

const known = new Map<string, SignerKey>()
function signerOf(text: string): SignerKey {
  const key = known.get(text) ?? SignerKey.parse(text)
  known.set(text, key)
  return key
}

/** An authority of tests, with as many epochs as are asked for. */
export class TestAuthority {
  readonly identity: MessageSigner
  readonly keysText: string
  readonly keys: LogKeys
  readonly trust: AuthorityTrust
  readonly envelopes: readonly Envelope[]
  readonly chain: EpochChain

  /**
   * @param seed of its identity; its log keys are new each time unless they are given
   * @param custodian the signer of all epochs, in text form; each has one of its own unless it is told
   */
  constructor({
    epochs = 1,
    seed = 1,
    keysText,
    custodian,
  }: { epochs?: number; seed?: number; keysText?: string; custodian?: string } = {}) {
    this.identity = pairOf(seed)
    const origin = logOrigin('vault.example.org', toHex(signerIdOf(sha256, this.identity.signer)))
    this.keysText = keysText ?? LogKeys.generate(origin)
    this.keys = LogKeys.parse(this.keysText)
    this.trust = {
      identity: this.identity.signer,
      sha256,
      verify: (signer, message, signature) => signerOf(signer).verify(message, signature),
    }
    const envelopes: Envelope[] = []
    for (let number = 1; number <= epochs; number++)
      envelopes.push(this.#epoch(number, envelopes.at(-1), custodian))
    this.envelopes = envelopes
    this.chain = verifyEpochs(envelopes, this.trust)
  }

  #epoch(number: number, last: Envelope | undefined, custodian?: string): Envelope {
    const seed = new Uint8Array(32).fill(number)
    const epoch: Epoch = {
      authority: 'Example archive',
      identity: this.identity.signer,
      number,
      exchange: MlKem768X25519Identity.fromBytes(seed).recipient().toString(),
      rsa: null,
      custodian: custodian ?? pairOf(0x30000 + number).signer,
      log: { origin: this.keys.origin, keys: this.keys.verifierKeys },
      policy: sha256(TERMS),
      notBefore: START + (number - 1) * MONTH,
      notAfter: START + (number + 1) * MONTH,
      previous: last ? statementDigest(sha256, last) : null,
    }
    return signStatement(sha256, ACTS.epoch, epoch, [this.identity])
  }

  /** The epoch records, admitted. */
  epochs(): AdmittedStatement[] {
    return this.envelopes.map((envelope) => admitEpoch(encodeEnvelope(envelope), this.trust))
  }

  /** A client of a tenant, with the invitation that it enrols under. */
  client(tenant: string, seed: number): TestClient {
    return new TestClient(this, tenant, seed)
  }
}

/** A client and its deposits. */
export class TestClient {
  readonly #authority: TestAuthority
  readonly pair: MessageSigner
  readonly invited: MessageSigner
  readonly owner: Owner
  readonly invitation: Omit<InvitationRow, 'spent'>

  constructor(authority: TestAuthority, tenant: string, seed: number) {
    this.#authority = authority
    this.pair = pairOf(0x10000 + seed)
    this.invited = pairOf(0x20000 + seed)
    this.owner = { tenant, client: clientIdOf(sha256, tenant, this.pair.signer) }
    this.invitation = {
      tenant,
      id: signerIdOf(sha256, this.invited.signer),
      name: `person ${seed}`,
      created: START,
      expires: START + MONTH,
    }
  }

  /** Its enrolment, admitted. @param invited the client whose invitation it uses */
  enrolment(invited: TestClient = this, challenge = 1): AdmittedStatement {
    const { identity, trust } = this.#authority
    const enrolment = {
      identity: `SHA256:${toBase64(signerIdOf(sha256, identity.signer))}`,
      tenant: this.owner.tenant,
      invitation: invited.invited.signer,
      signer: this.pair.signer,
      exchange: EXCHANGE,
      name: 'laptop',
      challenge: bytesOf(challenge),
      created: START,
    }
    const envelope = signStatement(sha256, ACTS.enrolment, enrolment, [this.pair, invited.invited])
    return admitEnrolment(encodeEnvelope(envelope), trust)
  }

  /** The key blob of a deposit that is told from others by a number. */
  blob(number: number, changes: Partial<DepositContext> = {}): Uint8Array {
    const { chain } = this.#authority
    const epoch = chain.epochs[(changes.epochNumber ?? 1) - 1] ?? chain.latest
    const recipient = {
      type: 'mlkem768x25519',
      args: [toBase64(bytesOf(number, 1120))],
      body: bytesOf(number),
    }
    const encoded = utf8Encode(`-> ${recipient.type} ${recipient.args[0]}\n${toBase64(recipient.body)}\n`)
    const context: DepositContext = {
      tenant: this.owner.tenant,
      clientId: this.owner.client,
      signer: { suiteId: 1, id: signerIdOf(sha256, this.pair.signer) },
      epochNumber: epoch.payload.number,
      epochDigest: epoch.digest,
      format: 'file',
      serial: bytesOf(number, 16),
      commitment: bytesOf(number),
      retention: 'ten-years',
      policy: epoch.payload.policy,
      recipientDigest: sha256(encoded),
      createdMs: START + number,
      ...changes,
    }
    const body = encodeDepositBody(context, this.pair.sign)
    const stanza = { type: DEPOSIT_TYPE, args: [DEPOSIT_VERSION], body }
    return encodeHeader([recipient, stanza], bytesOf(number, 16))
  }

  /** Such a deposit, admitted. */
  deposit(number: number, changes: Partial<DepositContext> = {}): AdmittedStatement {
    return this.admit(this.blob(number, changes))
  }

  deposits(from: number, count: number): AdmittedStatement[] {
    return Array.from({ length: count }, (_, i) => this.deposit(from + i))
  }

  admit(blob: Uint8Array): AdmittedStatement {
    const client: Pick<ClientRow, 'tenant' | 'client' | 'signer' | 'state'> = {
      ...this.owner,
      signer: this.pair.signer,
      state: 'active',
    }
    return admitDeposit(blob, { ...this.#authority.trust, client, epochs: this.#authority.chain })
  }
}

const EXCHANGE = MlKem768X25519Identity.fromBytes(new Uint8Array(32).fill(9)).recipient().toString()
