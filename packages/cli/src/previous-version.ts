import { lstatSync } from 'node:fs'
import { basename } from 'node:path'
import type { KeyContainer } from '@strongroom/core/container'
import type { VerifiedSeal } from '@strongroom/core/keyblob'
import { inspectFile, SealError, type Inspection } from '@strongroom/core/seal'
import { CliError } from './cli-error.ts'
import { displayName } from './escape-text.ts'
import type { Task } from './outputs.ts'
import type { FileReader } from './reader.ts'
import { liesAsSigned } from './signed-name.ts'

/** How a new sealed file follows the one in whose place it comes. */
export interface Succession {
  readonly previous?: VerifiedSeal
  /** The name to be signed; that of the file unless told. */
  readonly name?: string
}

const NEW_SERIAL = 'add --new-serial to replace it by a file that has no earlier versions'

/**
 * The sealed file of the owner's that `--force` is about to replace: the new one is its next version.
 *
 * Only a file that is whole enough to prove itself the owner's, and that was sealed under the same name, is
 * followed: else somebody who exchanged two files would mix their versions, or somebody who damaged one
 * would end them, and could put an old version back that nobody recognises.
 *
 * @throws CliError EXISTS for any other age file, SUPERSEDED for an old version that somebody put back
 */
export async function successionOf(
  { input, output, name }: Task,
  { reader, container }: { reader: FileReader; container: KeyContainer },
): Promise<Succession> {
  const named = name === undefined ? {} : { name }
  if (!('path' in output) || !output.overwrite) return named
  const found = await lookAt(output.path, reader)
  if (!found) return named
  const previous = ownSeal(output.path, found, container)
  checkNewest(output.path, previous, reader)
  const wanted = name ?? ('path' in input ? basename(input.path) : undefined)
  const before = previous.metadata.name
  if (before === wanted) return { ...named, previous }
  // Sealed with its folder before, and alone now: it is the same file, and keeps the longer name.
  if (before !== undefined && isLonger(before, wanted) && 'path' in input && liesAsSigned(before, input.path))
    return { name: before, previous }
  throw refusal(output.path, `it was sealed as ${nameOf(before)}, and this would be ${nameOf(wanted)}`)
}

function isLonger(name: string, end: string | undefined): boolean {
  return end !== undefined && name.endsWith(`/${end}`)
}

/** Undefined for whatever is no age file, which is replaced as it is, or refused later. */
async function lookAt(path: string, reader: FileReader): Promise<Inspection | undefined> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return undefined
  try {
    return await inspectFile({ path }, reader)
  } catch (error) {
    if (!(error instanceof SealError) || error.code === 'IO') throw error
    if (error.code === 'NOT_AGE') return undefined
    throw refusal(path, error.message, error)
  }
}

function ownSeal(path: string, found: Inspection, container: KeyContainer): VerifiedSeal {
  const { form, protection, verified, problem } = found
  if (form === 'key blob') throw refusal(path, 'it is a key blob')
  if (protection === 'password') throw refusal(path, 'it is an age file under a passphrase')
  if (protection === 'none') throw refusal(path, 'it is an age file that nobody signed')
  if (!verified) throw refusal(path, reasonOf(problem))
  const isOwn = container.signers().some(({ fingerprint }) => fingerprint === verified.signer.fingerprint)
  if (isOwn && verified.kind === 'file') return verified
  throw refusal(path, `it was sealed by ${displayName(verified.signerName)}`)
}

function reasonOf(problem: Inspection['problem']): string {
  return problem?.code === 'NO_KEY' ? 'none of your keys opens it' : (problem?.message ?? 'it has no seal')
}

function checkNewest(path: string, previous: VerifiedSeal, { ledger }: FileReader): void {
  try {
    ledger.check(previous)
  } catch (error) {
    if (!(error instanceof SealError) || error.code !== 'SUPERSEDED') throw error
    const hint = `put the newest version back, or ${NEW_SERIAL}`
    throw new CliError('SUPERSEDED', `${displayName(path)}: ${error.message}`, { cause: error, hint })
  }
}

function refusal(path: string, reason: string, cause?: unknown): CliError {
  const message = `${displayName(path)} is there and is not replaced: ${reason}`
  return new CliError('EXISTS', message, { cause, hint: NEW_SERIAL })
}

function nameOf(name: string | undefined): string {
  return name === undefined ? 'something without a name' : displayName(name)
}
