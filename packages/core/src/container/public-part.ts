import { AgeError } from '../age/index.ts'
import { BytesError } from '../bytes/index.ts'
import { ContainerError } from './container-error.ts'
import { MAX_KEYS, checkKeys, fingerprintOf, isContainerName, isTime } from './container-info.ts'
import type { ContainerInfo, KeyInfo } from './container-info.ts'
import { malformed, readArray, readObject, readOneOf, readText } from './json-fields.ts'
import type { Fields } from './json-fields.ts'
import { KEY_KINDS } from './key-pair.ts'
import type { KeyAlgorithm } from './key-pair.ts'

/**
 * How the private part of a container is protected at rest: by a passphrase that a person knows, by a
 * random one that the platform's keyring keeps, or by the file's permissions alone.
 */
export type ProtectionKind = 'passphrase' | 'keyring' | 'none'

/** The public part of a container file: readable without a secret, believable only after unlocking. */
export interface PublicPart {
  readonly info: ContainerInfo
  readonly protection: ProtectionKind
}

const KIND = 'key container'
const VERSION = 1
const KEY_MEMBERS = ['use', 'algorithm', 'id', 'public', 'created', 'state'] as const
const ALGORITHMS = Object.keys(KEY_KINDS) as KeyAlgorithm[]

/** The names of the public part's members, in their order. */
export const PUBLIC_MEMBERS = [
  'strongroom',
  'version',
  'name',
  'created',
  'profile',
  'protection',
  'keys',
] as const

/** The public part as a value whose members stand in their order, ready for `encodeJson`. */
export function publicPartToJson({ info, protection }: PublicPart): Fields {
  const { name, created, profile, keys } = info
  return { strongroom: KIND, version: VERSION, name, created, profile, protection, keys: keys.map(keyToJson) }
}

/**
 * Reads the members of a public part, and checks every public key and key id.
 *
 * @throws ContainerError CONTAINER_FORMAT with the path of the member
 */
export function readPublicPart(fields: Fields): PublicPart {
  readOneOf(fields['strongroom'], 'strongroom', [KIND])
  readOneOf(fields['version'], 'version', [VERSION])
  const info = {
    name: readMatching(fields['name'], 'name', isContainerName, 'the name of a container'),
    created: readMatching(fields['created'], 'created', isTime, 'a UTC time in whole seconds'),
    profile: readOneOf(fields['profile'], 'profile', ['pq', 'classic']),
    keys: readArray(fields['keys'], 'keys', MAX_KEYS).map((key, i) => readKey(key, `keys[${i}]`)),
  }
  checkKeys(info)
  return {
    info,
    protection: readOneOf(fields['protection'], 'protection', ['passphrase', 'keyring', 'none']),
  }
}

function keyToJson({ use, algorithm, id, public: publicText, created, state }: KeyInfo): KeyInfo {
  return { use, algorithm, id, public: publicText, created, state }
}

function readKey(value: unknown, path: string): KeyInfo {
  const fields = readObject(value, path, KEY_MEMBERS)
  const use = readOneOf(fields['use'], `${path}.use`, ['exchange', 'signature'])
  const algorithm = readOneOf(fields['algorithm'], `${path}.algorithm`, ALGORITHMS)
  const publicText = readText(fields['public'], `${path}.public`)
  const id = fingerprintOf(readKeyId(algorithm, publicText, `${path}.public`))
  if (fields['id'] !== id) throw malformed(`${path}.id`, 'not the fingerprint of the public key')
  return {
    use,
    algorithm,
    id,
    public: publicText,
    created: readMatching(fields['created'], `${path}.created`, isTime, 'a UTC time in whole seconds'),
    state: readOneOf(fields['state'], `${path}.state`, ['active', 'retired']),
  }
}

function readKeyId(algorithm: KeyAlgorithm, publicText: string, path: string): Uint8Array {
  try {
    return KEY_KINDS[algorithm].keyIdOf(publicText)
  } catch (cause) {
    const ours = cause instanceof ContainerError || cause instanceof AgeError || cause instanceof BytesError
    if (!ours) throw cause
    throw malformed(path, `not a public key of ${algorithm}: ${cause.message}`, { cause })
  }
}

function readMatching(value: unknown, path: string, test: (text: string) => boolean, what: string): string {
  const text = readText(value, path)
  if (!test(text)) throw malformed(path, `expected ${what}`)
  return text
}
