import { toHex } from '@strongroom/core/bytes'
import {
  fingerprintOf,
  parseEnvelope,
  type AuthorityTrust,
  type Charter,
  type RecoveryRequest,
} from '@strongroom/core/protocol'
import { admitRecovery, type AdmittedStatement } from '../model/admitted-statement.ts'
import { sha256 } from '../model/digest.ts'
import { keyOf } from '../model/group-judgement.ts'
import type { Beside, RecoveryFacts } from '../model/recovery-facts.ts'
import { charterRow, recoveryRowsOf, type RecoveryPlace } from '../model/recovery-rows.ts'
import type { StatementRow } from '../model/statement-rows.ts'
import { boundClient } from '../store/recovery-append.ts'
import { DERIVED_TABLES, type DerivedTable } from '../store/recovery-audit.ts'
import { payloadOf } from '../store/recovery-ground.ts'
import type { Store } from '../store/store.ts'

/** A client that a release made. */
export interface BoundClient {
  readonly key: string
  readonly signer: string
}

/** Derives the rows of statements about recovery again, and compares them with what is kept. */
export class RecoveryCheck {
  readonly #store: Store
  readonly #trust: AuthorityTrust
  readonly #requests = new Map<string, RecoveryRequest>()
  readonly #charters = new Map<string, Charter>()
  readonly #counts = new Map<DerivedTable, number>(DERIVED_TABLES.map((table) => [table, 0]))

  constructor(store: Store, trust: AuthorityTrust) {
    this.#store = store
    this.#trust = trust
  }

  /** The statement with what came beside it, checked as when it came. @throws ProtocolError */
  async admit(row: StatementRow): Promise<AdmittedStatement> {
    const beside = await this.#store.recovery.audit.beside(row)
    return admitRecovery(row.bytes, this.#trust, row.kind === 'charter' ? ownKeys(row, beside) : beside)
  }

  /** What is wrong with the rows of a statement; undefined if nothing is. */
  async compare(
    { owner, digest }: AdmittedStatement,
    facts: RecoveryFacts,
    { index, received }: StatementRow,
  ): Promise<string | undefined> {
    const { audit } = this.#store.recovery
    const place: RecoveryPlace = { tenant: owner.tenant, digest, index, received }
    const rows = [...Object.entries(recoveryRowsOf(facts, place)), ...this.#effects(facts, place)]
    for (const [table, values] of rows) {
      for (const value of values as readonly Readonly<Record<string, unknown>>[]) {
        if (!(await audit.has(table as DerivedTable, value)))
          return `its row of ${table} is missing, or says something else`
        this.#count(table)
      }
    }
    return undefined
  }

  /** The client that a release makes, of whom deposits may follow. */
  bound({ kind, payload }: RecoveryFacts): BoundClient | undefined {
    const request = kind === 'release' ? this.#requests.get(toHex(payload.subject)) : undefined
    if (request?.class !== 'self') return undefined
    const none = { subject: new Uint8Array(0), release: new Uint8Array(0) }
    const { tenant, client, signer } = boundClient(request, '', none)
    return { key: keyOf(tenant, client), signer }
  }

  /** Tables that have other numbers of rows than follow from the statements. */
  async *extra(): AsyncGenerator<{ readonly at: string; readonly problem: string }> {
    const found = await this.#store.recovery.audit.counts()
    for (const [table, wanted] of this.#counts) {
      if (found[table] !== wanted) {
        yield { at: table, problem: `expected ${wanted} rows, found ${found[table]}` }
      }
    }
  }

  #count(table: string): void {
    const known = this.#counts.get(table as DerivedTable)
    if (known !== undefined) this.#counts.set(table as DerivedTable, known + 1)
  }

  /** What a statement changes about others. */
  #effects(
    { kind, payload, beside }: RecoveryFacts,
    { tenant, digest, index }: RecoveryPlace,
  ): [string, unknown[]][] {
    if (kind === 'request') this.#requests.set(toHex(digest), payload)
    if (kind === 'charter') this.#charters.set(toHex(digest), payload)
    if (kind === 'verification') {
      const rows = (beside.results ?? []).map(({ id, right }) => ({
        deposit: id,
        leaf: index,
        correct: right ? 1 : 0,
      }))
      const right = (beside.results ?? []).filter((result) => result.right)
      return [
        ['opened', rows],
        ['deposit', right.map(({ id }) => ({ digest: id, level: 2 }))],
      ]
    }
    if (kind === 'rewrap') {
      const { to } = payload
      const rows = (beside.blobs ?? []).map(({ id, blob }) => ({ deposit: id, epoch: to, leaf: index, blob }))
      return [['rewrapped', rows]]
    }
    if (kind !== 'release') return []
    const charter = this.#charters.get(toHex(payload.subject))
    if (charter) return [['charter', [charterRow(charter, payload.subject, index)]]]
    const request = this.#requests.get(toHex(payload.subject))
    if (request?.class !== 'self') return []
    const { name: _, ...client } = boundClient(request, '', { subject: payload.subject, release: digest })
    return [['client', [client, { tenant, client: request.client, state: 'replaced' }]]]
  }
}

/** Of all keys of people that are known in a tenant, those of the people of this charter. */
function ownKeys({ bytes }: StatementRow, { keys = [], ...rest }: Beside): Beside {
  const { people } = payloadOf('charter', parseEnvelope(bytes))
  const named = new Set(people.flatMap(({ signers }) => signers))
  return { ...rest, keys: keys.filter((key) => named.has(fingerprintOf(sha256, key))) }
}
