import { MlKem768X25519Recipient } from '@strongroom/core/age'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { BytesError, fromBase64, wipe } from '@strongroom/core/bytes'
import { parsePublicCard, publicCard, rsaPair, type KeyContainer } from '@strongroom/core/container'
import { SetupError } from './setup-error.ts'

/** The public keys of a custodian, as epoch records name them. */
export interface Custodian {
  /** The age recipient that deposits are made for: mlkem768x25519. */
  readonly exchange: string
  /** The signer of releases. */
  readonly signer: string
  /** The RSA key that SIMPLEBLOBs are made for, DER of SubjectPublicKeyInfo; null if it takes none. */
  readonly rsa: Uint8Array | null
}

/** Of a new RSA key: what CryptoAPI's providers of today make and take. */
const RSA_BITS = 3072
const LEAST_RSA_BITS = 1024
const RSA_LINE = 'rsa '

/** Gives a new container of a custodian an RSA key for SIMPLEBLOBs. */
export function addRsaKey(container: KeyContainer, now: number): void {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: RSA_BITS })
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
  container.addKey(rsaPair(pkcs8), { use: 'exchange', state: 'active', now: new Date(now) })
  wipe(pkcs8)
}

/** The public card of a custodian's container: like any other, and its RSA key if it has one, on a line that begins with `rsa`. */
export function custodianCard(container: KeyContainer): string {
  const rsa = container
    .info()
    .keys.find(({ use, algorithm, state }) => use === 'exchange' && algorithm === 'rsa' && state === 'active')
  const more = rsa ? `# exchange key ${rsa.id}\n${RSA_LINE}${rsa.public}\n` : ''
  return publicCard(container) + more
}

/**
 * Reads the public card of a custodian's container.
 *
 * @throws SetupError SETUP_CUSTODIAN unless it has one hybrid exchange key, one signature key, and at most one RSA key of 1024 bits or
 *   more; ContainerError CONTAINER_FORMAT
 */
export function readCustodianCard(text: string): Custodian {
  const lines = text.split('\n').map((line) => line.trim())
  const rsa = rsaOf(lines.filter(isRsa))
  const { recipients, signers } = parsePublicCard(lines.map((line) => (isRsa(line) ? '' : line)).join('\n'))
  const hybrid = recipients.filter((key) => key instanceof MlKem768X25519Recipient)
  const [exchange, signer] = [hybrid[0], signers[0]]
  if (exchange && signer && hybrid.length === 1 && signers.length === 1) {
    return { exchange: exchange.toString(), signer: signer.toString(), rsa }
  }
  throw new SetupError(
    'SETUP_CUSTODIAN',
    `expected a card with one post-quantum exchange key and one signature key, got ${hybrid.length} and ${signers.length}`,
  )
}

/** The same of a container that was just made. */
export function custodianOf(container: KeyContainer): Custodian {
  return readCustodianCard(custodianCard(container))
}

const isRsa = (line: string): boolean => line.startsWith(RSA_LINE)

function rsaOf([line, ...others]: readonly string[]): Uint8Array | null {
  if (line === undefined) return null
  const spki = others.length === 0 ? rsaKeyIn(line.slice(RSA_LINE.length)) : undefined
  if (spki) return spki
  throw new SetupError(
    'SETUP_CUSTODIAN',
    `expected one RSA key of ${LEAST_RSA_BITS} bits or more in the card`,
  )
}

function rsaKeyIn(text: string): Uint8Array | undefined {
  try {
    const spki = fromBase64(text)
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    const bits = key.asymmetricKeyType === 'rsa' ? (key.asymmetricKeyDetails?.modulusLength ?? 0) : 0
    return bits >= LEAST_RSA_BITS ? spki : undefined
  } catch (error) {
    if (error instanceof BytesError || (error instanceof Error && 'code' in error)) return undefined
    throw error
  }
}
