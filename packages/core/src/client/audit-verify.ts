import { equalBytes, utf8Encode } from '../bytes/index.ts'
import { MerkleError, merkleTree } from '../merkle/index.ts'
import {
  ACTS,
  clientIdOf,
  openStatement,
  parseEnvelope,
  ProtocolError,
  verifyDeposit,
  verifyEpochs,
  type Act,
  type EpochChain,
} from '../protocol/index.ts'
import { encodeLogEntry, ENTRY_KINDS } from '../tlog/index.ts'
import { damaged, type AuditEnd, type AuditHead, type AuditStatement } from './audit-export.ts'
import { trustIn } from './authority-state.ts'
import { ClientError } from './client-error.ts'
import { parseDepositBlob } from './deposit-parts.ts'
import { verifyHead, type LogHead } from './log-head.ts'
import { nodeMeans, sha256 } from './node-verify.ts'

/** What is wrong with a line. */
export interface AuditFinding {
  /** From 1 on. */
  readonly line: number
  readonly reason: string
}

/** What was checked. */
export interface AuditReport {
  readonly head: LogHead
  readonly epochs: EpochChain
  readonly statements: number
  /** Statements that came along, of which digest and signatures were verified. */
  readonly opened: number
  /** Deposits that came along, whose owner's enrolment did not: their signature was not looked at. */
  readonly unknownOwners: number
  /** Whether every statement of the tree is there: only then is it known that nothing was left out. */
  readonly whole: boolean
  readonly findings: readonly AuditFinding[]
}

/**
 * Checks an export of an audit, line by line, without asking anybody: docs/spec/audit.md, "Checking". The fingerprint of the authority
 * alone is trusted.
 */
export class AuditCheck {
  readonly #head: LogHead
  readonly #epochs: EpochChain
  readonly #findings: AuditFinding[] = []
  readonly #signers = new Map<string, string>()
  #before = -1
  #statements = 0
  #opened = 0
  #unknownOwners = 0

  /**
   * @param identity the fingerprint of the authority
   * @throws ClientError CLIENT_EXPORT for an export of another authority; ProtocolError as `verifyEpochs`, TlogError as `verifyHead`
   */
  constructor(head: AuditHead, identity: string) {
    if (head.identity !== identity) throw damaged(`an export of another authority, ${head.identity}`)
    this.#epochs = verifyEpochs(head.epochs, trustIn(identity))
    this.#head = verifyHead(utf8Encode(head.checkpoint), this.#epochs)
  }

  /** Checks one line; what is wrong is in the report. */
  line(number: number, read: () => AuditStatement): void {
    this.#statements++
    try {
      this.#check(read())
    } catch (error) {
      if (!isRefusal(error)) throw error
      this.#findings.push({ line: number, reason: error.message })
    }
  }

  /** @param last the number of the last line, by which what is wrong with the whole is named */
  end({ count, sha256: expected }: AuditEnd, actual: Uint8Array, last: number): AuditReport {
    if (count !== this.#statements) {
      const reason = `the export says that it has ${count} statements, and has ${this.#statements}`
      this.#findings.push({ line: last, reason })
    }
    if (!equalBytes(expected, actual)) {
      this.#findings.push({
        line: last,
        reason: 'the checksum is another: something is not as it was written',
      })
    }
    return {
      head: this.#head,
      epochs: this.#epochs,
      statements: this.#statements,
      opened: this.#opened,
      unknownOwners: this.#unknownOwners,
      whole: this.#findings.length === 0 && this.#statements === this.#head.size,
      findings: this.#findings,
    }
  }

  #check(row: AuditStatement): void {
    const { index, kind, digest, proof, statement } = row
    if (index <= this.#before)
      throw damaged(`statement ${index} behind ${this.#before}: out of order, or twice`)
    this.#before = index
    const leaf = merkleTree(sha256).leafHash(encodeLogEntry({ kind: ENTRY_KINDS[kind], digest }))
    if (index >= this.#head.size) throw damaged(`statement ${index} of a tree of ${this.#head.size}`)
    try {
      merkleTree(sha256).verifyInclusion(leaf, index, this.#head.size, proof, this.#head.root)
    } catch (cause) {
      if (!(cause instanceof MerkleError)) throw cause
      throw damaged(`statement ${index}: its proof does not lead to the root of the checkpoint`, cause)
    }
    if (statement) this.#open(row, statement)
  }

  #open(row: AuditStatement, bytes: Uint8Array): void {
    this.#opened++
    if (row.kind === 'deposit') return this.#openDeposit(row, bytes)
    const act: Act<unknown> = ACTS[row.kind] as Act<unknown>
    const { payload, digest } = openStatement(act, parseEnvelope(bytes), nodeMeans)
    if (!equalBytes(digest, row.digest))
      throw damaged(`statement ${row.index} is not the one that was logged`)
    const said = payload as {
      readonly tenant?: unknown
      readonly client?: unknown
      readonly signer?: unknown
    }
    for (const name of ['tenant', 'client'] as const) {
      if (typeof said[name] === 'string' && said[name] !== row[name]) {
        throw damaged(`statement ${row.index}: of another ${name} than the line says`)
      }
    }
    this.#remember(row, said.signer)
  }

  /** Whoever enrolled, or asked with a new container, signs deposits with that key. */
  #remember({ kind, tenant }: AuditStatement, signer: unknown): void {
    if ((kind !== 'enrolment' && kind !== 'request') || typeof signer !== 'string') return
    this.#signers.set(clientIdOf(sha256, tenant, signer), signer)
  }

  #openDeposit({ index, digest, tenant, client }: AuditStatement, blob: Uint8Array): void {
    if (!equalBytes(sha256(blob), digest)) throw damaged(`deposit ${index} is not the one that was logged`)
    const { body, recipientStanza } = parseDepositBlob(blob)
    const signer = this.#signers.get(client)
    if (signer === undefined) {
      this.#unknownOwners++
      return
    }
    verifyDeposit(body, {
      ...nodeMeans,
      tenant,
      clientId: client,
      signer,
      epochs: this.#epochs,
      recipientStanza,
    })
  }
}

function isRefusal(error: unknown): error is Error {
  return error instanceof ClientError || error instanceof ProtocolError
}
