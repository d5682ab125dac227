/** The npm package node-forge, cryptography in plain JavaScript, as a rival: its bytes are strings, a character each. */
import forge from 'node-forge'

/** What node-forge calls the ciphers that it has. */
export type ForgeCipher = 'RC2' | 'DES-CBC' | '3DES-CBC' | 'AES-CBC'

const CREATE = {
  encrypt: {
    RC2: (key: string) => forge.rc2.createEncryptionCipher(key, 8 * key.length),
    other: (name: Exclude<ForgeCipher, 'RC2'>, key: string) => forge.cipher.createCipher(name, key),
  },
  decrypt: {
    RC2: (key: string) => forge.rc2.createDecryptionCipher(key, 8 * key.length),
    other: (name: Exclude<ForgeCipher, 'RC2'>, key: string) => forge.cipher.createDecipher(name, key),
  },
} as const

const HASHES = {
  md5: () => forge.md.md5.create(),
  sha1: () => forge.md.sha1.create(),
  sha256: () => forge.md.sha256.create(),
  sha384: () => forge.md.sha512.create('SHA-384'),
  sha512: () => forge.md.sha512.create(),
} as const

/** What node-forge calls the hashes that it has. */
export type ForgeHash = keyof typeof HASHES

/** A pass of CBC over the data. Without the last step, which is all about padding. */
export function forgeCipherPass(
  name: ForgeCipher,
  direction: 'encrypt' | 'decrypt',
  key: Uint8Array,
  iv: Uint8Array,
  data: Uint8Array,
): () => unknown {
  const [binaryKey, binaryIv, binaryData] = [key, iv, data].map(binary) as [string, string, string]
  const create = CREATE[direction]
  return () => {
    const input = forge.util.createBuffer(binaryData)
    if (name === 'RC2') {
      const cipher = create.RC2(binaryKey)
      cipher.start(binaryIv)
      cipher.update(input)
      return cipher.output
    }
    const cipher = create.other(name, binaryKey)
    cipher.start({ iv: binaryIv })
    cipher.update(input)
    return cipher.output
  }
}

/** A pass of a hash over the data. */
export function forgeHashPass(name: ForgeHash, data: Uint8Array): () => unknown {
  const text = binary(data)
  return () => HASHES[name]().update(text).digest()
}

const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
