import { resolve } from 'node:path'
import { equalBytes, wipe } from '@strongroom/core/bytes'
import { plaintextLength } from '@strongroom/core/age'
import { openKeyBlob, parseKeyBlob, type OpenedKeyBlob } from '@strongroom/core/keyblob'
import { exportKeyBlob, inspectFile, SealError } from '@strongroom/core/seal'
import type { FileReader } from '../reader.ts'
import type { Depositor } from './depositor.ts'

/**
 * Deposits the session key of a sealed file, unless it was deposited before. The seal is verified first: a key that somebody put in
 * the place of the owner's is worth nothing.
 *
 * @returns the id of the deposit, and whether it is a new one
 * @throws SealError, KeyBlobError for a file that does not open or whose seal does not hold
 */
export async function depositFile(
  depositor: Depositor,
  path: string,
  { reader, description }: { reader: FileReader; description: string | undefined },
): Promise<{ id: string; isNew: boolean }> {
  const { sessionKey, seal } = await openHeader(path, reader)
  try {
    const { name, description: signed } = seal.metadata
    const { serial, sealId, payloadLength } = seal
    return depositor.ensure(
      { sessionKey, format: 'file', serial, sealId },
      {
        object: name === undefined ? undefined : { name, size: plaintextLength(payloadLength) },
        description: description ?? signed ?? name,
        label: path,
        path: resolve(path),
      },
    )
  } finally {
    wipe(sessionKey)
  }
}

/** The session key of a file whose seal holds, and belongs to the payload behind it; to be wiped. @throws SealError, KeyBlobError */
export async function openHeader(path: string, { identities, signers }: FileReader): Promise<OpenedKeyBlob> {
  const opened = openKeyBlob(parseKeyBlob(await exportKeyBlob(path)), identities, signers)
  const { verified, problem } = await inspectFile({ path }, { identities, signers })
  const isFile = opened.seal.kind === 'file'
  if (isFile && verified && equalBytes(verified.sealId, opened.seal.sealId)) return opened
  wipe(opened.sessionKey)
  throw new SealError('NOT_AUTHENTIC', problem?.message ?? 'the seal is not that of this file', { path })
}
