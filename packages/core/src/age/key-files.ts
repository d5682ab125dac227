import { AgeError } from './age-error.ts'
import { decodeKey } from './key-text.ts'
import { MlKem768X25519Identity, MlKem768X25519Recipient } from './mlkem768x25519.ts'
import type { KeyIdentity, Recipient } from './recipient.ts'
import { X25519Identity, X25519Recipient } from './x25519.ts'

type FromBytes<T> = (bytes: Uint8Array) => T

const RECIPIENTS = new Map<string, FromBytes<Recipient>>([
  ['age1pq', (bytes) => MlKem768X25519Recipient.fromBytes(bytes)],
  ['age', (bytes) => X25519Recipient.fromBytes(bytes)],
])

const IDENTITIES = new Map<string, FromBytes<KeyIdentity>>([
  ['AGE-SECRET-KEY-PQ-', (bytes) => MlKem768X25519Identity.fromBytes(bytes)],
  ['AGE-SECRET-KEY-', (bytes) => X25519Identity.fromBytes(bytes)],
])

/** Reads `age1pq1…` or `age1…`. @throws AgeError KEY */
export function parseRecipient(text: string): Recipient {
  // Said before anything else is: whoever mixes the two up has just shown a secret where it does not belong.
  if (/^age-secret-key-/i.test(text)) {
    throw new AgeError('KEY', 'expected a recipient, got an identity, which is secret')
  }
  return parseKey(text, RECIPIENTS, 'recipient')
}

/** Reads `AGE-SECRET-KEY-PQ-1…` or `AGE-SECRET-KEY-1…`. @throws AgeError KEY, which never quotes the text */
export function parseIdentity(text: string): KeyIdentity {
  return parseKey(text, IDENTITIES, 'identity')
}

/**
 * Reads a file of recipients, one per line; blank lines and lines that begin with `#` are skipped.
 *
 * @throws AgeError KEY with the `line` that is wrong, or without one if there is no recipient at all
 */
export function parseRecipientFile(text: string): Recipient[] {
  return parseKeyFile(text, parseRecipient, 'recipients')
}

/**
 * Reads a file of identities, one per line; blank lines and lines that begin with `#` are skipped.
 *
 * @throws AgeError KEY with the `line` that is wrong, never its text; without one if there is no identity at all
 */
export function parseIdentityFile(text: string): KeyIdentity[] {
  return parseKeyFile(text, parseIdentity, 'identities')
}

function parseKey<T>(text: string, kinds: ReadonlyMap<string, FromBytes<T>>, what: string): T {
  const { hrp, bytes } = decodeKey(text)
  const fromBytes = kinds.get(hrp)
  if (fromBytes === undefined) throw new AgeError('KEY', `unknown type of ${what}`)
  return fromBytes(bytes)
}

function parseKeyFile<T>(text: string, parse: (line: string) => T, what: string): T[] {
  const keys: T[] = []
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line !== '' && !line.startsWith('#')) keys.push(atLine(i + 1, () => parse(line)))
  }
  if (keys.length === 0) throw new AgeError('KEY', `no ${what} found`)
  return keys
}

function atLine<T>(line: number, parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    if (!(cause instanceof AgeError)) throw cause
    throw new AgeError(cause.code, `line ${line}: ${cause.message}`, { cause, line })
  }
}
