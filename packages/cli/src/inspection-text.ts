import { toHex } from '@strongroom/core/bytes'
import { fingerprintOf } from '@strongroom/core/container'
import { formatSerial } from '@strongroom/core/keyblob'
import type { Inspection, SealClaims } from '@strongroom/core/seal'
import { displayName } from './escape-text.ts'
import { count, formatBytes, formatTime } from './quantities.ts'
import type { Field } from './terminal.ts'

/** What recipient stanzas are called, and in which order they are told. */
const RECIPIENT_STANZAS: readonly (readonly [type: string, one: string])[] = [
  ['mlkem768x25519', 'post-quantum recipient'],
  ['X25519', 'classic recipient'],
  ['strongroom/session-key', 'session key'],
  ['scrypt', 'passphrase'],
]

const OUR_STANZAS = new Set([...RECIPIENT_STANZAS.map(([type]) => type), 'strongroom/seal', 'strongroom/pad'])

const PROTECTIONS: Readonly<Record<Inspection['protection'], string>> = {
  'private seal': 'private: only who can open the file can read it',
  'public seal': 'public: everybody can read it',
  password: 'none: the passphrase itself is the only proof of who made it',
  none: 'none: a plain age file, which anybody could have made',
}

/** An inspection for people: what the file is, what its seal says, and how much of that is proved. */
export function inspectionFields(found: Inspection): Field[] {
  return [
    ['form', formOf(found)],
    ['opens with', recipientsOf(found)],
    ['seal', PROTECTIONS[found.protection]],
    ...(found.claims ? claimFields(found, found.claims) : []),
    ...proofFields(found),
  ]
}

/** The same for programs. */
export function inspectionRecord(found: Inspection): object {
  const { form, protection, headerBytes, plaintextBytes, payloadBytes, opened, claims, verified, problem } =
    found
  return {
    form,
    protection,
    headerBytes,
    ...(payloadBytes === undefined ? {} : { payloadBytes }),
    ...(plaintextBytes === undefined ? {} : { plaintextBytes }),
    stanzas: found.stanzas.map(({ type }) => type),
    opened,
    signatureVerified: verified !== undefined,
    keyVerified: verified?.keyChecked ?? false,
    contentVerified: false,
    ...(verified ? { signer: verified.signerName } : {}),
    ...(claims ? { claims: claimsRecord(claims) } : {}),
    ...(problem ? { problem } : {}),
  }
}

function formOf({ form, plaintextBytes, headerBytes, protection }: Inspection): string {
  const header = `header of ${formatBytes(headerBytes)}`
  if (form === 'key blob') return `key blob: a header without a content, ${formatBytes(headerBytes)}`
  const what = protection.endsWith('seal') ? 'sealed file' : 'age file'
  return `${what}, ${formatBytes(plaintextBytes ?? 0)} behind a ${header}`
}

function recipientsOf({ stanzas }: Inspection): string {
  const known = RECIPIENT_STANZAS.flatMap(([type, one]) => {
    const number = stanzas.filter((stanza) => stanza.type === type).length
    return number === 0 ? [] : [count(number, one)]
  })
  const others = stanzas.filter(({ type }) => !OUR_STANZAS.has(type)).map(({ type }) => displayName(type))
  return [...known, ...others].join(', ') || 'nothing'
}

function claimFields({ verified }: Inspection, claims: SealClaims): Field[] {
  const { metadata, signerId, serial, batchSize, kind } = claims
  const signer = fingerprintOf(signerId)
  return [
    ['sealed by', verified ? `${verified.signerName}  ${signer}` : `${signer}  (says the seal)`],
    ['sealed on', formatTime(metadata.createdMs)],
    ...(metadata.name === undefined ? [] : [['name', displayName(metadata.name)] as const]),
    ...(metadata.description === undefined
      ? []
      : [['description', displayName(metadata.description)] as const]),
    ...(kind === 'session-key' ? [['kind', 'named session key'] as const] : []),
    ['version', `${metadata.version} of ${formatSerial(serial)}`],
    ...(batchSize > 1
      ? [['signed with', `${count(batchSize - 1, 'other')} under one signature`] as const]
      : []),
  ]
}

function proofFields({ form, protection, verified, problem, opened }: Inspection): Field[] {
  const content =
    form === 'key blob' ? [] : [['not verified', 'the content: strongroom verify reads all of it'] as const]
  if (verified) {
    const key = verified.keyChecked ? ', and that your key opens what was signed' : ''
    return [['verified', `the signature${key}`], ...content]
  }
  if (protection === 'password' || protection === 'none') {
    return [['not verified', opened ? 'who made it; your key opens it' : 'anything']]
  }
  const reason = !problem || problem.code === 'NO_KEY' ? 'none of the keys at hand reads it' : problem.message
  return [['not verified', `anything: ${reason}`]]
}

function claimsRecord({ metadata, kind, serial, sealId, signerId, segments, batchSize }: SealClaims): object {
  const { createdMs, mtimeNs, previous, ...plain } = metadata
  return {
    kind,
    serial: formatSerial(serial),
    sealId: toHex(sealId),
    fingerprint: fingerprintOf(signerId),
    ...plain,
    created: new Date(createdMs).toISOString(),
    ...(mtimeNs === undefined ? {} : { modified: new Date(Number(mtimeNs / 1_000_000n)).toISOString() }),
    ...(previous ? { previous: toHex(previous) } : {}),
    segments,
    batchSize,
  }
}
