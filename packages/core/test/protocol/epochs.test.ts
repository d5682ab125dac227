import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toHex, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  EpochChain,
  epochStanding,
  encodeAuthorityCard,
  encodeEnvelope,
  LIMITS,
  parseAuthorityCard,
  parseEnvelope,
  ProtocolError,
  signerIdOf,
  statementDigest,
  VerifiedStatement,
  verifyEpoch,
  verifyEpochs,
  type Envelope,
  type Epoch,
  type ProtocolErrorCode,
} from '@strongroom/core/protocol'
import { encodeVerifierKey, logOrigin, type SignatureTypeName } from '@strongroom/core/tlog'
import { throwsCode } from '../support/throws-code.ts'
import { testKey } from '../tlog/node-keys.ts'
import { bytesOf, exchangeOf, means, pairOf, sha256, signEpoch, START, testAuthority } from './fixtures.ts'
import { refusesAllNear } from './near.ts'

const authority = testAuthority(4)
const trust = { ...means, identity: authority.identity.fingerprint }
const DAY = 86_400_000

const at = <T>(list: readonly T[], index: number): T => {
  const found = list[index]
  assert.ok(found !== undefined)
  return found
}
const first = at(authority.epochs, 0)

test('a chain under the pinned identity, by fingerprint and by key', () => {
  for (const identity of [authority.identity.fingerprint, authority.identity.signer]) {
    const chain = verifyEpochs(authority.envelopes, { ...means, identity })
    assert.deepEqual(
      chain.epochs.map(({ payload }) => payload),
      authority.epochs,
    )
    assert.equal(chain.latest, chain.epochs[3])
    assert.equal(chain.authority, 'Example archive')
    assert.equal(chain.identity, authority.identity.signer)
    assert.equal(chain.find(2)?.payload.number, 2)
    for (const number of [0, 5, -1, 1.5, Number.NaN]) assert.equal(chain.find(number), undefined)
  }
})

test('it survives its way over the wire', () => {
  const card = encodeAuthorityCard({
    epochs: authority.envelopes,
    limits: { depositBytes: 16_384, depositsPerRequest: 100 },
  })
  const read = parseAuthorityCard(card)
  assert.equal(verifyEpochs(read.epochs, trust).latest.payload.number, 4)
  assert.equal(read.limits.depositsPerRequest, 100)
  for (const limits of [
    { depositBytes: 0, depositsPerRequest: 1 },
    { depositBytes: 16_385, depositsPerRequest: 1 },
    { depositBytes: 1, depositsPerRequest: 1001 },
  ]) {
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () =>
      encodeAuthorityCard({ epochs: authority.envelopes, limits }),
    )
  }
})

test('nobody else makes a chain or a statement', () => {
  const [epochs, latest] = [authority.chain.epochs, authority.chain.latest]
  assert.throws(() => Reflect.construct(EpochChain, [Symbol('verified'), epochs, latest]), TypeError)
  assert.throws(
    () => Reflect.construct(VerifiedStatement, [Symbol('verified'), latest.act, first, {}]),
    TypeError,
  )
})

const without = (index: number): Envelope[] => authority.envelopes.filter((_, i) => i !== index)
const swapped = (i: number, j: number): Envelope[] =>
  authority.envelopes.map((envelope, at_) =>
    at_ === i ? at(authority.envelopes, j) : at_ === j ? at(authority.envelopes, i) : envelope,
  )
/** The last epoch with something changed, signed by the identity key itself: what a broken or bribed authority can do. */
const last = (changes: Partial<Epoch>): Envelope[] => [
  ...authority.envelopes.slice(0, 3),
  signEpoch({ ...at(authority.epochs, 3), ...changes }, authority.identity),
]
const stranger = testAuthority(4, 40)

const BAD_CHAINS: Readonly<Record<string, [readonly Envelope[], ProtocolErrorCode]>> = {
  'no epoch': [[], 'EPOCH_CHAIN'],
  'without the first': [without(0), 'EPOCH_CHAIN'],
  'a gap': [without(1), 'EPOCH_CHAIN'],
  'two in the wrong order': [swapped(1, 2), 'EPOCH_CHAIN'],
  'one twice': [[...authority.envelopes, at(authority.envelopes, 3)], 'EPOCH_CHAIN'],
  'a number that was left out': [last({ number: 5 }), 'EPOCH_CHAIN'],
  'a number that was there': [last({ number: 3 }), 'EPOCH_CHAIN'],
  'a fork: another predecessor': [last({ previous: bytesOf(1) }), 'EPOCH_CHAIN'],
  'a fork: the predecessor’s predecessor': [
    last({ previous: at(authority.epochs, 2).previous }),
    'EPOCH_CHAIN',
  ],
  'beginning with the one before': [last({ notBefore: at(authority.epochs, 2).notBefore }), 'EPOCH_CHAIN'],
  'another name': [last({ authority: 'Other archive' }), 'EPOCH_CHAIN'],
  'another log': [
    last(logOf(logOrigin('other.example.org', toHex(signerIdOf(sha256, authority.identity.signer))))),
    'EPOCH_CHAIN',
  ],
  'another authority': [stranger.envelopes, 'AUTHORITY_IDENTITY'],
  'another authority’s in between': [
    [...authority.envelopes.slice(0, 3), at(stranger.envelopes, 3)],
    'AUTHORITY_IDENTITY',
  ],
  'too many': [Array.from({ length: LIMITS.epochs + 1 }, () => at(authority.envelopes, 0)), 'PROTOCOL_LIMIT'],
}

function logOf(
  origin: string,
  types: readonly SignatureTypeName[] = ['note', 'subtree'],
): Pick<Epoch, 'log'> {
  return { log: { origin, keys: types.map((type) => encodeVerifierKey(testKey(origin, type, 7).key)) } }
}

describe('a chain is refused', () => {
  for (const [what, [envelopes, code]] of Object.entries(BAD_CHAINS)) {
    test(what, () => void throwsCode(ProtocolError, code, () => verifyEpochs(envelopes, trust)))
  }
  test('a second identity that signs the next epoch of the first', () => {
    const usurper = pairOf(0x66)
    const origin = logOrigin('vault.example.org', toHex(signerIdOf(sha256, usurper.signer)))
    const epoch = { ...at(authority.epochs, 3), identity: usurper.signer, ...logOf(origin) }
    const envelopes = [...authority.envelopes.slice(0, 3), signEpoch(epoch, usurper)]
    throwsCode(ProtocolError, 'AUTHORITY_IDENTITY', () => verifyEpochs(envelopes, trust))
    throwsCode(ProtocolError, 'AUTHORITY_IDENTITY', () =>
      verifyEpochs(envelopes, { ...trust, identity: usurper.signer }),
    )
  })
})

describe('what a client has seen before', () => {
  const known = verifyEpochs(authority.envelopes.slice(0, 3), trust).known
  test('may have grown', () => {
    assert.equal(verifyEpochs(authority.envelopes, trust, known).latest.payload.number, 4)
    assert.equal(verifyEpochs(authority.envelopes.slice(0, 3), trust, known).latest.payload.number, 3)
  })
  test('may not have shrunk', () => {
    throwsCode(ProtocolError, 'EPOCH_CHAIN', () =>
      verifyEpochs(authority.envelopes.slice(0, 2), trust, known),
    )
  })
  test('may not be another history, however well signed', () => {
    const third = signEpoch({ ...at(authority.epochs, 2), exchange: exchangeOf(0x70) }, authority.identity)
    const fork = [...authority.envelopes.slice(0, 2), third]
    assert.equal(verifyEpochs(fork, trust).latest.payload.number, 3)
    throwsCode(ProtocolError, 'EPOCH_CHAIN', () => verifyEpochs(fork, trust, known))
    const fourth = { ...at(authority.epochs, 3), previous: statementDigest(sha256, third) }
    throwsCode(ProtocolError, 'EPOCH_CHAIN', () =>
      verifyEpochs([...fork, signEpoch(fourth, authority.identity)], trust, known),
    )
  })
})

describe('an epoch record is refused, though its identity signed it', () => {
  const origin = authority.origin
  const cases: Readonly<Record<string, Partial<Epoch>>> = {
    'the origin of another identity': logOf(`vault.example.org/strongroom/${'0'.repeat(16)}`),
    'a key of another log': { log: { origin, keys: logOf(`x${origin}`).log.keys } },
    'a key with a wrong hash': {
      log: { origin, keys: first.log.keys.map((key) => key.replace(/\+[0-9a-f]{8}\+/, '+00000000+')) },
    },
    'a key of an unknown type': { log: { origin, keys: [at(first.log.keys, 0), `${origin}+00000000+/w==`] } },
    'one key twice': logOf(origin, ['note', 'note']),
    'two keys of ML-DSA-44': logOf(origin, ['subtree', 'subtree']),
    'the keys in the wrong order': logOf(origin, ['subtree', 'note']),
    'the key of a witness': logOf(origin, ['cosignature', 'subtree']),
  }
  for (const [what, changes] of Object.entries(cases)) {
    test(what, () => {
      const envelope = signEpoch({ ...first, ...changes }, authority.identity)
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => verifyEpoch(envelope, trust))
    })
  }
})

describe('an epoch record cannot be written', () => {
  const classic = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'
  const cases: Readonly<Record<string, Partial<Epoch>>> = {
    'number 0': { number: 0 },
    'number 2^32': { number: 2 ** 32, previous: bytesOf(1) },
    'the first with a predecessor': { previous: bytesOf(1) },
    'the second without one': { number: 2 },
    'an end before the beginning': { notAfter: first.notBefore },
    'an exchange key that is not post-quantum': { exchange: classic },
    'an exchange key that is none': { exchange: 'age1pq1qqqq' },
    'no name': { authority: '' },
    'a name with a line feed': { authority: 'a\nb' },
    'a name of 129 bytes': { authority: 'a'.repeat(129) },
    'no log key': { log: { origin: authority.origin, keys: [] } },
    'one log key': { log: { origin: authority.origin, keys: first.log.keys.slice(1) } },
    'a log of another kind': { log: { origin: 'example.org/log', keys: first.log.keys } },
    'an empty RSA key': { rsa: new Uint8Array(0) },
    'a custodian that is none': { custodian: 'ed25519' },
    'the identity key as the custodian': { custodian: first.identity },
    'a policy digest of 31 bytes': { policy: bytesOf(1, 31) },
  }
  for (const [what, changes] of Object.entries(cases)) {
    test(`with ${what}`, () => {
      assert.throws(() => signEpoch({ ...first, ...changes }, authority.identity), ProtocolError)
    })
  }
  test('but with an RSA key for CryptoAPI clients it can', () => {
    const envelope = signEpoch({ ...first, rsa: bytesOf(3, 550) }, authority.identity)
    assert.deepEqual(verifyEpoch(envelope, trust).payload.rsa, bytesOf(3, 550))
  })
})

describe('substitution', () => {
  const other = at(authority.epochs, 1)
  const members = Object.keys(first) as (keyof Epoch)[]
  const forge = (changes: Readonly<Record<string, unknown>>): Envelope => {
    const envelope = at(authority.envelopes, 0)
    const payload = { ...JSON.parse(utf8Decode(envelope.payload)), ...changes }
    return { ...envelope, payload: utf8Encode(JSON.stringify(payload)) }
  }
  const asJson = (index: number) => JSON.parse(utf8Decode(at(authority.envelopes, index).payload))

  for (const member of members) {
    test(`${member} of another epoch is refused`, (t) => {
      if (JSON.stringify(first[member]) === JSON.stringify(other[member])) {
        // The same in all epochs of an authority: that of another authority then.
        const foreign = JSON.parse(utf8Decode(at(stranger.envelopes, 1).payload))[member]
        t.diagnostic(`${member} from another authority`)
        const changes = { [member]: member === 'rsa' ? 'AAAA' : member === 'authority' ? 'X' : foreign }
        assert.throws(() => verifyEpoch(forge(changes), trust), ProtocolError)
        return
      }
      assert.throws(() => verifyEpoch(forge({ [member]: asJson(1)[member] }), trust), ProtocolError)
    })
  }
  test('members of one record swapped with each other are refused', () => {
    const record = asJson(1)
    for (const one of members) {
      for (const two of members.slice(members.indexOf(one) + 1)) {
        const payload = { ...record, [one]: record[two], [two]: record[one] }
        if (JSON.stringify(payload) === JSON.stringify(record)) continue
        const envelope = { ...at(authority.envelopes, 1), payload: utf8Encode(JSON.stringify(payload)) }
        assert.throws(() => verifyEpoch(envelope, trust), ProtocolError, `${one} and ${two}`)
      }
    }
  })
  test('signatures of two records swapped are refused', () => {
    const [one, two] = [at(authority.envelopes, 0), at(authority.envelopes, 1)]
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () =>
      verifyEpoch({ ...one, signatures: two.signatures }, trust),
    )
  })
})

test('every truncation and bit flip of an envelope is refused', () => {
  refusesAllNear(encodeEnvelope(at(authority.envelopes, 0)), (bytes) =>
    verifyEpoch(parseEnvelope(bytes), trust),
  )
})

describe('the life of an epoch', () => {
  const { notBefore, notAfter } = first
  const skew = LIMITS.clockSkewSeconds * 1000
  const grace = LIMITS.epochGraceSeconds * 1000
  const moments: readonly [number, string][] = [
    [notBefore - skew - 1, 'future'],
    [notBefore - skew, 'current'],
    [notBefore, 'current'],
    [notAfter, 'current'],
    [notAfter + 1, 'grace'],
    [notAfter + grace, 'grace'],
    [notAfter + grace + 1, 'over'],
  ]
  for (const [moment, standing] of moments) {
    test(`${standing} at ${moment - notBefore} ms`, () =>
      assert.equal(epochStanding(first, moment), standing))
  }
  test('the last that has begun is the one to deposit under', () => {
    const { chain } = authority
    const number = (now: number) => chain.at(now).epoch.payload.number
    assert.equal(number(START), 1)
    assert.equal(number(START + 31 * DAY), 2)
    assert.equal(number(START + 89 * DAY), 3)
    assert.equal(number(START + 91 * DAY), 4)
    assert.deepEqual(chain.at(START + 151 * DAY).standing, 'grace')
    throwsCode(ProtocolError, 'EPOCH_VALIDITY', () => chain.at(START - DAY))
    throwsCode(ProtocolError, 'EPOCH_VALIDITY', () => chain.at(START + 181 * DAY))
  })
})
