import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { concat, fromHex, utf8Encode } from '@strongroom/core/bytes'

/** A certificate and its private key, in PEM. */
export interface MadeCertificate {
  readonly certificate: string
  readonly key: string
}

const YEARS = 2
const DAY_MS = 86_400_000
/** For clocks that are behind. */
const EARLIER_MS = 3_600_000
const SERIAL_BYTES = 16
const MAX_COMMON_NAME = 64 // RFC 5280, appendix A: ub-common-name

/** Tags of X.690, and the ones that RFC 5280 gives to fields. */
const TAGS = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
  extensions: 0xa3,
  dnsName: 0x82,
  ipAddress: 0x87,
} as const

/** Contents of object identifiers. */
const IDS = {
  ecdsaWithSha256: '2a8648ce3d040302', // 1.2.840.10045.4.3.2
  commonName: '550403', // 2.5.4.3
  subjectAltName: '551d11', // 2.5.29.17
  basicConstraints: '551d13', // 2.5.29.19
  keyUsage: '551d0f', // 2.5.29.15
  extKeyUsage: '551d25', // 2.5.29.37
  serverAuth: '2b06010505070301', // 1.3.6.1.5.5.7.3.1
} as const

/**
 * A certificate that nobody but its owner vouches for: X.509 v3 (RFC 5280), ECDSA over P-256 with SHA-256, two years, for the host of an
 * address. Clients are given it beforehand, by the way that their invitation comes.
 *
 * @param url the authority's, whose host is the subject's only name
 * @param now milliseconds since 1970
 */
export function makeCertificate(url: string, now: number): MadeCertificate {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der('sequence', objectId('ecdsaWithSha256'))
  const name = nameOf(host)
  const signed = der(
    'sequence',
    der('version', der('integer', Uint8Array.of(2))),
    der('integer', serialNumber()),
    algorithm,
    name,
    der('sequence', time(now - EARLIER_MS), time(now + YEARS * 365 * DAY_MS)),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    der('extensions', der('sequence', ...extensionsFor(host))),
  )
  const signature = sign('sha256', signed, privateKey)
  const certificate = der('sequence', signed, algorithm, bitString(signature, 0))
  return {
    certificate: pem('CERTIFICATE', certificate),
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
  }
}

function extensionsFor(host: string): Uint8Array[] {
  const digitalSignature = bitString(Uint8Array.of(0x80), 7)
  return [
    extension('subjectAltName', false, der('sequence', alternativeName(host))),
    // It is its own authority and nobody else's: whoever is given it trusts it for this host alone.
    extension('basicConstraints', true, der('sequence')),
    extension('keyUsage', true, digitalSignature),
    extension('extKeyUsage', false, der('sequence', objectId('serverAuth'))),
  ]
}

function extension(id: keyof typeof IDS, critical: boolean, value: Uint8Array): Uint8Array {
  const flag = critical ? [der('boolean', Uint8Array.of(0xff))] : []
  return der('sequence', objectId(id), ...flag, der('octetString', value))
}

function alternativeName(host: string): Uint8Array {
  return isIP(host) === 0 ? der('dnsName', utf8Encode(host)) : der('ipAddress', addressBytes(host))
}

/** 4 or 16 bytes. */
function addressBytes(host: string): Uint8Array {
  if (isIP(host) === 4) return Uint8Array.from(host.split('.').map(Number))
  const [front = '', back] = host.split('::')
  const [head, tail] = [groupsOf(front), groupsOf(back ?? '')]
  const zeros = Array<string>(8 - head.length - tail.length).fill('0')
  return fromHex([...head, ...zeros, ...tail].map((group) => group.padStart(4, '0')).join(''))
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':')
}

function nameOf(host: string): Uint8Array {
  const attribute = der(
    'sequence',
    objectId('commonName'),
    der('utf8', utf8Encode(host.slice(0, MAX_COMMON_NAME))),
  )
  return der('sequence', der('set', attribute))
}

/** Above 0, and of full length: RFC 5280, 4.1.2.2. */
function serialNumber(): Uint8Array {
  const serial = new Uint8Array(randomBytes(SERIAL_BYTES))
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  return serial
}

/** Until 2049 with two digits of the year: RFC 5280, 4.1.2.5. */
function time(at: number): Uint8Array {
  const text = new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  const short = Number(text.slice(0, 4)) < 2050
  return der(short ? 'utcTime' : 'generalizedTime', utf8Encode(short ? text.slice(2) : text))
}

function objectId(id: keyof typeof IDS): Uint8Array {
  return der('objectId', fromHex(IDS[id]))
}

/** @param unused bits at its end */
function bitString(bytes: Uint8Array, unused: number): Uint8Array {
  return der('bitString', Uint8Array.of(unused), bytes)
}

/** A value of X.690 in its distinguished encoding. */
function der(tag: keyof typeof TAGS, ...contents: Uint8Array[]): Uint8Array {
  const content = concat(...contents)
  return concat(Uint8Array.of(TAGS[tag], ...lengthBytes(content.length)), content)
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}

function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
