import { wincrypt } from '../../../src/cryptoapi/index.ts'
import { type Move, newSessionKey } from './cipher-moves.ts'
import type { SequenceWriter } from './sequence-writer.ts'
import { littleEndian32 } from './step.ts'

/** Steps that set and read the parameters of keys, some of which there are not. */
export const PARAMETER_MOVES: readonly Move[] = [
  { weight: 3, write: setMode },
  { weight: 3, write: setIv },
  { weight: 2, write: setSalt },
  { weight: 3, write: setOtherKeyParameter },
  { weight: 6, write: readKeyParameter },
]

/** Sets a parameter of a session key, or seldom of a key pair. */
function setParameter(writer: SequenceWriter, param: number, data: string, asblob?: number): void {
  const { dice } = writer
  const key = dice.chance(0.04) ? writer.pair() : writer.sessionKey()
  if (key === undefined) return void newSessionKey(writer)
  const nulldata = dice.chance(0.04) ? 1 : undefined
  const flags = dice.chance(nulldata === undefined ? 0.03 : 0.3) ? 1 : 0
  writer.add('CryptSetKeyParam', { key: key.name, param, data, flags, asblob, nulldata })
}

function setMode(writer: SequenceWriter): void {
  const { dice } = writer
  const mode = dice.chance(0.9) ? dice.pick([1, 2, 4]) : dice.pick([0, 3, 5, 6, 99])
  setParameter(writer, wincrypt.KP_MODE, littleEndian32(mode))
}

function setIv(writer: SequenceWriter): void {
  setParameter(writer, wincrypt.KP_IV, writer.dice.bytes(16).toHex())
}

function setSalt(writer: SequenceWriter): void {
  const { dice } = writer
  if (dice.chance(0.3)) return setParameter(writer, wincrypt.KP_SALT, dice.bytes(24).toHex())
  setParameter(writer, wincrypt.KP_SALT_EX, dice.bytes(dice.pick([0, 1, 8, 11, 16, 24, 25])).toHex(), 1)
}

function setOtherKeyParameter(writer: SequenceWriter): void {
  const { dice } = writer
  const [param, values] = dice.pick([
    [wincrypt.KP_EFFECTIVE_KEYLEN, [0, 1, 40, 40, 56, 64, 100, 128, 128, 1024, 1025]],
    [wincrypt.KP_EFFECTIVE_KEYLEN, [40, 128]],
    [wincrypt.KP_EFFECTIVE_KEYLEN, [1, 1025]],
    [wincrypt.KP_PADDING, [1, 1, 2, 3, 0]],
    [wincrypt.KP_PERMISSIONS, [0x3b, 0x3f, 0x3a, 0x38, 0xffffffff]],
    [wincrypt.KP_MODE_BITS, [8, 8, 1, 64, 0]],
    [wincrypt.KP_BLOCKLEN, [64]],
    [wincrypt.KP_KEYLEN, [128]],
    [wincrypt.KP_ALGID, [wincrypt.CALG_RC4]],
    [0x63, [0]],
  ] as const)
  setParameter(writer, param, littleEndian32(dice.pick(values)))
  const key = writer.steps.at(-1)?.['key']
  if (key !== undefined && dice.chance(0.5)) writer.add('CryptGetKeyParam', { key, param, flags: 0 })
}

const READABLE = [
  wincrypt.KP_IV,
  wincrypt.KP_SALT,
  wincrypt.KP_PADDING,
  wincrypt.KP_MODE,
  wincrypt.KP_MODE_BITS,
  wincrypt.KP_PERMISSIONS,
  wincrypt.KP_ALGID,
  wincrypt.KP_BLOCKLEN,
  wincrypt.KP_KEYLEN,
  wincrypt.KP_SALT_EX,
  wincrypt.KP_EFFECTIVE_KEYLEN,
  0x63,
]

function readKeyParameter(writer: SequenceWriter): void {
  const { dice } = writer
  const key = dice.chance(0.2) ? writer.pair() : writer.sessionKey()
  if (key === undefined) return void newSessionKey(writer)
  const buf = dice.chance(0.2) ? dice.pick(['null', 0, 3, 4, 7, 8, 16]) : undefined
  writer.add('CryptGetKeyParam', {
    key: key.name,
    param: dice.pick(READABLE),
    flags: dice.chance(0.03) ? 1 : 0,
    buf,
  })
}
