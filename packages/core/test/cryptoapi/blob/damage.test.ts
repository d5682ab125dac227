import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { CryptoApiError } from '@strongroom/core/cryptoapi'
import { parseBlobHeader } from '../../../src/cryptoapi/blob/blob-header.ts'
import {
  encodePlaintextKeyBlob,
  parsePlaintextKeyBlob,
} from '../../../src/cryptoapi/blob/plaintext-key-blob.ts'
import { encodePrivateKeyBlob, parsePrivateKeyBlob } from '../../../src/cryptoapi/blob/private-key-blob.ts'
import { encodePublicKeyBlob, parsePublicKeyBlob } from '../../../src/cryptoapi/blob/public-key-blob.ts'
import { encodePvk, openPvk } from '../../../src/cryptoapi/blob/pvk.ts'
import { encodeSimpleBlob, parseSimpleBlob } from '../../../src/cryptoapi/blob/simple-blob.ts'
import { CALG_RC4, CALG_RSA_KEYX } from '../../../src/cryptoapi/constants.ts'
import { encryptPkcs1 } from '../../../src/cryptoapi/rsa/pkcs1.ts'
import { mutationsOf, singleBitFlips } from '../../support/mutations.ts'
import { PROPERTY } from '../../support/property-runs.ts'
import { privateKey } from '../rsa/known-keys.ts'
import { EVERY } from './blob-samples.ts'

/** A kind of file or blob: how it is read, and what an accepted one has to be true to. */
interface Kind {
  readonly name: string
  readonly sample: Uint8Array
  /** The fewest bytes that can be accepted. */
  readonly least: number
  /** Reads; checks that what was accepted is written again as it was read, as far as it counts. */
  readonly check: (bytes: Uint8Array) => void
}

const KEY = privateKey('kx512')
const SESSION_KEY = Uint8Array.from({ length: 16 }, (_, i) => i)
const PASSWORD = Uint8Array.of(0x70)
const BLOCK = new Uint8Array(64).with(63, 2)
const SIGNED = KEY.raw(BLOCK)
/** Where the private exponent of a key of 512 bits starts. */
const PRIVATE_EXPONENT_AT = 20 + 64 + 5 * 32

const KINDS: readonly Kind[] = [
  {
    name: 'PUBLICKEYBLOB',
    sample: encodePublicKeyBlob(CALG_RSA_KEYX, KEY.publicKey),
    least: 84,
    check: (blob) => {
      const { algorithm, key } = parsePublicKeyBlob(blob, EVERY)
      assertStartsWith(blob, encodePublicKeyBlob(algorithm, key))
      // Whatever the modulus and the exponent, the operation ends and stays below the modulus.
      const result = key.raw(new Uint8Array(key.length).with(key.length - 1, 2))
      assert.equal(result?.length, key.length)
    },
  },
  {
    name: 'PRIVATEKEYBLOB',
    sample: encodePrivateKeyBlob(CALG_RSA_KEYX, KEY),
    least: PRIVATE_EXPONENT_AT,
    check: (blob) => checkPrivate(blob, parsePrivateKeyBlob(blob, EVERY)),
  },
  {
    name: 'PLAINTEXTKEYBLOB',
    sample: encodePlaintextKeyBlob(CALG_RC4, SESSION_KEY),
    least: 12,
    check: (blob) => {
      const { algorithm, key } = parsePlaintextKeyBlob(blob)
      assertStartsWith(blob, encodePlaintextKeyBlob(algorithm, key))
    },
  },
  {
    name: 'SIMPLEBLOB',
    sample: encodeSimpleBlob(CALG_RC4, encryptPkcs1(KEY.publicKey, SESSION_KEY)),
    least: 12,
    check: (blob) => {
      const { algorithm, payload } = parseSimpleBlob(blob, EVERY)
      assert.deepEqual(encodeSimpleBlob(algorithm, payload), blob)
    },
  },
  {
    name: 'PVK file',
    sample: encodePvk(KEY, CALG_RSA_KEYX, { protection: 'none' }),
    least: 24 + PRIVATE_EXPONENT_AT,
    check: (file) => checkPrivate(file.subarray(24), openPvk(file)),
  },
  {
    name: 'PVK file under a password',
    sample: encodePvk(KEY, CALG_RSA_KEYX, { protection: 'strong', password: PASSWORD }),
    least: 24 + 16 + PRIVATE_EXPONENT_AT,
    check: (file) => {
      const { key } = openPvk(file, PASSWORD)
      assert.deepEqual(key.raw(BLOCK), SIGNED)
    },
  },
]

for (const { name, sample, least, check } of KINDS) {
  suite(`damage to a ${name}`, () => {
    test('every truncation is refused, or what is left is enough', () => {
      check(sample)
      for (let length = 0; length < sample.length; length++) {
        const cut = sample.slice(0, length)
        const accepted = isAccepted(() => check(cut))
        assert.ok(!accepted || length >= least, `${length} bytes`)
      }
    })

    test('every flipped bit is refused, or makes another valid one', () => {
      let refused = 0
      for (const flipped of singleBitFlips(sample)) if (!isAccepted(() => check(flipped))) refused++
      // Version, reserved field, most types and most algorithms, at least.
      assert.ok(refused > 40, `only ${refused} refused`)
    })

    test('so is any other damage', () => {
      fc.assert(
        fc.property(mutationsOf(sample), (bytes) => {
          isAccepted(() => check(bytes))
        }),
        PROPERTY,
      )
    })
  })
}

test('bytes that never were a blob', () => {
  const random = fc.uint8Array({ maxLength: 400 })
  const header = fc.tuple(fc.constantFrom(1, 6, 7, 8, 9, 11), random).map(([type, rest]) => {
    return Uint8Array.of(type, 2, 0, 0, 0, 0xa4, 0, 0, ...rest)
  })
  fc.assert(
    fc.property(fc.oneof(random, header), (bytes) => {
      isAccepted(() => parseBlobHeader(bytes))
      for (const { check } of KINDS) isAccepted(() => check(Uint8Array.from(bytes)))
    }),
    PROPERTY,
  )
})

/** Whether something was accepted; anything but a refusal of the provider's own goes on. */
function isAccepted(check: () => void): boolean {
  try {
    check()
    return true
  } catch (error) {
    if (!(error instanceof CryptoApiError)) throw error
    return false
  }
}

/** A key that is accepted is the one that was written, whatever became of its private exponent. */
function checkPrivate(blob: Uint8Array, { algorithm, key }: ReturnType<typeof parsePrivateKeyBlob>): void {
  const again = encodePrivateKeyBlob(algorithm, key)
  assertStartsWith(blob, again.subarray(0, PRIVATE_EXPONENT_AT))
  assert.deepEqual(key.raw(BLOCK), SIGNED)
}

function assertStartsWith(bytes: Uint8Array, start: Uint8Array): void {
  assert.deepEqual(Uint8Array.from(bytes.subarray(0, start.length)), Uint8Array.from(start))
}
