import { checkName, lineText, ProtocolError } from '@strongroom/core/protocol'
import { SetupError } from './setup-error.ts'

const MAX_NOTE_BYTES = 128

/** The name of a tenant. @throws SetupError SETUP_NAME */
export function checkTenant(name: string): string {
  return refusing('a tenant', () => checkName(name, 'tenant'))
}

/** What an administrator calls somebody: one line that can be shown. @throws SetupError SETUP_NAME */
export function checkNote(name: string): string {
  return refusing('an invitation', () => lineText(MAX_NOTE_BYTES).read(name, 'name'))
}

function refusing(what: string, check: () => string): string {
  try {
    return check()
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    const reason = cause.message.replace(/^[^:]*: /, '').replace(/, got .*/s, '')
    throw new SetupError('SETUP_NAME', `the name of ${what}: ${reason}`, { cause })
  }
}
