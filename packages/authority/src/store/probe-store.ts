import type { ProbeResult } from '@strongroom/core/protocol'
import { AUTHORITY } from '../model/statement-rows.ts'
import { EVERYBODY } from './engine.ts'
import { answerOf, probeOf, resultsOf, waitingProbes, type ProbeRow } from './probe-rows.ts'
import type { Runner } from './runner.ts'

/** A probe with what it was answered. */
export interface FoundProbe {
  readonly row: ProbeRow
  readonly answer:
    | { readonly digest: Uint8Array; readonly index: number; readonly results: readonly ProbeResult[] }
    | undefined
}

/** Probes as they are read: they are appended as all statements are. */
export class ProbeStore {
  readonly #run: Runner

  constructor(run: Runner) {
    this.#run = run
  }

  /** A probe of a tenant; undefined if there is none. */
  find(tenant: string, digest: Uint8Array): Promise<FoundProbe | undefined> {
    return this.#run.read([AUTHORITY.tenant, tenant], async (db) => {
      const row = await probeOf(db, tenant, digest)
      const answer = row && (await answerOf(db, tenant, digest))
      if (!row) return undefined
      const told = answer && { digest: answer.digest, index: answer.leaf, results: resultsOf(row, answer) }
      return { row, answer: told }
    })
  }

  /** The tenant of a probe: for the custodian, who serves all of them. */
  async home(digest: Uint8Array): Promise<string | undefined> {
    const row = await this.#run.read(EVERYBODY, (db) =>
      db.selectFrom('probe').select('tenant').where('digest', '=', digest).executeTakeFirst(),
    )
    return row?.tenant
  }

  /** Probes of all tenants that wait for an answer and came after a moment, the oldest first. */
  waiting(since: number, limit: number): Promise<Uint8Array[]> {
    return this.#run.read(EVERYBODY, (db) => waitingProbes(db, { since, limit }))
  }
}
