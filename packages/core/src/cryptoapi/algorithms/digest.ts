import { HASHES } from '../algorithm-table.ts'
import {
  CALG_MD2,
  CALG_MD4,
  CALG_MD5,
  CALG_SHA1,
  CALG_SHA_256,
  CALG_SHA_384,
  CALG_SHA_512,
} from '../constants.ts'
import { type BlockChain, BlockDigest, type Digest } from './block-digest.ts'
import { Md2 } from './md2.ts'
import { Md4 } from './md4.ts'
import { NativeDigest } from './native-digest.ts'

export type { Digest } from './block-digest.ts'

/** Who computes a hash: OpenSSL, by its name for it, or a chain of ours, because OpenSSL 3 has it no longer. */
const MAKERS: ReadonlyMap<number, string | (() => BlockChain)> = new Map<number, string | (() => BlockChain)>(
  [
    [CALG_MD2, () => new Md2()],
    [CALG_MD4, () => new Md4()],
    [CALG_MD5, 'md5'],
    [CALG_SHA1, 'sha1'],
    [CALG_SHA_256, 'sha256'],
    [CALG_SHA_384, 'sha384'],
    [CALG_SHA_512, 'sha512'],
  ],
)

/**
 * Begins to compute a hash without a key.
 *
 * @param algorithm CALG_MD2, CALG_MD4, CALG_MD5, CALG_SHA1, CALG_SHA_256, CALG_SHA_384 or CALG_SHA_512
 * @throws RangeError for any other
 */
export function createDigest(algorithm: number): Digest {
  const maker = MAKERS.get(algorithm)
  const row = HASHES.get(algorithm)
  if (maker === undefined || row === undefined) {
    throw new RangeError(`0x${algorithm.toString(16)} is no hash without a key`)
  }
  return typeof maker === 'string'
    ? new NativeDigest(maker, row.length, row.blockLength)
    : new BlockDigest(maker(), row.length, row.blockLength)
}
