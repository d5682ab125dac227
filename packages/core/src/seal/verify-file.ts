import { wipe } from '../bytes/index.ts'
import { parseKeyBlob, verifySeal, type VerifiedSeal } from '../keyblob/index.ts'
import { reporting } from './failure.ts'
import { assertUnchanged, type Input } from './input.ts'
import { runPayload } from './payload-run.ts'
import type { Watching } from './seal-files.ts'
import { SealError } from './seal-error.ts'
import { openSealedInput, type SealedInput } from './sealed-input.ts'
import { checkSegments } from './segment-check.ts'
import { checkVersion, unlock, type Reader } from './unlock.ts'
import { plaintextLength } from '../age/index.ts'

/** Who verifies. Without identities only a public seal can be verified. */
export type VerifyOptions = Omit<Reader, 'allowUnsigned'> & Watching

/**
 * Verifies a sealed file from its first byte to its last, and decrypts nothing.
 *
 * With a key, everything is proved that opening proves. Without one, `keyChecked` of the result is
 * false: the signature covers the ciphertext, but whether the header opens to the committed key is unknown.
 *
 * @throws SealError
 */
export async function verifyFile(input: Input, options: VerifyOptions): Promise<VerifiedSeal> {
  return reporting('path' in input ? input.path : undefined, async () => {
    const file = await openSealedInput(input)
    try {
      const seal = options.identities.length > 0 ? withKey(file, options) : withoutKey(file, options)
      const length = plaintextLength(file.payloadLength)
      // The key says that the side is encrypted; hashing does not use it.
      const work = {
        plaintextLength: length,
        input: { fd: file.fd, offset: file.payloadOffset, key: new Uint8Array(32) },
      }
      const hashes = await runPayload(work, {
        threads: options.threads,
        signal: options.signal,
        onBytes: (doneBytes) => options.onProgress?.({ job: 0, doneBytes, totalBytes: length }),
      })
      checkSegments(hashes.input, seal.table)
      assertUnchanged(file.source)
      return seal
    } finally {
      file.close()
    }
  })
}

function withKey(file: SealedInput, options: VerifyOptions): VerifiedSeal {
  const { sessionKey, seal } = unlock(file, { ...options, allowUnsigned: false })
  wipe(sessionKey)
  if (!seal)
    throw new SealError('NOT_SIGNED', 'a file protected by a passphrase has no seal: open it to check it')
  return seal
}

function withoutKey(file: SealedInput, options: VerifyOptions): VerifiedSeal {
  const header = options.keyBlob ? parseKeyBlob(options.keyBlob) : file.header
  const payload = { nonce: file.nonce, length: file.payloadLength }
  const seal = verifySeal({ header, payload, signers: options.signers })
  checkVersion(seal, options)
  return seal
}
