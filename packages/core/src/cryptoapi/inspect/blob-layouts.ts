import { BLOB_TYPES } from '../blob/blob-header.ts'
import { MAGIC_PRIVATE, MAGIC_PUBLIC } from '../blob/rsa-fields.ts'
import {
  CUR_BLOB_VERSION,
  PLAINTEXTKEYBLOB,
  PRIVATEKEYBLOB,
  PUBLICKEYBLOB,
  SIMPLEBLOB,
} from '../constants.ts'
import { algorithmLabel } from './algorithm-labels.ts'
import type { FieldRow, SeenNumbers } from './field-layout.ts'

/** BLOBHEADER. */
export const HEADER_LAYOUT: readonly FieldRow[] = [
  { name: 'bType', shown: 'number', size: 1, meaning: (type) => TYPE_MEANINGS.get(type) ?? typeName(type) },
  {
    name: 'bVersion',
    shown: 'number',
    size: 1,
    meaning: (version) =>
      version === CUR_BLOB_VERSION ? 'the version of all key blobs of RSA providers' : 'expected 2',
  },
  {
    name: 'reserved',
    shown: 'number',
    size: 2,
    meaning: (value) => (value === 0 ? 'always 0' : 'expected 0'),
  },
  { name: 'aiKeyAlg', shown: 'algorithm', size: 4, meaning: algorithmLabel },
]

const TYPE_MEANINGS: ReadonlyMap<number, string> = new Map([
  [SIMPLEBLOB, 'SIMPLEBLOB: a session key, encrypted for somebody’s exchange key'],
  [PUBLICKEYBLOB, 'PUBLICKEYBLOB: a public key'],
  [PRIVATEKEYBLOB, 'PRIVATEKEYBLOB: a key pair with its private part'],
  [PLAINTEXTKEYBLOB, 'PLAINTEXTKEYBLOB: a session key in the clear'],
])

const bytesOfModulus = (seen: SeenNumbers): number => Math.ceil((seen.get('bitlen') ?? 0) / 8)
const bytesOfPrime = (seen: SeenNumbers): number => Math.ceil(bytesOfModulus(seen) / 2)

const rsaFields = (magic: string, what: string, expected: number): readonly FieldRow[] => [
  {
    name: 'magic',
    shown: 'letters',
    size: 4,
    meaning: (found) => (found === expected ? `what ${what} begins with` : `expected ${magic}`),
  },
  { name: 'bitlen', shown: 'number', size: 4, meaning: 'bits of the modulus' },
  { name: 'pubexp', shown: 'number', size: 4, meaning: 'the public exponent' },
  { name: 'modulus', shown: 'integer', size: bytesOfModulus, meaning: 'the product of the primes' },
]

const secretInteger = (name: string, size: FieldRow['size'], meaning: string): FieldRow => ({
  name,
  shown: 'integer',
  size,
  meaning,
  secret: true,
})

const REST: FieldRow = {
  name: 'rest',
  shown: 'bytes',
  size: 'rest',
  meaning: 'behind the blob: an import does not look at it',
  // Where a length is wrong, this is what should have been a field.
  secret: true,
}

/** What follows the header, by type of blob. */
export const BODY_LAYOUTS: ReadonlyMap<number, readonly FieldRow[]> = new Map<number, readonly FieldRow[]>([
  [PUBLICKEYBLOB, [...rsaFields('"RSA1"', 'a public RSA key', MAGIC_PUBLIC), REST]],
  [
    PRIVATEKEYBLOB,
    [
      ...rsaFields('"RSA2"', 'an RSA key pair', MAGIC_PRIVATE),
      secretInteger('prime1', bytesOfPrime, 'p'),
      secretInteger('prime2', bytesOfPrime, 'q'),
      secretInteger('exponent1', bytesOfPrime, 'd mod (p - 1)'),
      secretInteger('exponent2', bytesOfPrime, 'd mod (q - 1)'),
      secretInteger('coefficient', bytesOfPrime, '1 / q mod p'),
      secretInteger('privateExponent', bytesOfModulus, 'd; may be cut off: the others say what it is'),
      REST,
    ],
  ],
  [
    PLAINTEXTKEYBLOB,
    [
      {
        name: 'dwKeySize',
        shown: 'number',
        size: 4,
        meaning: (bytes) => `bytes of the key: ${bytes * 8} bits`,
      },
      {
        name: 'rgbKeyData',
        shown: 'bytes',
        size: (seen) => seen.get('dwKeySize') ?? 0,
        meaning: 'the session key itself',
        secret: true,
      },
      REST,
    ],
  ],
  [
    SIMPLEBLOB,
    [
      {
        name: 'encryptAlg',
        shown: 'algorithm',
        size: 4,
        meaning: (id) => `what encrypts it: ${algorithmLabel(id)}`,
      },
      {
        name: 'encryptedKey',
        shown: 'nothing',
        size: 'rest',
        meaning: 'the session key under RSA, least significant byte first',
      },
    ],
  ],
])

/** What follows the header of a blob that nothing more is known of, or that is encrypted as a whole. */
export const OPAQUE_BODY: readonly FieldRow[] = [
  {
    name: 'body',
    shown: 'bytes',
    size: 'rest',
    meaning: 'what only the provider that wrote it can read',
    secret: true,
  },
]
/** The body of a PRIVATEKEYBLOB that does not begin as one does. */
export const ENCRYPTED_BODY: readonly FieldRow[] = [
  {
    name: 'body',
    shown: 'bytes',
    size: 'rest',
    meaning: 'begins with no "RSA2": encrypted under a session key or a password, or damaged',
    // One damaged letter, and the private key lies here.
    secret: true,
  },
]

/** The published name of a type of key blobs. */
export function typeName(type: number): string {
  return BLOB_TYPES.get(type)?.name ?? 'no type of key blobs'
}
