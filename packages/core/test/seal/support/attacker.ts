import { createCipheriv, createDecipheriv, createHmac, hkdfSync, sign, type KeyObject } from 'node:crypto'
import { Decrypter, Encrypter, Stanza } from 'age-encryption'

// What an attacker writes: stock age, an editor of headers, and the published formats. Nothing in here is shared with
// the sources under test. Functions ask for what the attacker must know to use them.

const CHUNK = 65_536
const SEAL = 'strongroom/seal'

/** An age file taken apart. */
export interface Parts {
  readonly stanzas: readonly Stanza[]
  /** 32 bytes. */
  readonly mac: Uint8Array
  /** 16 bytes. */
  readonly nonce: Uint8Array
  readonly payload: Uint8Array
}

/** Cuts a file into its parts; needs no key. */
export function takeApart(file: Uint8Array): Parts {
  const text = Buffer.from(file).toString('latin1')
  const macAt = text.indexOf('\n--- ') + 1
  const end = text.indexOf('\n', macAt) + 1
  const stanzas = text
    .slice(0, macAt)
    .split('\n-> ')
    .slice(1)
    .map((stanza) => {
      const [line = '', ...body] = stanza.split('\n')
      return new Stanza(line.split(' '), Uint8Array.from(Buffer.from(body.join(''), 'base64')))
    })
  const mac = Uint8Array.from(Buffer.from(text.slice(macAt + 4, end - 1), 'base64'))
  return { stanzas, mac, nonce: file.slice(end, end + 16), payload: file.slice(end + 16) }
}

/** Puts parts together with the MAC that they have: for who does not know the file key. */
export function putTogether({ stanzas, mac, nonce, payload }: Parts): Uint8Array {
  return join(headerText(stanzas), ` ${base64(mac)}\n`, nonce, payload)
}

/** Puts parts together with the right MAC: for who knows the file key. */
export function putTogetherWith(fileKey: Uint8Array, parts: Parts): Uint8Array {
  const header = headerText(parts.stanzas)
  const mac = createHmac('sha256', derive(fileKey, new Uint8Array(0), 'header'))
    .update(header)
    .digest()
  return putTogether({ ...parts, mac })
}

/** The length of the header in front of a file's payload nonce. */
export function headerLengthOf(file: Uint8Array): number {
  const { nonce, payload } = takeApart(file)
  return file.length - nonce.length - payload.length
}

/** The file key, learned as a recipient: with the secret text of one's own identity and npm `age-encryption`. */
export async function learnFileKey(file: Uint8Array, identity: string): Promise<Uint8Array> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  return new Uint8Array(await decrypter.decryptHeader(file.slice(0, headerLengthOf(file))))
}

/**
 * Makes an age file for public keys with npm `age-encryption`, under a new file key; a recipient of the attacker's own
 * smuggles further stanzas in, and the file key out.
 */
export async function encryptTo(
  recipients: readonly string[],
  plaintext: Uint8Array,
  smuggled: readonly Stanza[] = [],
): Promise<{ readonly file: Uint8Array; readonly fileKey: Uint8Array }> {
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  let fileKey = new Uint8Array(0)
  const wrapFileKey = (key: Uint8Array) => {
    fileKey = key.slice()
    return [...smuggled]
  }
  encrypter.addRecipient({ wrapFileKey })
  const file = new Uint8Array(await encrypter.encrypt(plaintext))
  return { file, fileKey }
}

/** Makes a payload as age does, C2SP age.md "Payload", under a file key and nonce of the attacker's choice. */
export function encryptPayload(fileKey: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const key = derive(fileKey, nonce, 'payload')
  const count = Math.max(1, Math.ceil(plaintext.length / CHUNK))
  const chunks = Array.from({ length: count }, (_, i) => {
    const counter = Buffer.alloc(12)
    counter.writeUInt32BE(i, 7)
    counter.writeUInt8(i === count - 1 ? 1 : 0, 11)
    return aead(key, counter, plaintext.subarray(i * CHUNK, (i + 1) * CHUNK))
  })
  return join(...chunks)
}

/** The seal stanza of a file. */
export function sealOf(parts: Parts): Stanza {
  const seal = parts.stanzas.find((stanza) => stanza.args[0] === SEAL)
  if (!seal) throw new Error('there is no seal')
  return seal
}

/** Parts whose seal stanza is replaced by others: by none to strip it. */
export function withSeal(parts: Parts, ...seals: readonly Stanza[]): Parts {
  return {
    ...parts,
    stanzas: parts.stanzas.flatMap((stanza) => (stanza.args[0] === SEAL ? seals : [stanza])),
  }
}

/** A seal body in its parts, as the specification lays it out. */
export interface SealParts {
  /** 189 bytes. */
  readonly statement: Uint8Array
  readonly metadata: Uint8Array
  /** Level, number and roots. */
  readonly table: Uint8Array
  readonly batch: BatchParts
}

export interface BatchParts {
  readonly size: number
  readonly index: number
  readonly proof: readonly Uint8Array[]
  readonly signature: Uint8Array
}

/** Where the fields of a statement begin. */
export const STATEMENT = {
  kind: 19,
  suite: 20,
  serial: 21,
  commitment: 37,
  nonce: 69,
  length: 85,
  root: 93,
  metadata: 125,
  signer: 157,
}

/** Reads a seal: a public one without a key, a private one with the file key. */
export function readSeal(seal: Stanza, fileKey?: Uint8Array): SealParts {
  const body = fileKey ? openPrivate(seal, fileKey) : seal.body
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const metadataEnd = 191 + view.getUint16(189)
  const tableEnd = metadataEnd + 3 + 32 * view.getUint16(metadataEnd + 1)
  const proofAt = tableEnd + 9
  const proofEnd = proofAt + 32 * view.getUint8(tableEnd + 8)
  return {
    statement: body.slice(0, 189),
    metadata: body.slice(191, metadataEnd),
    table: body.slice(metadataEnd, tableEnd),
    batch: {
      size: view.getUint32(tableEnd),
      index: view.getUint32(tableEnd + 4),
      proof: cut(body.slice(proofAt, proofEnd), 32),
      signature: body.slice(proofEnd),
    },
  }
}

/** Writes a seal: a public one without a key, a private one with the file key. */
export function writeSeal(parts: SealParts, nonce: Uint8Array, fileKey?: Uint8Array): Stanza {
  const metadataLength = Buffer.alloc(2)
  metadataLength.writeUInt16BE(parts.metadata.length)
  const { size, index, proof, signature } = parts.batch
  const place = Buffer.alloc(9)
  place.writeUInt32BE(size, 0)
  place.writeUInt32BE(index, 4)
  place.writeUInt8(proof.length, 8)
  const body = join(parts.statement, metadataLength, parts.metadata, parts.table, place, ...proof, signature)
  const visibility = fileKey ? 'private' : 'public'
  const sealed = fileKey ? aead(sealKey(fileKey, nonce), new Uint8Array(12), body) : body
  return new Stanza([SEAL, '1', visibility, base64(nonce)], sealed)
}

/** The message that a signature over so many statements signs. */
export function batchMessage(size: number, root: Uint8Array): Uint8Array {
  const count = Buffer.alloc(4)
  count.writeUInt32BE(size)
  return join('strongroom seal batch v1\n', count, root)
}

/** Signs as suite 1 or, with two keys, suite 2 does. */
export function signWith(keys: readonly KeyObject[], message: Uint8Array): Uint8Array {
  return join(...keys.map((key) => sign(null, message, key)))
}

/** The commitment to a key, for a statement of the attacker's own. */
export function commitmentTo(fileKey: Uint8Array, serial: Uint8Array): Uint8Array {
  return derive(fileKey, serial, 'strongroom commit v1')
}

/** A copy of bytes with some of them replaced. */
export function patched(bytes: Uint8Array, at: number, by: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy.set(by, at)
  return copy
}

/** Strings, as UTF-8, and bytes one after the other. */
export function join(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part))))
}

/** Cuts bytes into pieces; the last may be shorter. */
export function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.slice(i * size, (i + 1) * size),
  )
}

function openPrivate(seal: Stanza, fileKey: Uint8Array): Uint8Array {
  const nonce = Buffer.from(seal.args[3] ?? '', 'base64')
  const key = sealKey(fileKey, nonce)
  const decipher = createDecipheriv('chacha20-poly1305', key, new Uint8Array(12), { authTagLength: 16 })
  decipher.setAuthTag(seal.body.slice(-16))
  return join(decipher.update(seal.body.slice(0, -16)), decipher.final())
}

function sealKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return derive(fileKey, nonce, 'strongroom seal v1')
}

function headerText(stanzas: readonly Stanza[]): string {
  const texts = stanzas.map(({ args, body }) => {
    const lines = [`-> ${args.join(' ')}`]
    const characters = base64(body)
    for (let at = 0; at <= characters.length; at += 64) lines.push(characters.slice(at, at + 64))
    return `${lines.join('\n')}\n`
  })
  return `age-encryption.org/v1\n${texts.join('')}---`
}

function derive(secret: Uint8Array, salt: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, info, 32))
}

function aead(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
  return join(cipher.update(plaintext), cipher.final(), cipher.getAuthTag())
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}
