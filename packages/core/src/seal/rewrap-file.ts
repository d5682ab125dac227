import { constants, fstatSync, openSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { NONCE_BYTES, wrapFileKey, type Recipient, type Stanza } from '../age/index.ts'
import { wipe } from '../bytes/index.ts'
import { syncFolder } from '../container/index.ts'
import { SEAL_TYPE, SESSION_KEY_TYPE, type VerifiedSeal } from '../keyblob/index.ts'
import { reporting } from './failure.ts'
import { canHaveJournal, replaceHeader } from './header-journal.ts'
import { fitHeader, reserveHeaderFor, worthBlocks } from './header-plan.ts'
import { assertSameFile, assertUnchanged } from './input.ts'
import { finishInterruptedRewrap } from './interrupted-rewrap.ts'
import { attempt, closeQuietly, readFullyAt, writeAllAt } from './positional-io.ts'
import { PrivateFile } from './private-file.ts'
import { checkRecipients } from './recipients.ts'
import { SealError } from './seal-error.ts'
import { openSealedInput, type SealedInput } from './sealed-input.ts'
import { unlock, type Reader } from './unlock.ts'

/** Who rewraps, and for whom. */
export interface RewrapOptions extends Omit<Reader, 'keyBlob'> {
  /** The new and complete list: whoever is not in it is no longer a recipient. */
  readonly recipients: readonly Recipient[]
  /** Whether the holders of named session keys lose access too; otherwise they keep it. */
  readonly dropNamedKeys?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** What a rewrap did. */
export interface Rewrapped {
  /** Whether only the header was written; otherwise the file was written anew. */
  readonly inPlace: boolean
  readonly seal: VerifiedSeal | undefined
}

/** What does not depend on recipients: the owner's seal, and the stanzas of named session keys. */
const KEPT = [SESSION_KEY_TYPE, SEAL_TYPE]
const COPY_BYTES = 1_048_576

/**
 * Wraps a file's session key for other recipients. The payload and the owner's signature stay as they are, so the
 * owner's signature key is not needed.
 *
 * It does not revoke: who kept the old header, or the session key, can still read. `resealFile` does.
 *
 * @throws SealError; the file is then as it was
 */
export async function rewrapFile(path: string, options: RewrapOptions): Promise<Rewrapped> {
  return reporting(path, async () => {
    checkRecipients(options.recipients)
    const target = realpathSync(path)
    await finishInterruptedRewrap(target, options)
    const file = await openSealedInput({ path: target })
    try {
      return await rewrap(file, target, options)
    } finally {
      file.close()
    }
  })
}

async function rewrap(file: SealedInput, target: string, options: RewrapOptions): Promise<Rewrapped> {
  if (file.armored)
    throw new SealError('UNSUPPORTED', 'an armored file cannot be rewrapped: open it and seal it')
  const { sessionKey, seal } = unlock(file, options)
  try {
    const types = options.dropNamedKeys ? [SEAL_TYPE] : KEPT
    const kept = file.header.stanzas.filter((stanza) => types.includes(stanza.type))
    const stanzas = [...wrapFileKey(sessionKey, options.recipients), ...kept]
    assertWanted(options.signal)
    const inPlace = await writeInPlace(file, target, stanzas, sessionKey)
    if (!inPlace) await writeAnew(file, target, stanzas, { sessionKey, signal: options.signal })
    return { inPlace, seal }
  } finally {
    wipe(sessionKey)
  }
}

/** Only if the payload is long enough to be worth a journal, there can be one, and the new header fits. */
async function writeInPlace(
  file: SealedInput,
  target: string,
  stanzas: readonly Stanza[],
  sessionKey: Uint8Array,
): Promise<boolean> {
  if (!worthBlocks(file.payloadLength) || !canHaveJournal(target)) return false
  const header = fitHeader(stanzas, file.header.length, sessionKey)
  if (!header) return false
  const fd = attempt('open', () => openSync(target, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0)), target)
  try {
    // The name may have gone to another file since this one was verified.
    assertUnchanged(file.source)
    assertSameFile(fd, file.source)
    return await replaceHeader(target, fd, { header, nonce: file.nonce })
  } finally {
    closeQuietly(fd)
  }
}

async function writeAnew(
  file: SealedInput,
  target: string,
  stanzas: readonly Stanza[],
  { sessionKey, signal }: { readonly sessionKey: Uint8Array; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const length = reserveHeaderFor(stanzas, file.payloadLength)
  const header = fitHeader(stanzas, length, sessionKey)
  if (!header) throw new SealError('LIMIT', 'header: longer than the room kept for it')
  const output = PrivateFile.create({ path: target, overwrite: true, expected: file.source.file })
  try {
    writeAllAt(output.fd, [header, file.nonce], 0)
    await copyPayload(file, output.fd, length + NONCE_BYTES, signal)
    assertUnchanged(file.source)
    await output.commit(fstatSync(file.fd).mode & 0o777)
    syncFolder(dirname(target))
  } finally {
    output.discard()
  }
}

async function copyPayload(
  file: SealedInput,
  fd: number,
  offset: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const buffer = new Uint8Array(Math.min(COPY_BYTES, file.payloadLength))
  for (let at = 0; at < file.payloadLength; at += buffer.length) {
    assertWanted(signal)
    const part = buffer.subarray(0, Math.min(buffer.length, file.payloadLength - at))
    readFullyAt(file.fd, part, file.payloadOffset + at)
    writeAllAt(fd, [part], offset + at)
    // A request to stop comes in between.
    await setImmediate()
  }
}

function assertWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new SealError('CANCELLED', 'stopped on request')
}
