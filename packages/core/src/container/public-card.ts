import { parseRecipient } from '../age/index.ts'
import type { Recipient } from '../age/index.ts'
import { ContainerError } from './container-error.ts'
import { KEY_KINDS } from './key-pair.ts'
import type { KeyContainer } from './key-container.ts'
import { SignerKey, suiteByName } from './signature.ts'

/** What others need of somebody: whom to seal to, and whose signature to accept. */
export interface PublicCard {
  readonly recipients: readonly Recipient[]
  readonly signers: readonly SignerKey[]
}

/** Characters of a card: room for a hundred people's keys in one file. */
const MAX_CARD_LENGTH = 1024 * 1024

/**
 * The public keys that a container uses for new files, as text to hand out.
 *
 * It is made from an unlocked container only, since the public part of a locked one may be somebody
 * else's work. It proves nothing by itself: whoever receives it compares a fingerprint over another way.
 */
export function publicCard(container: KeyContainer): string {
  const { name, keys } = container.info()
  const active = keys.filter((key) => key.state === 'active' && KEY_KINDS[key.algorithm].profile)
  const lines = active.flatMap((key) => [
    `# ${key.use} key ${key.id}`,
    key.use === 'exchange' ? key.public : `${key.algorithm} ${key.public}`,
  ])
  return [`# strongroom public card of ${name}`, ...lines, ''].join('\n')
}

/**
 * Reads a card: one recipient or signer a line, between empty lines and `#` comments. A recipients file of
 * age and a single line with a signer are cards too.
 *
 * @throws ContainerError CONTAINER_FORMAT with the number of the line, or if there is no key at all
 */
export function parsePublicCard(text: string): PublicCard {
  if (text.length > MAX_CARD_LENGTH) {
    throw new ContainerError('CONTAINER_FORMAT', `card: longer than ${MAX_CARD_LENGTH} characters`)
  }
  const keys = text.split('\n').flatMap((line, i) => readLine(line.trim(), i + 1))
  if (keys.length === 0) throw new ContainerError('CONTAINER_FORMAT', 'card: no public key in it')
  return { recipients: keys.filter(isRecipient), signers: keys.filter((key) => key instanceof SignerKey) }
}

function readLine(line: string, number: number): (Recipient | SignerKey)[] {
  if (line === '' || line.startsWith('#')) return []
  try {
    const [first = ''] = line.split(' ', 1)
    return [suiteByName(first) ? SignerKey.parse(line) : parseRecipient(line)]
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'not readable'
    throw new ContainerError('CONTAINER_FORMAT', `line ${number}: ${reason}`, { cause })
  }
}

function isRecipient(key: Recipient | SignerKey): key is Recipient {
  return !(key instanceof SignerKey)
}
