import { toHex } from '@strongroom/core/bytes'
import { formatSerial } from '@strongroom/core/keyblob'
import { sha256 } from '@strongroom/core/client'
import { depositListDigest, type FoundDeposit } from '@strongroom/core/protocol'
import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { count, formatBytes } from '../quantities.ts'
import { shortDigest } from './subject-text.ts'

/** Shows what would be asked for, and asks for nothing. For programs each is a record, and the last one counts them. */
export function tellPlan({ terminal }: Context, client: string, deposits: readonly FoundDeposit[]): void {
  const digest = listDigest(deposits)
  for (const deposit of deposits) terminal.record(recordOf(deposit))
  terminal.record({ client, count: deposits.length, digest: toHex(digest) })
  if (terminal.json) return
  terminal.table(['serial number', 'what', 'made', 'size', 'verified', 'description'], deposits.map(rowOf))
  terminal.note(
    `${count(deposits.length, 'deposit')} of ${client}, list ${shortDigest(digest)}; sealed descriptions come back with the keys`,
  )
}

/** Of the ids, whatever their order: what a request names. */
export function listDigest(deposits: readonly Pick<FoundDeposit, 'id'>[]): Uint8Array {
  return depositListDigest(
    sha256,
    deposits.map(({ id }) => id),
  )
}

function rowOf({ serial, format, created, object, description, level }: FoundDeposit): string[] {
  return [
    formatSerial(serial),
    format,
    new Date(created).toISOString().slice(0, 10),
    object ? formatBytes(object.size) : '',
    `level ${level}`,
    description === null ? '' : displayName(description),
  ]
}

function recordOf({ id, serial, format, created, object, description, level, superseded }: FoundDeposit) {
  return {
    id: toHex(id),
    serial: formatSerial(serial),
    format,
    created,
    size: object?.size ?? null,
    description,
    level,
    superseded,
  }
}
