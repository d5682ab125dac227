import type { Usage } from './statement-rows.ts'

/** How much may be stored. Absent: as much as there is room for. */
export interface Quota {
  readonly deposits?: number
  /** Of key blobs. */
  readonly bytes?: number
}

/** What each client may store, and all clients of a tenant together. */
export interface Quotas {
  readonly client: Quota
  readonly tenant: Quota
  /** Requests for recovery that may be open at the same time: of one owner, and by one key. 8 each unless told. */
  readonly requests?: { readonly owner?: number; readonly key?: number }
  /** Deposits that a client may probe in 24 hours; 1,000 unless told. */
  readonly probes?: { readonly deposits?: number }
}

/** What was stored after one more deposit. */
export function withDeposit({ deposits, bytes }: Usage, size: number): Usage {
  return { deposits: deposits + 1, bytes: bytes + size }
}

/** Whether so much may be stored. */
export function isWithin({ deposits, bytes }: Usage, quota: Quota): boolean {
  return deposits <= (quota.deposits ?? Infinity) && bytes <= (quota.bytes ?? Infinity)
}
