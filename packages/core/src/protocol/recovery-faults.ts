/**
 * Why a statement about a recovery does not count, or why nothing is released yet: docs/spec/recovery.md, "What the custodian
 * checks". The texts are for people.
 */
export const RECOVERY_FAULTS = {
  foreign: 'made for another authority or tenant',
  charter: 'not under the charter that was in force',
  proposal: 'a charter that cannot follow the one in force, or breaks its rules',
  future: 'created in the future',
  validity: 'valid for longer than the charter allows',
  expired: 'expired',
  requester: 'the requester is nobody of the charter, or signs with another key',
  container: 'the new container has the key of somebody of the charter',
  'client-key': 'evidence: not the key of the owner',
  'recovery-code': 'evidence: not a recovery code that the owner has now',
  vetting: 'evidence: not vouched for by an officer, or not in time',
  spent: 'evidence: a code that was used before',
  evidence: 'less evidence than the charter asks for',
  subject: 'about another request or charter',
  order: 'logged before what it is about',
  person: 'not of an officer of the charters then and now',
  involved: 'of somebody who asks, owns or vouches',
  capacity: 'not by a key of whom it says',
  custodian: 'not of the custodian of the epoch',
  approvals: 'fewer approvals than the charter asks for',
  waiting: 'the waiting time is not over',
  decided: 'denied, cancelled, expired or released already',
} as const

export type RecoveryFault = keyof typeof RECOVERY_FAULTS
