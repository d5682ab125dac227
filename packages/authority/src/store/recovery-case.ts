import type { Kysely } from 'kysely'
import type { AdmittedStatement } from '../model/admitted-statement.ts'
import type { RecoveryAct, RecoveryFactsOf } from '../model/recovery-facts.ts'
import type { RecoveryGround } from './recovery-ground.ts'
import type { Schema } from './schema.ts'

/** How many requests may be open at the same time, and how much may be probed. */
export interface RequestQuota {
  /** Of one owner, and by one key. */
  readonly owner: number
  readonly key: number
  /** How many deposits a client may probe in 24 hours. */
  readonly probes: number
}

/** What a statement about recovery is judged by, while nobody else may write. */
export interface RecoveryGiven {
  readonly db: Kysely<Schema>
  readonly statement: AdmittedStatement
  readonly ground: RecoveryGround
  /** The leaf that it gets if it is taken. */
  readonly index: number
  readonly now: number
  readonly quota: RequestQuota
}

/** The same of one act. */
export interface RecoveryCase<K extends RecoveryAct> extends RecoveryGiven {
  readonly facts: RecoveryFactsOf<K>
}
