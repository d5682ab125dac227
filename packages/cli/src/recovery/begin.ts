import { resolve } from 'node:path'
import { toHex } from '@strongroom/core/bytes'
import {
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
import type { EvidenceKind, FoundDeposit, MessageSigner, RequestClass } from '@strongroom/core/protocol'
import type { Context } from '../command.ts'
import { asking } from './asking.ts'
import { checkEvidence } from './request-rules.ts'

/** An authority that answers to a code. */
export interface AskedWithCode {
  readonly wire: RecoveryWire
  readonly seen: SeenAuthority
}

/** Asks with a code. The authority is verified by the fingerprint in it. @param ca certificates in PEM */
export async function askWithCode<Result>(
  context: Context,
  { code, ca }: { readonly code: FoundCode; readonly ca: string | null },
  use: (asked: AskedWithCode) => Promise<Result>,
): Promise<Result> {
  const { url, identity, tenant } = code
  const credentials = keyCredentials(signerOf(code.key))
  return await asking(context, { url, ca, credentials }, async (wire) => {
    return await use({ wire, seen: await lookAtAuthority(wire, { identity, tenant }) })
  })
}

/** A recovery that was begun here and is not over; undefined if there is none like that. */
export function begunLike(
  { folders }: Context,
  isLike: (folder: RecoveryFolder) => boolean,
): RecoveryFolder | undefined {
  const store = new RecoveryStore(folders.recoveries)
  const all = store.list().map((id) => store.open(id))
  return all.find((folder) => !folder.over && isLike(folder))
}

/** The recovery that a code was used for already, and that is not over; undefined if there is none. */
export function begunWith(context: Context, { key }: FoundCode): RecoveryFolder | undefined {
  const signer = key.signer.toString()
  return begunLike(context, (folder) => folder.request().evidence.some((one) => one.key === signer))
}

/** What is asked for, where, and by what right. */
export interface Beginning {
  readonly url: string
  readonly ca: string | null
  /** The fingerprint of the authority. */
  readonly identity: string
  readonly tenant: string
  /** Whose deposits they are. */
  readonly client: string
  readonly class: RequestClass
  readonly evidence: readonly { readonly kind: EvidenceKind; readonly key: MessageSigner }[]
  readonly requester: { readonly person: string; readonly key: MessageSigner } | null
  readonly reason: string
  readonly reference: string | null
  readonly deposits: readonly FoundDeposit[]
  /** Files that are to open again. */
  readonly paths: readonly string[]
  readonly container: KeyContainer
}

/**
 * Makes the request and keeps it; it is durable when this returns, and was not sent.
 *
 * @throws CliError AUTHORITY_REFUSED if the charter asks for other evidence
 */
export function begin({ folders }: Context, seen: SeenAuthority, beginning: Beginning): RecoveryFolder {
  const { url, ca, identity, tenant, client, container, paths, class: name } = beginning
  const { latest } = seen.charters.chain
  const rule = latest.statement.payload.policy[name]
  checkEvidence(
    name,
    rule.evidence,
    beginning.evidence.map(({ kind }) => kind),
  )
  const ids = new Map(beginning.deposits.map(({ id }) => [toHex(id), id]))
  const now = Date.now()
  const request = newRecoveryRequest({
    ...beginning,
    charter: latest.statement.digest,
    deposits: [...ids.values()],
    nowMs: now,
    validSeconds: rule.expiry,
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
      files: paths.map((path) => ({ path: resolve(path) })),
      createdMs: now,
    },
    seen.epochs,
  )
}
