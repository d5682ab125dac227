import { parseDepositBlob } from '@strongroom/core/client'
import {
  parseDepositBody,
  ProtocolError,
  splitOwners,
  verifyOwner,
  type CustodianDeposits,
} from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import type { DepositTrust, OwnedDeposit } from './opened-deposits.ts'

/** A deposit with what shows its owner, and what it says of itself. */
export interface NamedDeposit extends OwnedDeposit {
  readonly id: Uint8Array
  readonly epochNumber: number
}

/** Each deposit with what shows the client that it names; one that names nobody who is there is left for later. */
export function ownedDeposits(
  { deposits, enrolments }: CustodianDeposits,
  judged: DepositTrust,
): NamedDeposit[] {
  const owners = new Map(
    splitOwners(enrolments).flatMap((owner) =>
      orNothing(() => [
        [verifyOwner(owner, { ...judged.trust, epochs: judged.epochs }).clientId, owner] as const,
      ]),
    ),
  )
  return deposits.flatMap(({ blob, rewrapped }) =>
    orNothing(() => {
      const { clientId, epochNumber } = parseDepositBody(parseDepositBlob(blob).body).context
      const owner = owners.get(clientId)
      return owner ? [{ id: sha256(blob), epochNumber, blob, owner, ...(rewrapped && { rewrapped }) }] : []
    }),
  )
}

/** The same, by the number of their epoch. */
export function byEpoch(page: CustodianDeposits, judged: DepositTrust): Map<number, NamedDeposit[]> {
  return Map.groupBy(ownedDeposits(page, judged), ({ epochNumber }) => epochNumber)
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
