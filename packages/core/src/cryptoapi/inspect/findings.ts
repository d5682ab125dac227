import type { Finding, Severity } from './inspection.ts'

type Row = readonly [severity: Severity, text: string, reason: string]

/** What can be wrong with an old file, and why that matters. */
const ROWS = {
  RSA_FACTORED: [
    'danger',
    'RSA below 1024 bits',
    'anybody can find the private key with a few rented computers',
  ],
  RSA_SHORT: [
    'weak',
    'RSA below 2048 bits',
    'nobody recommends it any more: whoever has enough computers finds the private key',
  ],
  EXPONENT_ONE: [
    'danger',
    'a public exponent of one',
    'what is encrypted for this key is not encrypted at all, and anybody signs with it',
  ],
  EXPONENT_EVEN: ['danger', 'a public exponent of zero, or an even one', 'there is no private key to it'],
  EXPONENT_SMALL: [
    'weak',
    'a small public exponent',
    'who reads the padding loosely takes forged signatures; one message for several such keys is readable',
  ],
  PRIVATE_KEY_OPEN: [
    'danger',
    'the private key is in the clear',
    'whoever reads this file opens and signs everything in its owner’s name',
  ],
  SESSION_KEY_OPEN: [
    'danger',
    'the session key is in the clear',
    'whoever reads this file reads all that was encrypted with it',
  ],
  KEY_SHOWN: [
    'danger',
    'the key that should be encrypted is not',
    'it was made for a key with an exponent of one: whoever reads this file has the session key',
  ],
  PVK_PASSWORD: [
    'weak',
    'a password, hashed once, and RC4',
    'guesses cost nothing, and perhaps only 40 bits of the hash count: the file does not say',
  ],
  PVK_WEAK: [
    'danger',
    'a password of which 40 bits count',
    'all of them can be tried in minutes, however good the password is',
  ],
  PVK_STRONG: ['weak', 'a password, hashed once, and RC4', 'guesses cost nothing'],
  KEY_SHORT: ['danger', 'a key of less than 64 bits', 'anybody can try them all'],
  KEY_LENGTH_UNKNOWN: [
    'weak',
    'a key that may have 40 bits',
    'they are soon tried; the blob does not say how many this cipher’s key has',
  ],
  DES: ['danger', 'DES', 'its 56 bits are tried in a day'],
  TWO_KEYS_ALIKE: ['danger', 'two parts of a triple DES key are alike', 'two operations cancel: it is DES'],
  PARITY: [
    'note',
    'no odd parity',
    'CryptoAPI gives it to the keys of DES that it makes: another program made this one',
  ],
  RC4: [
    'weak',
    'RC4',
    'its key stream is biased, and the same for every text of one key: two texts show each other',
  ],
  SMALL_BLOCKS: ['weak', 'blocks of 64 bits', 'after some gigabytes under one key equal blocks show'],
  RC2: ['weak', 'RC2', 'Windows before XP SP1 counted 40 bits of its key, however long it is'],
  PKCS1: [
    'weak',
    'PKCS #1 v1.5, unless it was made with CRYPT_OAEP',
    'a program that lets strangers see whether the padding was right decrypts it for them',
  ],
  UNSIGNED: [
    'weak',
    'nothing in it says who made it',
    'whoever has the public key can put another in its place: verify the signature beside it first',
  ],
  NO_INTEGRITY: [
    'weak',
    'nothing protects the text',
    'nobody notices who changed it, cut it off or added to it',
  ],
  IV_ZERO: ['weak', 'an IV of zeros', 'under one key, texts that begin alike show it'],
  PASSWORD_KEY: [
    'weak',
    'a key made of a password, if it is a text under one',
    'without salt and iterations guesses cost nothing, and equal passwords make equal keys',
  ],
  OWNER_UNPROVED: [
    'note',
    'nothing in it says whose it is',
    'compare it with what its owner says on another way',
  ],
  TRAILING: ['note', 'bytes behind the blob', 'an import does not look at them'],
} as const satisfies Record<string, Row>

/** The code of a finding. */
export type FindingCode = keyof typeof ROWS

/** The findings of these codes, each once, the worst ones first. */
export function findings(...codes: readonly (FindingCode | undefined)[]): Finding[] {
  const order: readonly Severity[] = ['danger', 'weak', 'note']
  const found = [...new Set(codes)].flatMap((code): Finding[] => {
    if (code === undefined) return []
    const [severity, text, reason] = ROWS[code]
    return [{ code, severity, text, reason }]
  })
  return order.flatMap((severity) => found.filter((finding) => finding.severity === severity))
}
