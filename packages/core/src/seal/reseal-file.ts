import { realpathSync } from 'node:fs'
import { derivePayloadKey } from '../age/index.ts'
import { wipe } from '../bytes/index.ts'
import { syncFolder } from '../container/index.ts'
import { signDrafts } from '../keyblob/index.ts'
import { reporting } from './failure.ts'
import { assertUnchanged } from './input.ts'
import { finishInterruptedRewrap } from './interrupted-rewrap.ts'
import { fileVersion } from './ledger.ts'
import { runPayload } from './payload-run.ts'
import { checkRecipients } from './recipients.ts'
import { finishedSeal, type Releasing } from './releasing.ts'
import { SealError } from './seal-error.ts'
import type { SealedFile, Watching } from './seal-files.ts'
import { openSealedInput, type SealedInput } from './sealed-input.ts'
import { checkSegments } from './segment-check.ts'
import type { Source } from './source.ts'
import { stage, type Sealer, type Staged } from './stage.ts'
import { unlock, type Reader, type Unlocked } from './unlock.ts'

/** Who reads the old version and who seals the new one. */
export interface ResealOptions extends Reader, Omit<Sealer, 'visibility'>, Releasing, Watching {
  /** As it was, unless told. */
  readonly visibility?: Sealer['visibility'] | undefined
  /** Replaces the description. */
  readonly description?: string | undefined
}

/**
 * Gives a file a new session key: its next version, in its place. Nobody who had the old key, or an old header,
 * can read or exchange it from then on.
 *
 * The plaintext goes from one cipher to the other in memory. The new file takes the name when it is whole; until
 * then the old one has it.
 *
 * @throws SealError
 */
export async function resealFile(path: string, options: ResealOptions): Promise<SealedFile> {
  return reporting(path, async () => {
    checkRecipients(options.recipients, options.namedKey)
    // Through a symbolic link, the file that it names is replaced, not the link.
    const target = realpathSync(path)
    await finishInterruptedRewrap(target, options)
    const file = await openSealedInput({ path: target })
    try {
      const staged = await stageAgain(file, target, options)
      try {
        return await finish(staged, target, options)
      } finally {
        staged.discard()
      }
    } finally {
      file.close()
    }
  })
}

async function stageAgain(file: SealedInput, target: string, options: ResealOptions): Promise<Staged> {
  const unlocked = unlock(file, options)
  const source = sealedSource(file, unlocked)
  try {
    const { plaintextLength, seal } = unlocked
    const newestVersion = seal && options.ledger?.newestVersion(seal.serial, options.signingKey.signer.keyId)
    const naming = { description: options.description, previous: seal, newestVersion }
    const sealer = { ...options, visibility: options.visibility ?? seal?.visibility ?? 'private' }
    const output = { path: target, overwrite: true, expected: file.source.file }
    return await stage(source, output, naming, sealer, 1, {
      threads: options.threads,
      signal: options.signal,
      onBytes: (doneBytes) => options.onProgress?.({ job: 0, doneBytes, totalBytes: plaintextLength }),
    })
  } finally {
    source.close()
  }
}

/** The plaintext of a sealed file, verified as it goes. */
function sealedSource(file: SealedInput, { sessionKey, seal, plaintextLength }: Unlocked): Source {
  const key = derivePayloadKey(sessionKey, file.nonce)
  wipe(sessionKey)
  const { name, mode, mtimeNs, description } = seal?.metadata ?? {}
  return {
    plaintextLength,
    state: file.source.file,
    facts: {
      ...(name === undefined ? {} : { name }),
      ...(mode === undefined ? {} : { mode }),
      ...(mtimeNs === undefined ? {} : { mtimeNs }),
      ...(description === undefined ? {} : { description }),
    },
    encrypt: async (output, options) => {
      const input = { fd: file.fd, offset: file.payloadOffset, key }
      const hashes = await runPayload({ plaintextLength, input, output }, options)
      if (seal) checkSegments(hashes.input, seal.table)
      assertUnchanged(file.source)
      return { plaintextLength, leafHashes: hashes.output }
    },
    close: () => wipe(key),
  }
}

async function finish(staged: Staged, target: string, options: ResealOptions): Promise<SealedFile> {
  const [batch] = signDrafts([staged.draft], options.signingKey)
  if (!batch) throw new SealError('LIMIT', 'batch: no signature')
  await options.beforeRelease?.([finishedSeal(0, staged)])
  await staged.release(batch)
  if (staged.folder !== undefined) syncFolder(staged.folder)
  const { serial, metadata, plaintextBytes, sealedBytes, source, draft } = staged
  const { version } = metadata
  const signerId = options.signingKey.signer.keyId
  options.ledger?.remember(fileVersion(serial, signerId, version, draft.sealId))
  return {
    job: 0,
    output: { path: target },
    serial,
    sealId: draft.sealId,
    version,
    plaintextBytes,
    sealedBytes,
    source,
  }
}
