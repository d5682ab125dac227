import { createPublicKey } from 'node:crypto'
import { newFileKey } from '../age/index.ts'
import { wipe } from '../bytes/index.ts'
import { wincrypt } from '../cryptoapi/index.ts'
import { newSerial, type Serial } from '../keyblob/index.ts'
import { LIMITS, type DepositFormat, type Epoch } from '../protocol/index.ts'
import { ClientError } from './client-error.ts'
import { makeDeposit, type DepositFrame, type DepositLabels, type MadeDeposit } from './deposit-blob.ts'
import { derivedKeyCommitment } from './derive-again.ts'
import { encodeDerivationRecord, type KeyDerivation } from './derived-key.ts'

/** A session key of a CryptoAPI program, under the RSA key of the epoch. */
export interface NewSimpleBlobDeposit extends DepositFrame, DepositLabels {
  /** SIMPLEBLOB, deposited byte for byte as it is. */
  readonly simpleBlob: Uint8Array
}

/** How a key comes from a password. Neither the password nor the key is deposited. */
export interface NewDerivationDeposit extends DepositFrame, DepositLabels {
  readonly derivation: KeyDerivation
  /** The key, as `deriveKeyAgain` gives it; stays the caller's, to be wiped. */
  readonly derivedKey: Uint8Array
}

const SIMPLE_BLOB_HEADER_BYTES = 12

/**
 * Deposits a SIMPLEBLOB that was made for the RSA key of the epoch. docs/spec/authority-protocol.md, "Deposits", format 3.
 *
 * It is sealed with what the epoch's hybrid key protects, so whoever records it must break both; and nobody is asked whether its
 * padding is right.
 *
 * @throws ClientError CLIENT_EPOCH for an epoch without an RSA key, CLIENT_DEPOSIT for what that key cannot open; and as `makeDeposit`
 */
export function makeSimpleBlobDeposit({ simpleBlob, ...wanted }: NewSimpleBlobDeposit): MadeDeposit {
  checkSimpleBlob(simpleBlob, wanted.epoch.payload)
  return makeEnclosing('simple-blob', wanted, () => simpleBlob)
}

/**
 * Deposits how a key is derived from a password, and a commitment to the key. docs/spec/authority-protocol.md, format 4.
 *
 * All of it is sealed under a session key of the deposit's own: whoever has the deposit, and the authority has it, can try no
 * password against it. The custodian can, once it opened it.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for a derivation that is none; and as `makeDeposit`
 */
export function makeDerivationDeposit({
  derivation,
  derivedKey,
  ...wanted
}: NewDerivationDeposit): MadeDeposit {
  return makeEnclosing('password-parameters', wanted, (serial) =>
    encodeDerivationRecord({ derivation, commitment: derivedKeyCommitment(derivedKey, serial) }),
  )
}

/** A deposit whose session key is fresh and protects what is enclosed, nothing else. */
function makeEnclosing(
  format: DepositFormat,
  wanted: DepositFrame & DepositLabels,
  enclose: (serial: Serial) => Uint8Array,
): MadeDeposit {
  const sessionKey = newFileKey()
  try {
    const serial = newSerial(wanted.createdMs)
    return makeDeposit({ ...wanted, format, serial, sessionKey, enclosed: enclose(serial) })
  } finally {
    wipe(sessionKey)
  }
}

/** What can be seen without the private key: a deposit that nobody could ever open is not made. */
function checkSimpleBlob(blob: Uint8Array, { rsa, number }: Epoch): void {
  if (!rsa) throw new ClientError('CLIENT_EPOCH', `epoch ${number} has no RSA key`)
  if (blob.length > LIMITS.enclosedBytes) {
    throw new ClientError(
      'CLIENT_DEPOSIT',
      `expected at most ${LIMITS.enclosedBytes} bytes, got ${blob.length}`,
    )
  }
  const [type, version] = blob
  if (type !== wincrypt.SIMPLEBLOB || version !== wincrypt.CUR_BLOB_VERSION) {
    throw new ClientError('CLIENT_DEPOSIT', 'expected a SIMPLEBLOB')
  }
  const modulusBytes = modulusBytesOf(rsa)
  if (blob.length < SIMPLE_BLOB_HEADER_BYTES + modulusBytes) {
    const message = `the SIMPLEBLOB is not made for the RSA key of epoch ${number}: its ciphertext is shorter than the modulus`
    throw new ClientError('CLIENT_DEPOSIT', message)
  }
}

function modulusBytesOf(spki: Uint8Array): number {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  return Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? Infinity) / 8)
}
