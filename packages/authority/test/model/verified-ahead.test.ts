import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDepositBody, verifyDeposit } from '@strongroom/core/protocol'
import { admitDeposit, DepositBlob, keptSigners, parseDepositBlob, sha256 } from '../../src/model/index.ts'
import { atMost, verifiedAhead } from '../../src/model/verified-ahead.ts'
import { pairOf, TestAuthority } from '../support/authority.ts'

const [PAIR, OTHER] = [pairOf(0x4001), pairOf(0x4002)]
const MESSAGE = Uint8Array.of(1, 2, 3)
const SIGNED = { signer: PAIR.signer, message: MESSAGE, signature: PAIR.sign(MESSAGE) }
const { verify, verifyLater } = keptSigners()

test('what was verified ahead is known, also as other bytes of the same content', async () => {
  const known = await verifiedAhead(verifyLater, SIGNED)
  assert.equal(known(SIGNED.signer, MESSAGE, SIGNED.signature), true)
  assert.equal(known(SIGNED.signer, MESSAGE.slice(), SIGNED.signature.slice()), true)
})

test('nothing else is, however valid', async () => {
  const known = await verifiedAhead(verifyLater, SIGNED)
  const message = Uint8Array.of(1, 2, 4)
  const signature = PAIR.sign(message)
  assert.equal(verify(PAIR.signer, message, signature), true)
  assert.equal(known(PAIR.signer, message, signature), false)
  assert.equal(known(PAIR.signer, message, SIGNED.signature), false)
  assert.equal(known(PAIR.signer, MESSAGE, signature), false)
  assert.equal(known(OTHER.signer, MESSAGE, SIGNED.signature), false)
  assert.equal(known(OTHER.signer, MESSAGE, OTHER.sign(MESSAGE)), false)
  assert.equal((await verifiedAhead(verifyLater))(PAIR.signer, MESSAGE, SIGNED.signature), false)
})

test('what was found not to be valid is not, and takes nothing from its neighbours', async () => {
  const forged = { signer: OTHER.signer, message: MESSAGE, signature: SIGNED.signature }
  const known = await verifiedAhead(verifyLater, forged, SIGNED)
  assert.equal(known(forged.signer, forged.message, forged.signature), false)
  assert.equal(known(SIGNED.signer, MESSAGE, SIGNED.signature), true)
})

test('whoever cannot verify admits nothing', async () => {
  const failing = () => Promise.reject(new Error('no threads'))
  await assert.rejects(verifiedAhead(failing, SIGNED), { message: 'no threads' })
})

test('so many are verified at a time, in their order, whatever becomes of them', async () => {
  const begun: number[] = []
  const ends: (() => void)[] = []
  const later = atMost(2, async (_, message) => {
    begun.push(message[0] ?? 0)
    await new Promise<void>((end) => ends.push(end))
    if (message[0] === 1) throw new Error('broken')
    return true
  })
  const asked = [0, 1, 2, 3, 4].map((i) => later(PAIR.signer, Uint8Array.of(i), MESSAGE))
  const settled = Promise.allSettled(asked)
  for (let done = 0; done < 5; done++) {
    assert.equal(begun.length, Math.min(5, done + 2))
    ends[done]?.()
    await new Promise(setImmediate)
  }
  assert.deepEqual(begun, [0, 1, 2, 3, 4])
  assert.deepEqual(
    (await settled).map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
  )
  const more = later(PAIR.signer, Uint8Array.of(5), MESSAGE)
  ends[5]?.()
  assert.equal(await more, true)
})

test('parts of different deposits cannot be put together', () => {
  const authority = new TestAuthority()
  const client = authority.client('acme', 1)
  const [one, two] = [parseDepositBlob(client.blob(1)), parseDepositBlob(client.blob(2))]
  const mixed = { bytes: one.bytes, recipientStanza: one.recipientStanza, body: two.body }
  assert.throws(() => new DepositBlob(Symbol('parsed') as never, mixed), TypeError)
  const means = { sha256, verify, epochs: authority.chain }
  const owner = { ...client.owner, signer: client.pair.signer, state: 'active' } as const
  const forged = { ...mixed, claim: () => one.claim() } as unknown as DepositBlob
  assert.throws(() => admitDeposit(forged, { ...means, client: owner }))
  const { tenant, client: clientId } = client.owner
  const expected = {
    ...means,
    tenant,
    clientId,
    signer: client.pair.signer,
    recipientStanza: one.recipientStanza,
  }
  const body = parseDepositBody(one.body)
  assert.deepEqual(verifyDeposit(body, expected).context, body.context)
  const { message, signature } = body
  const other = { context: two.claim().context, message, signature } as unknown as typeof body
  assert.throws(() => verifyDeposit(other, expected))
})
