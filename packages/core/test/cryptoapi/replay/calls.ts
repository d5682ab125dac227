import { type Answer, callWithBuffer } from './answer.ts'
import { type ApiSession, providerArgument } from './api-session.ts'
import {
  bufferLength,
  counted,
  description,
  flags,
  handle,
  hash,
  hmacInfo,
  key,
  memoryFor,
  prov,
  value,
} from './call-arguments.ts'
import { decrypt, encrypt } from './cipher-calls.ts'
import type { Fields } from './fields.ts'

/** Makes one call from the fields of its step. */
type Call = (session: ApiSession, step: Fields) => Answer

/** A call that answers with success or failure alone. */
const plain =
  (call: (session: ApiSession, step: Fields) => boolean): Call =>
  (session, step) => ({ ok: call(session, step) })

/** A call that makes a handle and gives it the name `out`. */
const making =
  (call: (session: ApiSession, step: Fields, out: { value: number }) => boolean): Call =>
  (session, step) => {
    const out = { value: 0 }
    const ok = call(session, step, out)
    const name = step.textOrNull('out')
    if (name === null) return { ok }
    if (ok) session.setHandle(name, out.value)
    else session.claimHandle(name)
    return { ok }
  }

/** A call that fills a buffer. */
const filling =
  (
    call: (
      session: ApiSession,
      step: Fields,
      buffer: Uint8Array | null,
      length: { value: number },
    ) => boolean,
  ): Call =>
  (session, step) =>
    callWithBuffer(bufferLength(step), (buffer, length) => call(session, step, buffer, length))

/** The functions by name. */
export const CALLS: Readonly<Record<string, Call>> = {
  CryptAcquireContext: making((session, step, out) =>
    session.api.CryptAcquireContext(
      out,
      step.textOrNull('container'),
      providerArgument(step.textOrNull('provider')),
      step.number('type'),
      flags(step),
    ),
  ),
  CryptContextAddRef: plain((session, step) =>
    session.api.CryptContextAddRef(prov(session, step), null, flags(step)),
  ),
  CryptReleaseContext: plain((session, step) =>
    session.api.CryptReleaseContext(prov(session, step), flags(step)),
  ),
  CryptGetProvParam: filling((session, step, buffer, length) =>
    session.api.CryptGetProvParam(prov(session, step), step.number('param'), buffer, length, flags(step)),
  ),
  CryptSetProvParam: plain((session, step) =>
    session.api.CryptSetProvParam(prov(session, step), step.number('param'), value(step), flags(step)),
  ),
  CryptGenRandom: genRandom,

  CryptGenKey: making((session, step, out) =>
    session.api.CryptGenKey(prov(session, step), step.number('alg'), flags(step), out),
  ),
  CryptDeriveKey: making((session, step, out) =>
    session.api.CryptDeriveKey(
      prov(session, step),
      step.number('alg'),
      hash(session, step),
      flags(step),
      out,
    ),
  ),
  CryptImportKey: making((session, step, out) => {
    const [blob, length] = counted(step, 'blob')
    const pubKey = handle(session, step, 'pubKey')
    return session.api.CryptImportKey(prov(session, step), blob, length, pubKey, flags(step), out)
  }),
  CryptExportKey: filling((session, step, buffer, length) =>
    session.api.CryptExportKey(
      key(session, step),
      handle(session, step, 'expKey'),
      step.number('blobType'),
      flags(step),
      buffer,
      length,
    ),
  ),
  CryptGetUserKey: making((session, step, out) =>
    session.api.CryptGetUserKey(prov(session, step), step.number('spec'), out),
  ),
  CryptDuplicateKey: making((session, step, out) =>
    session.api.CryptDuplicateKey(key(session, step), null, flags(step), out),
  ),
  CryptDestroyKey: plain((session, step) => session.api.CryptDestroyKey(key(session, step))),
  CryptGetKeyParam: filling((session, step, buffer, length) =>
    session.api.CryptGetKeyParam(key(session, step), step.number('param'), buffer, length, flags(step)),
  ),
  CryptSetKeyParam: plain((session, step) =>
    session.api.CryptSetKeyParam(key(session, step), step.number('param'), value(step), flags(step)),
  ),
  CryptEncrypt: encrypt,
  CryptDecrypt: decrypt,

  CryptCreateHash: making((session, step, out) =>
    session.api.CryptCreateHash(
      prov(session, step),
      step.number('alg'),
      key(session, step),
      flags(step),
      out,
    ),
  ),
  CryptHashData: plain((session, step) => {
    const [data, length] = counted(step, 'data')
    return session.api.CryptHashData(hash(session, step), data, length, flags(step))
  }),
  CryptHashSessionKey: plain((session, step) =>
    session.api.CryptHashSessionKey(hash(session, step), key(session, step), flags(step)),
  ),
  CryptDuplicateHash: making((session, step, out) =>
    session.api.CryptDuplicateHash(hash(session, step), null, flags(step), out),
  ),
  CryptDestroyHash: plain((session, step) => session.api.CryptDestroyHash(hash(session, step))),
  CryptGetHashParam: filling((session, step, buffer, length) =>
    session.api.CryptGetHashParam(hash(session, step), step.number('param'), buffer, length, flags(step)),
  ),
  CryptSetHashParam: plain((session, step) =>
    session.api.CryptSetHashParam(
      hash(session, step),
      step.number('param'),
      step.has('hmacAlg') ? hmacInfo(step) : value(step),
      flags(step),
    ),
  ),

  CryptSignHash: filling((session, step, buffer, length) =>
    session.api.CryptSignHash(
      hash(session, step),
      step.number('spec'),
      description(step),
      flags(step),
      buffer,
      length,
    ),
  ),
  CryptVerifySignature: plain((session, step) => {
    const [sig, length] = step.flag('nullsig') ? [null, step.number('len', 0)] : counted(step, 'sig')
    const pubKey = handle(session, step, 'pubKey')
    const text = description(step)
    return session.api.CryptVerifySignature(hash(session, step), sig, length, pubKey, text, flags(step))
  }),
}

/** The number of bytes is an argument here, not an answer. */
function genRandom(session: ApiSession, step: Fields): Answer {
  const length = step.number('len')
  const buffer = memoryFor(length, new Uint8Array(0))
  const ok = session.api.CryptGenRandom(prov(session, step), length, buffer)
  return ok ? { ok, length, data: buffer } : { ok }
}
