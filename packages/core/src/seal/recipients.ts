import { assertRecipientsCompatible, type Recipient } from '../age/index.ts'
import type { NamedSessionKey } from '../keyblob/index.ts'
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
export function checkRecipients(recipients: readonly Recipient[], namedKey?: NamedSessionKey): void {
  if (recipients.some((recipient) => recipient.kind === 'scrypt')) {
    throw new SealError(
      'RECIPIENTS',
      'a passphrase must stand alone: it cannot be a recipient of a sealed file',
    )
  }
  if (namedKey && !namedKey.postQuantum && recipients.some((recipient) => recipient.postQuantum)) {
    const why = 'its own key blob is not post-quantum, and the weaker one decides'
    throw new SealError(
      'RECIPIENTS',
      `the session key ${namedKey.name} does not go with these recipients: ${why}`,
    )
  }
  try {
    assertRecipientsCompatible(recipients)
  } catch (error) {
    throw asSealError(error)
  }
}
