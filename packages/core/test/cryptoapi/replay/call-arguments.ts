import type { HmacInfo } from '@strongroom/core/cryptoapi'
import type { BufferLength } from './answer.ts'
import type { ApiSession } from './api-session.ts'
import { FieldError, type Fields } from './fields.ts'

const MEMORY_LIMIT = 1 << 26

/** The handle that a field names; 0 if it is absent. */
export const handle = (session: ApiSession, step: Fields, field: string): number =>
  session.handle(step.textOrNull(field))
export const prov = (session: ApiSession, step: Fields): number => handle(session, step, 'prov')
export const key = (session: ApiSession, step: Fields): number => handle(session, step, 'key')
export const hash = (session: ApiSession, step: Fields): number => handle(session, step, 'hash')
export const flags = (step: Fields): number => step.number('flags', 0)

/** Bytes and the length argument that goes with them; memory is there even where the argument is longer. */
export function counted(step: Fields, field: string): [Uint8Array, number] {
  const bytes = step.bytes(field, new Uint8Array(0))
  const length = step.number('len', bytes.length)
  return [memoryFor(Math.max(bytes.length, length), bytes), length]
}

/** Memory that begins with these bytes. @throws FieldError if a case wants more than any call needs */
export function memoryFor(length: number, bytes: Uint8Array): Uint8Array {
  if (length > MEMORY_LIMIT) throw new FieldError(`a buffer of ${length} bytes is more than a case gets`)
  const memory = new Uint8Array(length)
  memory.set(bytes)
  return memory
}

/** A parameter's value. In a CRYPT_INTEGER_BLOB or not (`asblob`): our functions take the bytes themselves. */
export function value(step: Fields): Uint8Array | null {
  return step.flag('nulldata') || !step.has('data') ? null : step.bytes('data')
}

/** An HMAC_INFO. */
export function hmacInfo(step: Fields): HmacInfo {
  return {
    HashAlgid: step.number('hmacAlg'),
    ...(step.has('inner') ? { pbInnerString: step.bytes('inner') } : {}),
    ...(step.has('outer') ? { pbOuterString: step.bytes('outer') } : {}),
  }
}

/** The description of a signature: UTF-16LE in the file, lone surrogates and all. */
export function description(step: Fields): string | null {
  return step.has('descUtf16') ? Buffer.from(step.bytes('descUtf16')).toString('utf16le') : null
}

/** `buf`: the length of the output buffer. */
export function bufferLength(step: Fields): BufferLength {
  if (step.isNull('buf')) return 'null'
  if (!step.has('buf')) return undefined
  try {
    return step.number('buf')
  } catch {
    if (step.text('buf') === 'null') return 'null'
    throw new FieldError('"buf" is neither a number nor "null"')
  }
}
