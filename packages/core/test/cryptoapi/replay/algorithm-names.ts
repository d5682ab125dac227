import { wincrypt } from '@strongroom/core/cryptoapi'
import { FieldError } from './fields.ts'

/** ALG_IDs by the names that `capi-files/1` uses. */
const ALGORITHMS: ReadonlyMap<string, number> = new Map([
  ['rc2', wincrypt.CALG_RC2],
  ['rc4', wincrypt.CALG_RC4],
  ['des', wincrypt.CALG_DES],
  ['3des', wincrypt.CALG_3DES],
  ['3des112', wincrypt.CALG_3DES_112],
  ['aes128', wincrypt.CALG_AES_128],
  ['aes192', wincrypt.CALG_AES_192],
  ['aes256', wincrypt.CALG_AES_256],
  ['md2', wincrypt.CALG_MD2],
  ['md4', wincrypt.CALG_MD4],
  ['md5', wincrypt.CALG_MD5],
  ['sha1', wincrypt.CALG_SHA1],
  ['sha256', wincrypt.CALG_SHA_256],
  ['sha384', wincrypt.CALG_SHA_384],
  ['sha512', wincrypt.CALG_SHA_512],
])

/** @throws FieldError for a name that stands for nothing */
export function algorithmNamed(name: string): number {
  const algorithm = ALGORITHMS.get(name)
  if (algorithm === undefined) throw new FieldError(`no algorithm is called "${name}"`)
  return algorithm
}
