import type { Answer } from './answer.ts'
import type { ApiSession } from './api-session.ts'
import { bufferLength, counted, flags, hash, key, memoryFor } from './call-arguments.ts'
import type { Fields } from './fields.ts'

/** Room beyond the data for what encryption adds: the modulus of 16384 bits, a block of padding. */
const ENCRYPTION_ROOM = 4096

/** CryptEncrypt, in place: the buffer holds the data first and the answer afterwards. */
export function encrypt(session: ApiSession, step: Fields): Answer {
  const data = step.bytes('data', new Uint8Array(0))
  const length = { value: step.number('len', data.length) }
  const wanted = bufferLength(step)
  const run = (buffer: Uint8Array | null, bufLen: number): boolean =>
    session.api.CryptEncrypt(
      key(session, step),
      hash(session, step),
      step.flag('final'),
      flags(step),
      buffer,
      length,
      bufLen,
    )
  if (wanted === 'null') return { ok: run(null, step.number('bufLen', 0)), length: length.value }
  const bufLen = wanted ?? step.number('bufLen', Math.max(data.length, length.value) + ENCRYPTION_ROOM)
  const buffer = memoryFor(Math.max(bufLen, data.length, length.value), data)
  return inPlace(run(buffer, bufLen), buffer, length.value)
}

/** CryptDecrypt, in place. */
export function decrypt(session: ApiSession, step: Fields): Answer {
  const [buffer, dataLength] = counted(step, 'data')
  const length = { value: dataLength }
  const ok = session.api.CryptDecrypt(
    key(session, step),
    hash(session, step),
    step.flag('final'),
    flags(step),
    buffer,
    length,
  )
  return inPlace(ok, buffer, length.value)
}

function inPlace(ok: boolean, buffer: Uint8Array, length: number): Answer {
  if (!ok) return { ok, length }
  if (length <= buffer.length) return { ok, length, data: buffer.slice(0, length) }
  return { ok, length, fault: `reports ${length} bytes in a buffer of ${buffer.length}` }
}
