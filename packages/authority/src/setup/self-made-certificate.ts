// The library's container of parts asks for it before it is loaded.
import 'reflect-metadata'
import { isIP } from 'node:net'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** A certificate and its private key, in PEM. */
export interface MadeCertificate {
  readonly certificate: string
  readonly key: string
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const YEARS = 2
const DAY_MS = 86_400_000
/** For clocks that are behind. */
const EARLIER_MS = 3_600_000
const MAX_COMMON_NAME = 64 // RFC 5280, appendix A: ub-common-name

/**
 * A certificate that nobody but its owner vouches for: X.509 v3 (RFC 5280), ECDSA over P-256 with SHA-256, two years, for the host of an
 * address. Clients are given it beforehand, by the way that their invitation comes.
 *
 * @param url the authority's, whose host is the subject's only name
 * @param now milliseconds since 1970
 */
export async function makeCertificate(url: string, now: number): Promise<MadeCertificate> {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    // As a list no character of it means anything.
    name: [{ CN: [host.slice(0, MAX_COMMON_NAME)] }],
    notBefore: new Date(now - EARLIER_MS),
    notAfter: new Date(now + YEARS * 365 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new SubjectAlternativeNameExtension([{ type: isIP(host) === 0 ? 'dns' : 'ip', value: host }]),
      // It is its own authority and nobody else's: whoever is given it trusts it for this host alone.
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    ],
  })
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `${PemConverter.encode(key, 'PRIVATE KEY')}\n`,
  }
}
