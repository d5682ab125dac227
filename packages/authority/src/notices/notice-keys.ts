import { createHmac } from 'node:crypto'
import { SigningKey } from '@strongroom/core/container'
import { concat, utf8Encode } from '@strongroom/core/bytes'
import type { MessageSigner } from '@strongroom/core/protocol'

const LABEL = 'strongroom notice v1'

/** What the keys of the log give: see `LogKeys.derive`. */
export interface NoticeKeySource {
  derive(info: string): Uint8Array
}

/**
 * The one-time keys with which notices let somebody cancel: one a subject. Every node derives it again, and none keeps it, so that the
 * database has nothing with which anything could be cancelled.
 */
export class NoticeKeys {
  readonly #key: Uint8Array

  constructor(keys: NoticeKeySource) {
    this.#key = keys.derive(LABEL)
  }

  /** The secret of a subject, 32 bytes: an Ed25519 seed. It stands in the link of the owner's notice alone. */
  secretOf(subject: Uint8Array): Uint8Array {
    const message = concat(utf8Encode(`${LABEL}\n`), subject)
    return new Uint8Array(createHmac('sha256', this.#key).update(message).digest())
  }

  /** The key of a subject. */
  signerOf(subject: Uint8Array): MessageSigner {
    return signerOfSecret(this.secretOf(subject))
  }
}

/** The key that a secret of a link is. */
export function signerOfSecret(secret: Uint8Array): MessageSigner {
  const pair = SigningKey.fromSecretBytes('ed25519', secret)
  return { signer: pair.signer.toString(), sign: (message) => pair.sign(message) }
}
