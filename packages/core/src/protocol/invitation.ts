import { bech32Decode, bech32Encode, ByteReader, ByteWriter, utf8Decode, utf8Encode } from '../bytes/index.ts'
import { checkName } from './authority-names.ts'
import { LIMITS } from './limits.ts'
import { checkLimit, malformed, readAs } from './protocol-error.ts'
import { formatFingerprint, parseFingerprint } from './signer-text.ts'

/**
 * What an administrator hands to one person, so that they can enrol one client: docs/spec/authority-protocol.md, "Invitations".
 *
 * It carries the fingerprint of the authority, so nobody has to trust whoever answers first; and it is a secret.
 */
export interface Invitation {
  /** Where the authority is: scheme, host and port, as `URL.origin` writes them. */
  readonly url: string
  readonly tenant: string
  /** The fingerprint of the authority's identity key. */
  readonly identity: string
  /** The secret key of the invitation, an Ed25519 seed: 32 bytes. The authority has the public key alone. */
  readonly secret: Uint8Array
  /** Milliseconds since 1970, full seconds. */
  readonly expires: number
}

const PREFIX = 'STRONGROOM-INVITATION-'
const VERSION = 1
const MAX_URL_BYTES = 255
const MAX_SECONDS = 253_402_300_799
/** Hosts for which a connection without TLS never leaves the machine. */
const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * The text of an invitation: one line, `STRONGROOM-INVITATION-1…`, Bech32 in upper case as age's secret keys are.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for anything that `parseInvitation` would refuse
 */
export function encodeInvitation({ url, tenant, identity, secret, expires }: Invitation): string {
  if (secret.length !== 32) throw malformed('secret', `expected 32 bytes, got ${secret.length}`)
  const seconds = checkSeconds(expires / 1000)
  const [urlBytes, tenantBytes] = [utf8Encode(checkUrl(url)), utf8Encode(checkName(tenant, 'tenant'))]
  const writer = new ByteWriter(512).u8(VERSION)
  writer.u8(urlBytes.length).bytes(urlBytes).u8(tenantBytes.length).bytes(tenantBytes)
  writer.bytes(parseFingerprint(identity, 'identity')).bytes(secret).u64(seconds)
  const bytes = writer.toBytes()
  const text = bech32Encode(PREFIX, bytes)
  bytes.fill(0)
  return text
}

/**
 * Reads exactly what `encodeInvitation` writes. The checksum finds a character that was lost or mistyped.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT; never quoting the text
 */
export function parseInvitation(text: string): Invitation {
  checkLimit('invitation, in characters', text.length, LIMITS.invitationCharacters)
  return readAs('invitation', () => {
    const { hrp, bytes } = bech32Decode(text)
    if (hrp !== PREFIX) throw malformed('invitation', `expected a text that begins with ${PREFIX}1`)
    const reader = new ByteReader(bytes)
    const version = reader.u8()
    if (version !== VERSION) throw malformed('invitation', `unknown version ${version}`)
    const invitation = {
      url: checkUrl(utf8Decode(reader.take(reader.u8()))),
      tenant: checkName(utf8Decode(reader.take(reader.u8())), 'tenant'),
      identity: formatFingerprint(reader.take(32)),
      secret: reader.take(32).slice(),
      expires: checkSeconds(Number(reader.u64())) * 1000,
    }
    reader.end()
    return invitation
  })
}

function checkSeconds(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_SECONDS) return seconds
  throw malformed('expires', 'expected a full second before the year 10000')
}

/**
 * Accepts the address of an authority.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for anything but `https://host[:port]` as `URL.origin` writes it; `http` only for this machine
 */
export function checkUrl(text: string): string {
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  const secure = parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && LOCAL.has(parsed.hostname))
  if (secure && parsed?.origin === text && text.length <= MAX_URL_BYTES) return text
  throw malformed('url', 'expected https:// and a host, and nothing behind it')
}
