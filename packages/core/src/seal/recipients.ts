import { assertRecipientsCompatible, type Recipient } from '../age/index.ts'
import { asSealError } from './failure.ts'
import { SealError } from './seal-error.ts'

/**
 * Makes sure that a file with a seal or a pad can be opened by all of its recipients.
 *
 * age opens a header with a passphrase only if that stands alone (C2SP age.md, "scrypt recipient stanza"): beside a
 * seal, nobody could open the file again.
 *
 * @throws SealError RECIPIENTS
 */
export function checkRecipients(recipients: readonly Recipient[]): void {
  if (recipients.some((recipient) => recipient.kind === 'scrypt')) {
    throw new SealError(
      'RECIPIENTS',
      'a passphrase must stand alone: it cannot be a recipient of a sealed file',
    )
  }
  try {
    assertRecipientsCompatible(recipients)
  } catch (error) {
    throw asSealError(error)
  }
}
