import { rsaFingerprint } from '@strongroom/core/container/crypto-api'
import type { RsaKey } from '@strongroom/core/cryptoapi'

/** An RSA key for people: `RSA of 2048 bits, SHA256:…`. */
export function rsaText({ publicKey }: RsaKey): string {
  return `RSA of ${publicKey.bits} bits, ${rsaFingerprint(publicKey)}`
}

/** An RSA key for programs. */
export function rsaRecord({ publicKey }: RsaKey): { readonly bits: number; readonly fingerprint: string } {
  return { bits: publicKey.bits, fingerprint: rsaFingerprint(publicKey) }
}
