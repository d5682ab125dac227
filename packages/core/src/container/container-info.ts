import { toBase64 } from '../bytes/index.ts'
import { ContainerError } from './container-error.ts'
import { KEY_KINDS } from './key-pair.ts'
import type { KeyAlgorithm, KeyUse } from './key-pair.ts'
import type { Profile } from './signature.ts'

/** Whether new files use a key, or it only opens and recognises old ones. */
export type KeyState = 'active' | 'retired'

/** What everybody may know of a key. */
export interface KeyInfo {
  readonly use: KeyUse
  readonly algorithm: KeyAlgorithm
  /** The key's fingerprint: `SHA256:` and unpadded base64. */
  readonly id: string
  /** The public key: `age1…`, or unpadded base64 of a signer's bytes or of an RSA key's SPKI. */
  readonly public: string
  /** When it was made or brought in: UTC in whole seconds, `2026-01-31T12:00:00Z`. */
  readonly created: string
  readonly state: KeyState
}

/** What everybody may know of a container. */
export interface ContainerInfo {
  readonly name: string
  readonly profile: Profile
  readonly created: string
  readonly keys: readonly KeyInfo[]
}

/** Keys in one container. */
export const MAX_KEYS = 256

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/** Whether a text can name a container, and so a file: nothing hidden, no separator, at most 64. */
export function isContainerName(text: string): boolean {
  return NAME.test(text)
}

/** Whether a text is a time as containers write it. */
export function isTime(text: string): boolean {
  if (!TIME.test(text)) return false
  const time = new Date(text)
  return !Number.isNaN(time.getTime()) && formatTime(time) === text
}

/** A time in UTC, cut to whole seconds. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`
}

/** A key id for people: `SHA256:` and its unpadded base64. */
export function fingerprintOf(keyId: Uint8Array): string {
  return `SHA256:${toBase64(keyId)}`
}

/**
 * The rules that hold between the keys of a container; every container in memory or on disk keeps them.
 *
 * Each key has a use its algorithm can serve; no key is there twice for one use; of one use and algorithm
 * at most one is active; the profile's exchange key and signature key are active.
 *
 * @throws ContainerError CONTAINER_FORMAT naming the key
 */
export function checkKeys(info: Pick<ContainerInfo, 'profile' | 'keys'>): void {
  if (info.keys.length > MAX_KEYS) throw badKeys(`expected at most ${MAX_KEYS}, got ${info.keys.length}`)
  const seen = new Set<string>()
  for (const [i, key] of info.keys.entries()) {
    if (!KEY_KINDS[key.algorithm].uses.includes(key.use)) {
      throw badKeys(`${key.algorithm} cannot be used for ${key.use}`, i)
    }
    claim(seen, `${key.use} ${key.id}`, `the same ${key.use} key is there twice`, i)
    if (key.state === 'active') {
      claim(seen, `${key.use} ${key.algorithm}`, `a second active ${key.algorithm} ${key.use} key`, i)
    }
  }
  for (const use of ['exchange', 'signature'] as const) {
    if (!activeKey(info.keys, use, info.profile)) {
      throw badKeys(`expected an active ${use} key of profile ${info.profile}`)
    }
  }
}

/** The key that a profile uses for new files; undefined if there is none. */
export function activeKey<K extends KeyInfo>(
  keys: readonly K[],
  use: KeyUse,
  profile: Profile,
): K | undefined {
  return keys.find(
    (key) => key.use === use && key.state === 'active' && KEY_KINDS[key.algorithm].profile === profile,
  )
}

function claim(seen: Set<string>, what: string, otherwise: string, index: number): void {
  if (seen.has(what)) throw badKeys(otherwise, index)
  seen.add(what)
}

function badKeys(message: string, index?: number): ContainerError {
  const where = index === undefined ? 'keys' : `keys[${index}]`
  return new ContainerError('CONTAINER_FORMAT', `${where}: ${message}`)
}
