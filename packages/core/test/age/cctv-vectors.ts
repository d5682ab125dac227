import { inflateSync } from 'node:zlib'
import { parseIdentity, ScryptIdentity, type Identity } from '@strongroom/core/age'
import { fromHex } from '@strongroom/core/bytes'
import * as cctv from 'cctv-age'

/** Which layer must notice what is wrong: the `expect:` of the vectors. */
export type Expectation =
  | 'success'
  | 'no match'
  | 'HMAC failure'
  | 'header failure'
  | 'payload failure'
  | 'armor failure'

/** One vector of C2SP/CCTV "age test vectors". */
export interface AgeVector {
  readonly name: string
  readonly expect: Expectation
  readonly armored: boolean
  /** SHA-256, in hex, of all plaintext that may be released; only where a payload is reached. */
  readonly payload: string | undefined
  readonly fileKey: Uint8Array
  readonly identities: readonly Identity[]
  readonly file: Uint8Array
}

const EXPECTED_COUNT = 143
const EXPECTATIONS = [
  'success',
  'no match',
  'HMAC failure',
  'header failure',
  'payload failure',
  'armor failure',
]
const KNOWN_KEYS = [
  'expect',
  'payload',
  'file key',
  'identity',
  'passphrase',
  'armored',
  'compressed',
  'comment',
]

/** All vectors of the npm package `cctv-age`. Fewer than there were once is an error, not a shorter test. */
export function loadAgeVectors(): AgeVector[] {
  const vectors = Object.entries(cctv).map(([name, bytes]) => parseVector(name, bytes))
  if (vectors.length < EXPECTED_COUNT) {
    throw new Error(`expected ${EXPECTED_COUNT} age test vectors, found ${vectors.length}`)
  }
  return vectors
}

function parseVector(name: string, bytes: Uint8Array): AgeVector {
  const vector = Buffer.from(bytes)
  const split = vector.indexOf('\n\n')
  const fields = vector.toString('utf8', 0, split).split('\n').map(parseField)
  const values = (key: string) => fields.filter((field) => field.key === key).map((field) => field.value)
  const file = vector.subarray(split + 2)
  return {
    name,
    expect: parseExpectation(values('expect')[0]),
    armored: values('armored')[0] === 'yes',
    payload: values('payload')[0],
    fileKey: fromHex(values('file key')[0] ?? ''),
    identities: [
      ...values('identity').map(parseIdentity),
      ...values('passphrase').map((passphrase) => new ScryptIdentity(passphrase)),
    ],
    file: new Uint8Array(values('compressed')[0] === 'zlib' ? inflateSync(file) : file),
  }
}

function parseField(line: string): { key: string; value: string } {
  const [key = '', ...value] = line.split(': ')
  if (!KNOWN_KEYS.includes(key)) throw new Error(`unknown key in an age test vector: ${key}`)
  return { key, value: value.join(': ') }
}

function parseExpectation(text: string | undefined): Expectation {
  if (text === undefined || !EXPECTATIONS.includes(text)) throw new Error(`unknown expectation: ${text}`)
  return text as Expectation
}
