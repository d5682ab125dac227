import type { Identity, Recipient } from '../age/index.ts'
import { ContainerError } from './container-error.ts'
import { activeKey, checkKeys, fingerprintOf, formatTime, isContainerName } from './container-info.ts'
import type { ContainerInfo, KeyInfo, KeyState } from './container-info.ts'
import { KEY_KINDS, generateKeyPair, wipePair } from './key-pair.ts'
import type { KeyPair, KeyUse } from './key-pair.ts'
import type { Profile, SignerKey, SigningKey } from './signature.ts'

/** What a new container is to be. */
export interface NewContainer {
  /** 1 to 64 letters, digits, `.`, `_`, `-`; the first is no dot. */
  readonly name: string
  /** `pq` unless told. */
  readonly profile?: Profile
  /** Whether a `pq` container also gets an X25519 key, for those whose tools know no other. */
  readonly withClassic?: boolean
  readonly now: Date
}

/** How a pair is taken into a container. */
export interface AddKey {
  /** Told for RSA, which may be either; the other algorithms have one use. */
  readonly use?: KeyUse
  /** `retired` unless told: it opens and is recognised, but nothing new uses it. */
  readonly state?: KeyState
  readonly now: Date
}

/** A pair and what everybody may know of it. */
interface ContainerKey extends KeyInfo {
  readonly pair: KeyPair
}

/**
 * A key container in memory, unlocked: the exchange and signature pairs of one owner.
 *
 * Made by `createContainer` or by unlocking; `wipe` ends its life. Nothing here touches the disk: what
 * is to last must be encoded and saved again.
 */
export class KeyContainer {
  readonly name: string
  readonly profile: Profile
  /** UTC in whole seconds. */
  readonly created: string
  #keys: readonly ContainerKey[]

  private constructor(info: ContainerInfo, keys: readonly ContainerKey[]) {
    this.name = info.name
    this.profile = info.profile
    this.created = info.created
    this.#keys = keys
  }

  /**
   * Brings public descriptions and secret pairs together, in the same order.
   *
   * @throws ContainerError CONTAINER_KEY if a public key is not that of its secret: somebody put their
   *   own in its place
   * @throws ContainerError CONTAINER_FORMAT for what `checkKeys` refuses, CONTAINER_NAME for the name
   */
  static fromPairs(info: ContainerInfo, pairs: readonly KeyPair[]): KeyContainer {
    checkName(info.name)
    if (pairs.length !== info.keys.length) {
      const message = `expected ${info.keys.length} secrets, got ${pairs.length}`
      throw new ContainerError('CONTAINER_KEY', message)
    }
    const keys = pairs.map((pair, i) => ({ ...matching(pair, info.keys[i]), pair }))
    checkKeys({ profile: info.profile, keys })
    return new KeyContainer(info, keys)
  }

  /** What everybody may know, with fingerprints; nothing secret. */
  info(): ContainerInfo {
    const { name, profile, created } = this
    return { name, profile, created, keys: this.#keys.map(withoutPair) }
  }

  /**
   * Whom to seal new files to, so that this container opens them.
   *
   * @param profile another than the container's own needs a key of that kind in it
   * @throws ContainerError CONTAINER_KEY if there is none
   */
  recipient(profile: Profile = this.profile): Recipient {
    const { pair } = this.#active('exchange', profile)
    if (pair.kind !== 'exchange') throw noKey('exchange', profile)
    return pair.identity.recipient()
  }

  /** Everything that may open a file: all exchange keys, the active ones first. */
  identities(): Identity[] {
    const identities = (state: KeyState) =>
      this.#keys.flatMap((key) =>
        key.pair.kind === 'exchange' && key.state === state ? [key.pair.identity] : [],
      )
    return [...identities('active'), ...identities('retired')]
  }

  /**
   * What new files are signed with.
   *
   * @param profile as for `recipient`
   * @throws ContainerError CONTAINER_KEY if there is none
   */
  signingKey(profile: Profile = this.profile): SigningKey {
    const { pair } = this.#active('signature', profile)
    if (pair.kind !== 'signature') throw noKey('signature', profile)
    return pair.signingKey
  }

  /** Every key whose signature means "the owner of this container", retired ones included. */
  signers(): SignerKey[] {
    return this.#keys.flatMap(({ pair }) => (pair.kind === 'signature' ? [pair.signingKey.signer] : []))
  }

  /** A copy of the active RSA pair's PKCS#8 DER, for the caller to wipe; undefined if there is none. */
  rsaKey(use: KeyUse): Uint8Array | undefined {
    const key = this.#keys.find((found) => found.use === use && found.state === 'active' && isRsa(found))
    return key?.pair.kind === 'rsa' ? Uint8Array.from(key.pair.pkcs8) : undefined
  }

  /** The pairs with their descriptions, for whoever writes them to a safe place. */
  pairs(): readonly { readonly info: KeyInfo; readonly pair: KeyPair }[] {
    return this.#keys.map((key) => ({ info: withoutPair(key), pair: key.pair }))
  }

  /**
   * Takes in a pair, new or imported. As `active` it takes the place of the active key of the same use and
   * algorithm, which is retired: so keys are changed without losing what the old ones opened.
   *
   * @throws ContainerError CONTAINER_EXISTS if the container has the key for that use
   * @throws ContainerError CONTAINER_KEY if the use is not told for RSA, or not the algorithm's
   */
  addKey(pair: KeyPair, { use, state = 'retired', now }: AddKey): KeyInfo {
    const info = describe(pair, useOf(pair, use), state, now)
    if (this.#keys.some((key) => key.use === info.use && key.id === info.id)) {
      throw new ContainerError('CONTAINER_EXISTS', `the container already has the key ${info.id}`)
    }
    const replaced = (key: ContainerKey) =>
      state === 'active' && key.use === info.use && key.algorithm === info.algorithm
    const before = this.#keys.map((key) => (replaced(key) ? { ...key, state: 'retired' as const } : key))
    const keys = [...before, { ...info, pair }]
    checkKeys({ profile: this.profile, keys })
    this.#keys = keys
    return info
  }

  /**
   * Takes a retired pair out for ever: what it alone opens is lost as soon as this version of the container is the only one.
   *
   * @throws ContainerError CONTAINER_KEY if there is none, or it is active
   */
  removeKey(use: KeyUse, publicText: string): KeyInfo {
    const key = this.#keys.find((found) => found.use === use && found.public === publicText)
    if (key?.state !== 'retired') {
      throw new ContainerError('CONTAINER_KEY', 'the container has no such retired key')
    }
    const keys = this.#keys.filter((other) => other !== key)
    checkKeys({ profile: this.profile, keys })
    this.#keys = keys
    wipePair(key.pair)
    return withoutPair(key)
  }

  /** Clears the secrets as far as the platform lets us; everything that needs one then fails. */
  wipe(): void {
    for (const { pair } of this.#keys) wipePair(pair)
    this.#keys = []
  }

  #active(use: KeyUse, profile: Profile): ContainerKey {
    const key = activeKey(this.#keys, use, profile)
    if (!key) throw noKey(use, profile)
    return key
  }
}

/**
 * Makes a container with new keys, in memory.
 *
 * Profile `pq`: an `mlkem768x25519` and an `ed25519+mldsa65` pair; profile `classic`: `x25519` and
 * `ed25519`.
 *
 * @throws ContainerError CONTAINER_NAME for a name that cannot be a file's
 */
export function createContainer({ name, profile = 'pq', withClassic, now }: NewContainer): KeyContainer {
  const pairs: KeyPair[] =
    profile === 'pq'
      ? [generateKeyPair('mlkem768x25519'), generateKeyPair('ed25519+mldsa65')]
      : [generateKeyPair('x25519'), generateKeyPair('ed25519')]
  if (profile === 'pq' && withClassic) pairs.push(generateKeyPair('x25519'))
  const keys = pairs.map((pair) => describe(pair, useOf(pair), 'active', now))
  return KeyContainer.fromPairs({ name, profile, created: formatTime(now), keys }, pairs)
}

function describe(pair: KeyPair, use: KeyUse, state: KeyState, now: Date): KeyInfo {
  const { algorithm, publicText } = pair
  const id = fingerprintOf(KEY_KINDS[algorithm].keyIdOf(publicText))
  return { use, algorithm, id, public: publicText, created: formatTime(now), state }
}

function useOf(pair: KeyPair, told?: KeyUse): KeyUse {
  const { uses } = KEY_KINDS[pair.algorithm]
  const use = told ?? (uses.length === 1 ? uses[0] : undefined)
  if (use && uses.includes(use)) return use
  const message = `${pair.algorithm}: expected one of the uses ${uses.join(', ')}, got ${told ?? 'none'}`
  throw new ContainerError('CONTAINER_KEY', message)
}

/** The description of a pair, if it is that pair's. */
function matching(pair: KeyPair, info: KeyInfo | undefined): KeyInfo {
  if (info?.algorithm === pair.algorithm && info.public === pair.publicText) return info
  throw new ContainerError('CONTAINER_KEY', 'a public key is not that of its secret')
}

function withoutPair({ use, algorithm, id, public: publicText, created, state }: ContainerKey): KeyInfo {
  return { use, algorithm, id, public: publicText, created, state }
}

function isRsa(key: ContainerKey): boolean {
  return key.algorithm === 'rsa'
}

function checkName(name: string): void {
  if (isContainerName(name)) return
  const message = 'expected a name of 1 to 64 letters, digits, ".", "_" and "-" that does not start with "."'
  throw new ContainerError('CONTAINER_NAME', message)
}

function noKey(use: KeyUse, profile: Profile): ContainerError {
  return new ContainerError('CONTAINER_KEY', `the container has no active ${use} key of profile ${profile}`)
}
