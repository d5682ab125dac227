import { personOfKey, type SeenAuthority } from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import {
  RECOVERY_LIMITS,
  type EvidenceKind,
  type EvidenceRule,
  type RequestClass,
} from '@strongroom/core/protocol'
import { CliError, usage } from '../cli-error.ts'
import { displayName, escapeText } from '../escape-text.ts'

// What a server would refuse with one word for everything is said here before it is asked.

/** How a charter calls evidence, for people. */
const KINDS: Readonly<Record<EvidenceKind, string>> = {
  'client-key': 'the key of the client itself',
  'recovery-code': 'a recovery code of the owner',
  vetting: 'a code that an officer handed out',
}

/** A reason or reference as statements can have it: one printed line. @throws CliError USAGE */
export function checkLine(option: '--reason' | '--reference', text: string | undefined): void {
  if (text === undefined) return
  const most = option === '--reason' ? RECOVERY_LIMITS.reasonBytes : RECOVERY_LIMITS.referenceBytes
  const bytes = Buffer.byteLength(text)
  if (text !== '' && bytes <= most && escapeText(text) === text) return
  const got = text === '' ? 'nothing' : bytes > most ? `${bytes}` : 'characters that are not printed'
  throw usage(
    `${option}: expected one line of at most ${most} bytes, got ${got}`,
    'say it shorter, in plain text',
  )
}

/** Whether the evidence is of the kinds that a class asks for. @throws CliError AUTHORITY_REFUSED */
export function checkEvidence(
  name: RequestClass,
  { need, of }: EvidenceRule,
  given: readonly EvidenceKind[],
): void {
  if (given.filter((kind) => of.includes(kind)).length >= need) return
  const wanted = of.map((kind) => KINDS[kind]).join(', or ')
  const had =
    given.length === 0 ? 'there is none' : `this is ${given.map((kind) => KINDS[kind]).join(' and ')}`
  const many = need > 1 ? `${need} of: ` : ''
  throw new CliError(
    'AUTHORITY_REFUSED',
    `the charter asks for evidence in the class ${name}: ${many}${wanted}; ${had}`,
    { hint: 'give a code with --code-file FILE, and add --vouched if an officer handed it out' },
  )
}

/** The new container belongs to nobody who decides: they would approve for themselves. @throws CliError USAGE */
export function checkNobodys({ charters }: SeenAuthority, container: KeyContainer): void {
  const signer = container.signingKey().signer.toString()
  const person = personOfKey(charters.chain.latest.statement.payload, signer)
  if (!person) return
  throw usage(
    `the container ${displayName(container.name)} is the one with which ${person.id} decides`,
    'name another one, which is made if there is none: recovered keys go to a container of their own',
  )
}
