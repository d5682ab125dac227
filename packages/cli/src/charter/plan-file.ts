import { existsSync, readFileSync } from 'node:fs'
import type { CharterPlan, NextCharter } from '@strongroom/authority'
import { toHex, utf8Encode } from '@strongroom/core/bytes'
import { writeFileAtomically } from '@strongroom/core/container'
import { ACTS, ProtocolError } from '@strongroom/core/protocol'
import { CliError, usage } from '../cli-error.ts'
import { displayName } from '../escape-text.ts'
import { planInForce, type CharterPlace } from './place.ts'

const MAX_PLAN_CHARACTERS = 2_097_152
const SHOW = 'strongroom authority charter show --json prints what is in force: change that'

/** Several changes on their way to one proposal: a file of what `charter show --json` prints, with the changes in it, and keys. */
interface PlanFile {
  readonly people?: unknown
  readonly policy?: unknown
  readonly tenant?: unknown
  /** Of the charter that it would follow. */
  readonly digest?: unknown
  readonly keys?: unknown
}

/** The plan in a file, or what is in force if there is no such file. @throws CliError USAGE for one that was made for another charter */
export function readPlan(place: CharterPlace, path: string): NextCharter {
  if (existsSync(path)) return readProposal(place, path)
  return { ...planInForce(place), keys: [] }
}

/**
 * What a file says that the next charter is to be.
 *
 * @throws CliError USAGE if it is none, or was made for another tenant or charter than the one in force; the platform's error
 */
export function readProposal(place: CharterPlace, path: string): NextCharter {
  const { tenant, chain } = place
  const file = jsonOf(path)
  const { people, policy, keys = [] } = file
  if (!Array.isArray(keys)) throw usage(`${displayName(path)} is no plan`, SHOW)
  if (file.tenant !== undefined && file.tenant !== tenant) {
    throw usage(`${displayName(path)} is for another tenant than ${tenant}`)
  }
  if (file.digest !== undefined && file.digest !== toHex(chain.latest.statement.digest)) {
    throw usage(
      `${displayName(path)} was made for another charter than the one in force`,
      'look at what changed meanwhile, and make it again',
    )
  }
  return { ...checkedPlan(place, { people, policy }, displayName(path)), keys: keys.map(String) }
}

/** A plan whose members are what a charter can have. @param what names the plan in errors. @throws CliError USAGE */
export function checkedPlan(
  { chain }: Pick<CharterPlace, 'chain'>,
  plan: { readonly people: unknown; readonly policy: unknown },
  what = 'the next charter',
): CharterPlan {
  const { payload } = ACTS.charter
  try {
    const written = payload.write(chain.latest.statement.payload) as Readonly<Record<string, unknown>>
    const { people, policy } = payload.read({ ...written, ...plan }, '')
    return { people, policy }
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new CliError('USAGE', `${what}: ${cause.message}`, { cause, hint: SHOW })
  }
}

/** Keeps a plan for the next change, or for `charter propose`. */
export function writePlan({ tenant, chain }: CharterPlace, path: string, plan: NextCharter): void {
  const { people, policy, keys } = plan
  const { payload, digest } = chain.latest.statement
  const members = {
    tenant,
    number: payload.number,
    digest: toHex(digest),
    standing: payload.standing,
    people,
    policy,
    keys,
  }
  writeFileAtomically(path, utf8Encode(`${JSON.stringify(members, undefined, 2)}\n`), { overwrite: true })
}

function jsonOf(path: string): PlanFile {
  const text = readFileSync(path, 'utf8')
  if (text.length > MAX_PLAN_CHARACTERS) throw usage(`${displayName(path)} is too long for a plan`)
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch (cause) {
    throw new CliError('USAGE', `${displayName(path)} is not JSON`, { cause, hint: SHOW })
  }
  throw usage(`${displayName(path)} is no plan`, SHOW)
}
