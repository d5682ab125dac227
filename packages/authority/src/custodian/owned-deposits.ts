import { parseDepositBlob } from '@strongroom/core/client'
import {
  parseDepositBody,
  ProtocolError,
  splitOwners,
  verifyOwner,
  type CustodianDeposits,
} from '@strongroom/core/protocol'
import type { DepositTrust, OwnedDeposit } from './opened-deposits.ts'

/** Each deposit with what shows the client that it names; one that names nobody who is there is left for later. */
export function byEpoch(
  { deposits, enrolments }: CustodianDeposits,
  judged: DepositTrust,
): Map<number, OwnedDeposit[]> {
  const owners = new Map(
    splitOwners(enrolments).flatMap((owner) =>
      orNothing(() => [
        [verifyOwner(owner, { ...judged.trust, epochs: judged.epochs }).clientId, owner] as const,
      ]),
    ),
  )
  const owned = deposits.flatMap(({ blob, rewrapped }) =>
    orNothing(() => {
      const { clientId, epochNumber } = parseDepositBody(parseDepositBlob(blob).body).context
      const owner = owners.get(clientId)
      return owner ? [{ epochNumber, deposit: { blob, owner, ...(rewrapped && { rewrapped }) } }] : []
    }),
  )
  const grouped = new Map<number, OwnedDeposit[]>()
  for (const { epochNumber, deposit } of owned) {
    grouped.set(epochNumber, [...(grouped.get(epochNumber) ?? []), deposit])
  }
  return grouped
}

/** What the authority sends and is none of the protocol is passed over: the rest of the page is not its fault. */
function orNothing<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read()
  } catch (error) {
    if (error instanceof ProtocolError) return []
    throw error
  }
}
