import { type Chunks, splitSampleStream } from '@strongroom/core/cryptoapi'
import type { OptionTable } from '../command.ts'

/** Which bytes of a file are signed. */
export const SIGNED_BYTES_OPTIONS = {
  sampleFile: {
    flags: '--sample-file',
    kind: 'flag',
    description:
      'the file is one of Microsoft’s encryption sample: the key blob in front is signed, not the file',
    group: 'Signature:',
  },
} as const satisfies OptionTable

/** All of a file, or the key blob in front of it. @throws CryptoApiError as `splitSampleStream` */
export async function signedBytes(file: Chunks, { sampleFile }: { sampleFile: boolean }): Promise<Chunks> {
  return sampleFile ? [(await splitSampleStream(file)).blob] : file
}

/** Hashes in which two files with one value can be made by whoever wants to. */
const BROKEN: ReadonlySet<string> = new Set(['md2', 'md4', 'md5', 'sha1'])
/** Moduli below that have been factored, or soon are. */
const LEAST_BITS = 2048

/** Why a signature says little, in a sentence for people; undefined if it says what it seems to. */
export function weaknessOf({ hash, bits }: { hash: string; bits: number }): string | undefined {
  const weak = [
    ...(BROKEN.has(hash) ? [`${hash} lets two files have one signature`] : []),
    ...(bits < LEAST_BITS ? [`an RSA key of ${bits} bits can be broken`] : []),
  ]
  return weak.length === 0 ? undefined : `this signature is weak: ${weak.join(', and ')}`
}
