/**
 * How fast are the ciphers and hashes of the CryptoAPI provider, beside node:crypto itself and node-forge?
 *
 * Run: node bench/cryptoapi-bulk.ts [--quick] [--rounds N] [--place TEXT]
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { createBlockCipher, type Direction } from '../packages/core/src/cryptoapi/algorithms/block-cipher.ts'
import { createDigest } from '../packages/core/src/cryptoapi/algorithms/digest.ts'
import { Rc4 } from '../packages/core/src/cryptoapi/algorithms/rc4.ts'
import { wincrypt } from '../packages/core/src/cryptoapi/index.ts'
import { type Cipher, CIPHERS, type Hash, HASHES } from './cryptoapi-algorithms.ts'
import { forgeCipherPass, forgeHashPass } from './forge.ts'
import { contestOfPasses, type Pass } from './passes.ts'
import { ratioTarget, report, type Section } from './report.ts'
import { withWorkbench } from './workbench.ts'

const OURS = 'strongroom'
const NODE = 'node:crypto'
const FORGE = 'node-forge'
const AT_MOST = 1.1
// What Microsoft's sample of file encryption passes to CryptEncrypt at a time: 1,000 bytes cut to whole blocks.
const PIECE_BYTES = 992
const DIRECTIONS = ['encrypt', 'decrypt'] as const
const NATIVE = { encrypt: createCipheriv, decrypt: createDecipheriv } as const

interface Contest {
  readonly title: string
  readonly contestants: readonly Pass[]
  /** How long the data are, if not as long as everywhere. */
  readonly bytes?: number
  /** Whether the target holds here, as it does unless this says no. */
  readonly bulk?: false
}

await withWorkbench((bench) => {
  const data = randomBytes(bench.quick ? 2 ** 20 : 2 ** 22)
  const rounds = Math.min(bench.rounds, bench.quick ? 3 : 21)
  const contests = [
    rc4Contest(data),
    ...CIPHERS.flatMap((cipher) => DIRECTIONS.map((direction) => cipherContest(cipher, direction, data))),
    piecesContest(data),
    ...HASHES.map((hash) => hashContest(hash, data)),
  ]
  const sections = contests
    .filter(({ title }) => title.includes(bench.place))
    .map(({ title, contestants, bytes = data.length, bulk = true }): Section => {
      const results = contestOfPasses(contestants, rounds)
      const bases = results.map(({ name }) => name).filter((name) => name !== OURS)
      const targets = bulk && bases.includes(NODE) ? [ratioTarget(results, OURS, NODE, AT_MOST)] : []
      return { title: `${title}, ${bytes / 1024} KiB`, results, bases, targets, bytes }
    })
  report('cryptoapi-bulk', sections)
})

function rc4Contest(data: Uint8Array): Contest {
  const key = randomBytes(16)
  return { title: 'RC4', contestants: [{ name: OURS, pass: () => new Rc4(key).process(data) }] }
}

function cipherContest(cipher: Cipher, direction: Direction, allData: Uint8Array): Contest {
  const data = allData.subarray(0, cipher.mostBytes)
  const key = randomBytes(cipher.keyBytes)
  const iv = randomBytes(cipher.blockBytes)
  const ours = createBlockCipher(cipher.algorithm, key, 8 * key.length)
  const nodeKey = nodeKeyOf(cipher, key)
  const forgeKey = cipher.forge === 'DES-CBC' ? key : nodeKey
  return {
    title: `${cipher.name}, CBC, ${direction}`,
    contestants: [
      { name: OURS, pass: () => ours.transform(direction, 'cbc', iv.slice(), data) },
      ...nodePasses(cipher, direction, nodeKey, iv, data),
      { name: FORGE, pass: forgeCipherPass(cipher.forge, direction, forgeKey, iv, data) },
    ],
    bytes: data.length,
  }
}

function nodeKeyOf({ desKeys }: Cipher, key: Uint8Array): Uint8Array {
  if (desKeys === undefined) return key
  return Buffer.concat(desKeys.map((at) => key.subarray(8 * at, 8 * at + 8)))
}

function nodePasses(
  { node }: Cipher,
  direction: Direction,
  key: Uint8Array,
  iv: Uint8Array,
  data: Uint8Array,
): Pass[] {
  if (node === undefined) return []
  const pass = () => NATIVE[direction](node, key, iv).setAutoPadding(false).update(data)
  return [{ name: NODE, pass }]
}

function piecesContest(data: Uint8Array): Contest {
  const [key, iv] = [randomBytes(32), randomBytes(16)]
  const pieces = Array.from({ length: Math.floor(data.length / PIECE_BYTES) }, (_, i) =>
    data.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES),
  )
  const ours = createBlockCipher(wincrypt.CALG_AES_256, key, 256)
  return {
    title: `AES-256, CBC, encrypt, in pieces of ${PIECE_BYTES} bytes`,
    bulk: false,
    contestants: [
      {
        name: OURS,
        pass: () => {
          const register = iv.slice()
          for (const piece of pieces) ours.transform('encrypt', 'cbc', register, piece)
        },
      },
      {
        name: NODE,
        pass: () => {
          const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false)
          for (const piece of pieces) cipher.update(piece)
        },
      },
    ],
  }
}

function hashContest({ name, algorithm, node, forge }: Hash, data: Uint8Array): Contest {
  const ours = (): Uint8Array => {
    const digest = createDigest(algorithm)
    digest.update(data)
    return digest.digest()
  }
  const theirs =
    node === undefined ? [] : [{ name: NODE, pass: () => createHash(node).update(data).digest() }]
  const inScript = forge === undefined ? [] : [{ name: FORGE, pass: forgeHashPass(forge, data) }]
  return { title: name, contestants: [{ name: OURS, pass: ours }, ...theirs, ...inScript] }
}
