import { MlKem768X25519Recipient } from '@strongroom/core/age'
import { parsePublicCard, type KeyContainer } from '@strongroom/core/container'
import { SetupError } from './setup-error.ts'

/** The public keys of a custodian, as epoch records name them. */
export interface Custodian {
  /** The age recipient that deposits are made for: mlkem768x25519. */
  readonly exchange: string
  /** The signer of releases. */
  readonly signer: string
}

/**
 * Reads the public card of a custodian's container.
 *
 * @throws SetupError SETUP_CUSTODIAN unless it has one hybrid exchange key and one signature key; ContainerError CONTAINER_FORMAT
 */
export function readCustodianCard(text: string): Custodian {
  const { recipients, signers } = parsePublicCard(text)
  const hybrid = recipients.filter((key) => key instanceof MlKem768X25519Recipient)
  const [exchange, signer] = [hybrid[0], signers[0]]
  if (exchange && signer && hybrid.length === 1 && signers.length === 1) {
    return { exchange: exchange.toString(), signer: signer.toString() }
  }
  throw new SetupError(
    'SETUP_CUSTODIAN',
    `expected a card with one post-quantum exchange key and one signature key, got ${hybrid.length} and ${signers.length}`,
  )
}

/** The same of a container that was just made. */
export function custodianOf(container: KeyContainer): Custodian {
  const recipient = container.recipient('pq')
  if (recipient instanceof MlKem768X25519Recipient) {
    return { exchange: recipient.toString(), signer: container.signingKey('pq').signer.toString() }
  }
  throw new SetupError('SETUP_CUSTODIAN', 'the container has no post-quantum exchange key')
}
