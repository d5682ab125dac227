import { fromPaddedBase64, toPaddedBase64, utf8Encode } from '../bytes/index.ts'
import type { Sha256 } from '../merkle/index.ts'
import { checkName } from './authority-names.ts'
import { checkContentDigest, contentDigest } from './content-digest.ts'
import { LIMITS } from './limits.ts'
import { malformed, ProtocolError, quote, readAs } from './protocol-error.ts'
import { MAX_SIGNATURE_BYTES, type Verify } from './signer-text.ts'

/** A request as far as its signature covers it: docs/spec/authority-protocol.md, "HTTP signatures". */
export interface HttpRequest {
  /** In upper case. */
  readonly method: string
  /** Host, and port unless it is the scheme's own: in lower case, as `URL.host` has it. */
  readonly authority: string
  /** Path and query as they stand in the request line. */
  readonly target: string
  /** Absent or empty: there is none. */
  readonly body?: Uint8Array
}

/** What a signature says of itself; times in seconds since 1970. */
export interface HttpSignatureParams {
  readonly created: number
  /** At most `LIMITS.signatureSeconds` after `created`. */
  readonly expires: number
  /** 22 characters: 16 fresh random bytes in base64 without padding. */
  readonly nonce: string
  readonly clientId: string
}

/** The fields of a signed request. */
export interface HttpSignatureFields {
  readonly 'signature-input': string
  readonly signature: string
  /** Only with a body. */
  readonly 'content-digest'?: string
}

const COMPONENTS = '"@method" "@authority" "@path" "@query"'
const BODY_COMPONENT = ' "content-digest"'
const TAG = 'strongroom-v1'
const METHOD = /^[A-Z]{1,16}$/
const AUTHORITY = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?$/
const TARGET = /^(\/[\x21\x22\x24-\x3e\x40-\x7e]*)(\?[\x21\x22\x24-\x7e]*)?$/
const NONCE = /^[A-Za-z0-9+/]{21}[AQgw]$/ // the last of 22 characters has two bits of the 16 bytes
const SECONDS = '(0|[1-9][0-9]{0,11})'
const INPUT = new RegExp(
  `^sr=\\((${COMPONENTS}(?:${BODY_COMPONENT})?)\\);created=${SECONDS};expires=${SECONDS}` +
    `;nonce="([A-Za-z0-9+/]{21}[AQgw])";keyid="([a-z0-9-]{1,64})";tag="${TAG}"$`,
)
const SIGNATURE = /^sr=:([A-Za-z0-9+/]+={0,2}):$/
const MAX_SIGNATURE_CHARACTERS = 5 + Math.ceil(MAX_SIGNATURE_BYTES / 3) * 4

/**
 * The signature base of RFC 9421 §2.5 for the components and parameters of this profile, in their order: what is signed.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for what could not stand in a request: it would let one base stand for two requests
 */
export function signatureBase(sha256: Sha256, request: HttpRequest, params: HttpSignatureParams): Uint8Array {
  const { method, authority, target, body } = request
  const [, path, query = '?'] = TARGET.exec(target) ?? []
  if (path === undefined) throw malformed('target', `expected a path in visible ASCII, got ${quote(target)}`)
  if (!METHOD.test(method)) throw malformed('method', `expected upper-case letters, got ${quote(method)}`)
  if (!AUTHORITY.test(authority)) {
    throw malformed('authority', `expected a host in lower case, got ${quote(authority)}`)
  }
  const lines = [
    `"@method": ${method}`,
    `"@authority": ${authority}`,
    `"@path": ${path}`,
    `"@query": ${query}`,
    ...(body?.length ? [`"content-digest": ${contentDigest(sha256, body)}`] : []),
    `"@signature-params": ${signatureParams(request, params)}`,
  ]
  return utf8Encode(lines.join('\n'))
}

/**
 * Signs a request: the fields to send with it.
 *
 * @param sign the client's signature pair over the base
 * @throws ProtocolError PROTOCOL_FORMAT
 */
export function signRequest(
  sha256: Sha256,
  request: HttpRequest,
  params: HttpSignatureParams,
  sign: (message: Uint8Array) => Uint8Array,
): HttpSignatureFields {
  const signature = toPaddedBase64(sign(signatureBase(sha256, request, params)))
  return {
    'signature-input': `sr=${signatureParams(request, params)}`,
    signature: `sr=:${signature}:`,
    ...(request.body?.length && { 'content-digest': contentDigest(sha256, request.body) }),
  }
}

function signatureParams({ body }: HttpRequest, params: HttpSignatureParams): string {
  const { created, expires, nonce, clientId } = params
  for (const seconds of [created, expires]) {
    if (!Number.isSafeInteger(seconds) || seconds < 0 || seconds >= 1e12) {
      throw malformed('signature', `expected seconds, got ${seconds}`)
    }
  }
  if (!NONCE.test(nonce)) throw malformed('nonce', 'expected 22 characters of base64')
  const components = `(${COMPONENTS}${body?.length ? BODY_COMPONENT : ''})`
  const times = `;created=${created};expires=${expires}`
  return `${components}${times};nonce="${nonce}";keyid="${checkName(clientId, 'keyid')}";tag="${TAG}"`
}

/** A signature as a request brings it, in its time and over this very body, but not verified: whose it claims to be. */
export interface ClaimedSignature {
  readonly params: HttpSignatureParams
  readonly base: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Reads the signature of a request. Exactly what `signRequest` writes is accepted: one signature, these components, these
 * parameters, in this order.
 *
 * @param fields as they came; several of one name joined by `, ` as HTTP has it, which is refused
 * @throws ProtocolError PROTOCOL_SIGNATURE without a signature, PROTOCOL_FORMAT, REQUEST_WINDOW, CONTENT_DIGEST
 */
export function readSignature(
  sha256: Sha256,
  request: HttpRequest,
  fields: Readonly<Partial<Record<keyof HttpSignatureFields, string | undefined>>>,
  nowMs: number,
): ClaimedSignature {
  const { 'signature-input': input, signature: encoded, 'content-digest': digest } = fields
  if (input === undefined || encoded === undefined) {
    throw new ProtocolError('PROTOCOL_SIGNATURE', 'the request is not signed')
  }
  const params = parseParams(request, input)
  checkWindow(params, nowMs)
  if (request.body?.length) checkContentDigest(sha256, digest, request.body)
  else if (digest !== undefined) throw new ProtocolError('CONTENT_DIGEST', 'a Content-Digest without a body')
  return { params, base: signatureBase(sha256, request, params), signature: parseSignature(encoded) }
}

function parseParams(request: HttpRequest, input: string): HttpSignatureParams {
  const [, components, created, expires, nonce, clientId] = INPUT.exec(input) ?? []
  if (components === undefined || nonce === undefined || clientId === undefined) {
    throw malformed('Signature-Input', 'not of the form of this protocol')
  }
  if (components.endsWith(BODY_COMPONENT) !== Boolean(request.body?.length)) {
    throw malformed('Signature-Input', 'content-digest is covered if there is a body, and else is not')
  }
  return { created: Number(created), expires: Number(expires), nonce, clientId }
}

function parseSignature(encoded: string): Uint8Array {
  const text = encoded.length <= MAX_SIGNATURE_CHARACTERS ? SIGNATURE.exec(encoded)?.[1] : undefined
  if (text === undefined) throw malformed('Signature', 'not of the form of this protocol')
  return readAs('Signature', () => fromPaddedBase64(text))
}

function checkWindow({ created, expires }: HttpSignatureParams, nowMs: number): void {
  if (expires <= created || expires - created > LIMITS.signatureSeconds) {
    throw outOfTime(`must expire within ${LIMITS.signatureSeconds} seconds`)
  }
  if (created * 1000 > nowMs + LIMITS.clockSkewSeconds * 1000) throw outOfTime('was made in the future')
  if (expires * 1000 < nowMs) throw outOfTime('has expired')
}

function outOfTime(reason: string): ProtocolError {
  return new ProtocolError('REQUEST_WINDOW', `the signature ${reason}`)
}

// Held by this module alone: nobody else can make a VerifiedRequest.
const MADE_BY_VERIFICATION = Symbol('verified')

/**
 * A request that a client signed. Only `verifySignature` makes one.
 *
 * It may have been sent before: whoever acts on it remembers nonce and client until the signature expires.
 */
export class VerifiedRequest {
  readonly clientId: string
  readonly nonce: string
  /** Milliseconds since 1970. */
  readonly expiresMs: number

  constructor(token: typeof MADE_BY_VERIFICATION, { clientId, nonce, expires }: HttpSignatureParams) {
    if (token !== MADE_BY_VERIFICATION) throw new TypeError('a request is verified by verifySignature alone')
    this.clientId = clientId
    this.nonce = nonce
    this.expiresMs = expires * 1000
  }
}

/**
 * Verifies what `readSignature` read.
 *
 * @param signer the signature key of the client that `claimed` names, in text form
 * @throws ProtocolError PROTOCOL_SIGNATURE
 */
export function verifySignature(claimed: ClaimedSignature, signer: string, verify: Verify): VerifiedRequest {
  if (verify(signer, claimed.base, claimed.signature)) {
    return new VerifiedRequest(MADE_BY_VERIFICATION, claimed.params)
  }
  throw new ProtocolError('PROTOCOL_SIGNATURE', 'the signature of the request is not valid')
}
