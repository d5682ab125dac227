import { readFileSync } from 'node:fs'
import { readPersonCard, type FirstCharter, type NewPerson } from '@strongroom/authority'
import { MAX_CONTAINER_BYTES, parseContainer, readRegularFile } from '@strongroom/core/container'
import { usage } from '../cli-error.ts'
import { durationOf } from '../client/duration.ts'
import type { OptionTable } from '../command.ts'
import { displayName } from '../escape-text.ts'

const RECOVERY = 'Recovery:'

/** Who decides about recovery in a tenant from its beginning. */
export const FIRST_CHARTER_OPTIONS = {
  personal: {
    flags: '--personal',
    kind: 'flag',
    description: 'one person owns the data, the authority and the custodian: a recovery code and time decide',
    group: RECOVERY,
  },
  officer: {
    flags: '--officer <id=card>',
    kind: 'list',
    description: 'somebody who decides about recovery, and their public card; three at least',
    completes: 'file',
    group: RECOVERY,
  },
  waiting: {
    flags: '--waiting <duration>',
    kind: 'value',
    description: 'how long everybody has to say no to a recovery, such as 3d; 1d, or the terms, unless told',
    group: RECOVERY,
  },
} as const satisfies OptionTable

/** The values of `FIRST_CHARTER_OPTIONS`. */
export interface FirstCharterValues {
  readonly personal: boolean
  readonly officer: readonly string[]
  readonly waiting: string | undefined
}

/** Who decides, and how long all have to say no; undefined if nobody was named. @throws CliError USAGE */
export function firstCharterOf({
  personal,
  officer,
  waiting: text,
}: FirstCharterValues): { readonly plan: FirstCharter; readonly waiting?: number } | undefined {
  if (personal && officer.length > 0) throw usage('--personal and --officer exclude each other')
  const waiting = text === undefined ? {} : { waiting: durationOf(text, '--waiting') / 1000 }
  if (personal) return { plan: 'personal', ...waiting }
  if (officer.length > 0) return { plan: officer.map(personOf), ...waiting }
  if (text !== undefined)
    throw usage('--waiting is for a charter', 'name who decides: --officer or --personal')
  return undefined
}

/** A person as they are given: `id=card`. @throws CliError USAGE */
export function personOf(text: string): NewPerson {
  const at = text.indexOf('=')
  const [id, file] = [text.slice(0, at), text.slice(at + 1)]
  if (at > 0 && /^[a-z0-9-]{1,64}$/.test(id)) return readPersonCard(id, readFileSync(file, 'utf8'))
  throw usage(`--officer: expected an id, = and a file, got ${displayName(text)}`)
}

/** A container that lies in a file of its own, locked. @throws ContainerError, the platform's error */
export function containerFile(path: string) {
  return parseContainer(readRegularFile(path, MAX_CONTAINER_BYTES, 'container').bytes)
}
