import { randomBytes } from 'node:crypto'
import {
  derivePayloadKey,
  encodeHeader,
  newFileKey,
  NONCE_BYTES,
  ScryptRecipient,
  sealedPayloadLength,
} from '../age/index.ts'
import { concat, wipe } from '../bytes/index.ts'
import { syncFolder } from '../container/index.ts'
import { reporting } from './failure.ts'
import type { Input } from './input.ts'
import { openStaging, type Output, type Staging } from './output.ts'
import { writeAllAt } from './positional-io.ts'
import { InputFiles } from './same-file.ts'
import type { Watching } from './seal-files.ts'
import { plainSource, type Source } from './source.ts'

/** A passphrase, and how much work it costs to try one. */
export interface PasswordOptions extends Watching {
  readonly passphrase: string
  /** log2 of scrypt's N; age's default unless told. */
  readonly logN?: number | undefined
}

/** What was made. */
export interface PasswordFile {
  readonly plaintextBytes: number
  readonly sealedBytes: number
}

/**
 * Encrypts under a key derived from a passphrase: nothing is stored, and nothing is signed. An age `scrypt` stanza
 * must stand alone; whoever opens the file knows only that its maker knew the passphrase.
 *
 * @throws SealError
 */
export async function sealWithPassword(
  job: { readonly input: Input; readonly output: Output },
  options: PasswordOptions,
): Promise<PasswordFile> {
  return reporting('path' in job.input ? job.input.path : undefined, async () => {
    new InputFiles([job.input]).checkOutput(job.output)
    const source = await plainSource(job.input)
    try {
      const staging = openStaging(job.output)
      try {
        return await fill(staging, source, options)
      } finally {
        staging.discard()
      }
    } finally {
      source.close()
    }
  })
}

async function fill(staging: Staging, source: Source, options: PasswordOptions): Promise<PasswordFile> {
  const fileKey = newFileKey()
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES))
  const key = derivePayloadKey(fileKey, nonce)
  try {
    const stanza = new ScryptRecipient(options.passphrase, options.logN).wrap(fileKey)
    const front = concat(encodeHeader([stanza], fileKey), nonce)
    writeAllAt(staging.fd, [front], 0)
    const { plaintextLength } = await source.encrypt(
      { fd: staging.fd, offset: front.length, key },
      {
        threads: options.threads,
        signal: options.signal,
        onBytes: (doneBytes) =>
          options.onProgress?.({ job: 0, doneBytes, totalBytes: source.plaintextLength }),
      },
    )
    const sealedBytes = front.length + sealedPayloadLength(plaintextLength)
    await staging.release(sealedBytes, 0o600)
    if (staging.folder !== undefined) syncFolder(staging.folder)
    return { plaintextBytes: plaintextLength, sealedBytes }
  } finally {
    wipe(fileKey, key)
  }
}
