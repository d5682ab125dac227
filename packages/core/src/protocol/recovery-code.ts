import { bech32Decode, bech32Encode, ByteReader, ByteWriter, utf8Decode, utf8Encode } from '../bytes/index.ts'
import { checkName } from './authority-names.ts'
import { checkUrl } from './invitation.ts'
import { checkLimit, malformed, readAs } from './protocol-error.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'
import { formatFingerprint, parseFingerprint } from './signer-text.ts'

/**
 * What somebody keeps on paper for the day when everything else is lost: docs/spec/recovery.md, "Recovery codes".
 *
 * It says where to go and whom to trust there, and it is the secret key of a code that the client named to the authority. It does
 * not open anything by itself.
 */
export interface RecoveryCode {
  /** Where the authority is, as in an invitation. */
  readonly url: string
  /** The fingerprint of the authority's identity key. */
  readonly identity: string
  readonly tenant: string
  /** The id of the client whose deposits may be asked for. */
  readonly client: string
  /** The secret key, an Ed25519 seed: 32 bytes. */
  readonly secret: Uint8Array
}

const PREFIX = 'STRONGROOM-RECOVERY-'
const VERSION = 1
const GROUP = 5

/**
 * The text of a recovery code: `STRONGROOM-RECOVERY-1…`, Bech32 in upper case, one line.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for anything that `parseRecoveryCode` would refuse
 */
export function encodeRecoveryCode({ url, identity, tenant, client, secret }: RecoveryCode): string {
  if (secret.length !== 32) throw malformed('secret', `expected 32 bytes, got ${secret.length}`)
  const writer = new ByteWriter(512).u8(VERSION)
  for (const text of [checkUrl(url), checkName(tenant, 'tenant'), checkName(client, 'client')]) {
    const bytes = utf8Encode(text)
    writer.u8(bytes.length).bytes(bytes)
  }
  writer.bytes(parseFingerprint(identity, 'identity')).bytes(secret)
  const bytes = writer.toBytes()
  const text = bech32Encode(PREFIX, bytes)
  bytes.fill(0)
  return text
}

/** The same text in groups of five characters, for paper. */
export function printRecoveryCode(text: string): string {
  const separator = PREFIX.length + 1
  const groups = text.slice(separator).match(new RegExp(`.{1,${GROUP}}`, 'g')) ?? []
  return [text.slice(0, separator), ...groups].join(' ')
}

/**
 * Reads what `encodeRecoveryCode` and `printRecoveryCode` write, with blanks and line feeds anywhere, in upper or lower case: it may
 * have been typed from paper. The checksum finds a character that was lost or mistyped.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT; never quoting the text
 */
export function parseRecoveryCode(typed: string): RecoveryCode {
  checkLimit('recovery code, in characters', typed.length, RECOVERY_LIMITS.codeCharacters * 2)
  const text = typed.replaceAll(/[ \t\r\n]/g, '').toUpperCase()
  checkLimit('recovery code, in characters', text.length, RECOVERY_LIMITS.codeCharacters)
  return readAs('recovery code', () => {
    const { hrp, bytes } = bech32Decode(text)
    if (hrp !== PREFIX) throw malformed('recovery code', `expected a text that begins with ${PREFIX}1`)
    const reader = new ByteReader(bytes)
    const version = reader.u8()
    if (version !== VERSION) throw malformed('recovery code', `unknown version ${version}`)
    const line = () => utf8Decode(reader.take(reader.u8()))
    const code = {
      url: checkUrl(line()),
      tenant: checkName(line(), 'tenant'),
      client: checkName(line(), 'client'),
      identity: formatFingerprint(reader.take(32)),
      secret: reader.take(32).slice(),
    }
    reader.end()
    bytes.fill(0)
    return code
  })
}
