import { resolve } from 'node:path'
import { toHex } from '@strongroom/core/bytes'
import {
  ClientError,
  depositsFor,
  findDeposits,
  keyCredentials,
  lookAtAuthority,
  newRecoveryRequest,
  RecoveryStore,
  signerOf,
  type FoundCode,
  type RecoveryFolder,
  type RecoveryWire,
  type SeenAuthority,
} from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import { formatSerial, parseSerial } from '@strongroom/core/keyblob'
import type { EvidenceKind, FoundDeposit } from '@strongroom/core/protocol'
import { usage } from '../cli-error.ts'
import { connectedForRecovery } from '../client/connection.ts'
import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { count } from '../quantities.ts'

/** What is asked for. */
export interface Wanted {
  readonly paths: readonly string[]
  readonly serials: readonly string[]
  readonly all: boolean
}

/** A code, and how the authority is reached with it. */
export interface Beginning {
  readonly code: FoundCode
  /** Whether it was handed out by an officer, or is one of the owner's own. */
  readonly kind: EvidenceKind
  readonly ca: string | null
  readonly reason: string
  readonly reference: string | null
}

/** An authority that answers to a code. */
export interface AskedWithCode {
  readonly wire: RecoveryWire
  readonly seen: SeenAuthority
  readonly deposits: readonly FoundDeposit[]
}

/** What can be asked for with a code. The authority is verified by the fingerprint in it. */
export async function askWithCode<Result>(
  context: Context,
  { code, ca }: Pick<Beginning, 'code' | 'ca'>,
  use: (asked: AskedWithCode) => Promise<Result>,
): Promise<Result> {
  const { url, identity, tenant } = code
  const credentials = keyCredentials(signerOf(code.key))
  return await connectedForRecovery(context, { url, ca, credentials }, async (wire) => {
    const seen = await lookAtAuthority(wire, { identity, tenant })
    return await use({ wire, seen, deposits: await findDeposits(wire, code.client) })
  })
}

/** The recovery that a code was used for already, and that is not over; undefined if there is none. */
export function begunWith({ folders }: Context, { key }: FoundCode): RecoveryFolder | undefined {
  const store = new RecoveryStore(folders.recoveries)
  const all = store.list().map((id) => store.open(id))
  const open = all.filter((folder) => !folder.over)
  return open.find((folder) => folder.request().evidence.some((one) => one.key === key.signer.toString()))
}

/**
 * Makes the request and keeps it; it is durable when this returns, and was not sent.
 *
 * @throws ClientError CLIENT_RECOVERY if there is nothing to ask for; CliError USAGE
 */
export async function begin(
  { folders }: Context,
  { seen, deposits }: AskedWithCode,
  beginning: Beginning,
  { container, wanted }: { readonly container: KeyContainer; readonly wanted: Wanted },
): Promise<RecoveryFolder> {
  const { code, kind, ca, reason, reference } = beginning
  const { epochs, charters } = seen
  const chosen = await choose(deposits, wanted)
  const { latest } = charters.chain
  const now = Date.now()
  const { url, identity, tenant, client } = code
  const request = newRecoveryRequest({
    identity,
    tenant,
    charter: latest.statement.digest,
    class: 'self',
    client,
    deposits: chosen,
    container,
    evidence: [{ kind, key: signerOf(code.key) }],
    requester: null,
    reason,
    reference,
    nowMs: now,
    validSeconds: latest.statement.payload.policy.self.expiry,
  })
  return new RecoveryStore(folders.recoveries).create(
    {
      purpose: 'recovery',
      url,
      ca,
      identity,
      tenant,
      client,
      container: container.name,
      request: request.statement,
      deposits: request.deposits,
      files: wanted.paths.map((path) => ({ path: resolve(path) })),
      createdMs: now,
    },
    epochs,
  )
}

/** The ids of the deposits that are wanted, each once. */
async function choose(deposits: readonly FoundDeposit[], wanted: Wanted): Promise<Uint8Array[]> {
  if (deposits.length === 0) throw new ClientError('CLIENT_RECOVERY', 'nothing was deposited by that client')
  const found = wanted.all
    ? deposits
    : [...(await ofFiles(deposits, wanted.paths)), ...ofSerials(deposits, wanted.serials)]
  return [...new Map(found.map(({ id }) => [toHex(id), id])).values()]
}

async function ofFiles(deposits: readonly FoundDeposit[], paths: readonly string[]): Promise<FoundDeposit[]> {
  const found = await Promise.all(
    paths.map(async (path) => ({ path, of: await depositsFor(path, deposits) })),
  )
  const without = found.filter(({ of }) => of.length === 0).map(({ path }) => displayName(path))
  if (without.length > 0) {
    throw usage(
      `no deposit is known to be that of ${without.slice(0, 5).join(', ')}${without.length > 5 ? ' and others' : ''}`,
      'a file that was renamed is not found by its name: --all asks for everything, --list shows what there is',
    )
  }
  return found.flatMap(({ of }) => of)
}

function ofSerials(deposits: readonly FoundDeposit[], serials: readonly string[]): FoundDeposit[] {
  return serials.flatMap((text) => {
    const serial = toHex(parseSerial(text))
    const found = deposits.filter((deposit) => toHex(deposit.serial) === serial)
    if (found.length > 0) return found
    throw usage(`no deposit has the serial number ${displayName(text)}`, '--list shows what there is')
  })
}

/** What was deposited, in rows. */
export function depositRows(deposits: readonly FoundDeposit[]): string[][] {
  return deposits.map(({ serial, format, created, object, description, level }) => [
    formatSerial(serial),
    format,
    new Date(created).toISOString().slice(0, 10),
    object ? count(object.size, 'byte') : '',
    `level ${level}`,
    description === null ? '' : displayName(description),
  ])
}
