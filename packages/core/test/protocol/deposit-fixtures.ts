import { concat, utf8Encode } from '@strongroom/core/bytes'
import {
  clientIdOf,
  encodeDepositBody,
  objectNameDigest,
  signerIdOf,
  type DepositContext,
  type DepositExpectations,
} from '@strongroom/core/protocol'
import { bytesOf, CLIENT, means, sha256, START, testAuthority } from './fixtures.ts'

const authority = testAuthority(2)
const [first, second] = authority.chain.epochs
if (!first || !second) throw new RangeError('an authority of two epochs has two')

/** The two epochs that the deposits of tests are for. */
export const EPOCHS = { first, second, chain: authority.chain }
/** What stands for a recipient stanza: nobody here opens it. */
export const STANZA = utf8Encode('-> mlkem768x25519 AAAA\nBBBB\n')
export const CLIENT_ID = clientIdOf(sha256, 'acme', CLIENT.signer)

/** A deposit with every field but what is enclosed. */
export const CONTEXT: DepositContext = {
  tenant: 'acme',
  clientId: CLIENT_ID,
  signer: { suiteId: 1, id: signerIdOf(sha256, CLIENT.signer) },
  epochNumber: 1,
  epochDigest: first.digest,
  format: 'file',
  serial: bytesOf(1, 16),
  commitment: bytesOf(2),
  sealId: bytesOf(3),
  object: { nameDigest: objectNameDigest(sha256, 'archive.txt'), size: 25 },
  description: { kind: 'plain', text: 'year end' },
  retention: 'ten-years',
  policy: first.payload.policy,
  recipientDigest: sha256(STANZA),
  previous: bytesOf(4),
  createdMs: START,
}
/** Where it belongs. */
export const expected: DepositExpectations = {
  ...means,
  tenant: 'acme',
  clientId: CLIENT_ID,
  signer: CLIENT.signer,
  epochs: authority.chain,
  recipientStanza: STANZA,
}
/** The body of a deposit stanza. */
export const signed = (context: DepositContext, pair = CLIENT) => encodeDepositBody(context, pair.sign)

/** The fields of an encoded context, to be put together in another way. */
export function fieldsOf(encoded: Uint8Array): Map<number, Uint8Array> {
  const fields = new Map<number, Uint8Array>()
  for (let at = 0; at < encoded.length; ) {
    const length = ((encoded[at + 1] ?? 0) << 8) | (encoded[at + 2] ?? 0)
    fields.set(encoded[at] ?? 0, encoded.slice(at + 3, at + 3 + length))
    at += 3 + length
  }
  return fields
}
export const joined = (fields: Iterable<readonly [number, Uint8Array]>): Uint8Array =>
  concat(
    ...[...fields].map(([tag, value]) =>
      concat(Uint8Array.of(tag, value.length >> 8, value.length & 255), value),
    ),
  )
