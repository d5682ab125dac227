import { toHex } from '@strongroom/core/bytes'
import { formatSerial, type VerifiedSeal } from '@strongroom/core/keyblob'
import { displayName } from './escape-text.ts'
import { formatTime } from './quantities.ts'
import { liesAsSigned } from './signed-name.ts'
import type { Terminal } from './terminal.ts'

/**
 * Who sealed it, when, as what, and which version it is: `sealed by me on 2026-11-21 20:41 as report.pdf, version
 * 2`.
 */
export function sealSentence({ signerName, metadata }: VerifiedSeal): string {
  const { createdMs, version, description, name } = metadata
  const named = name === undefined ? '' : ` as ${displayName(name)}`
  const said = description === undefined ? '' : `: ${displayName(description)}`
  return `sealed by ${signerName} on ${formatTime(createdMs)}${named}, version ${version}${said}`
}

/** A verified seal for programs. */
export function sealRecord(seal: VerifiedSeal): object {
  const { metadata, signer, signerName, visibility } = seal
  const { name, description, createdMs, version } = metadata
  return {
    signer: signerName,
    fingerprint: signer.fingerprint,
    serial: formatSerial(seal.serial),
    sealId: toHex(seal.sealId),
    version,
    created: new Date(createdMs).toISOString(),
    visibility,
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
  }
}

/**
 * Warns when a file has another name than it was sealed under, or lies in another folder: each of two files
 * may be authentic, and somebody who exchanged them would have deceived their reader all the same.
 *
 * @param inputName the file that was read; `-` has no name to compare
 */
export function warnAboutName(terminal: Terminal, inputName: string, { metadata }: VerifiedSeal): void {
  const { name } = metadata
  if (name === undefined || inputName === '-') return
  if (liesAsSigned(name, inputName.replace(/\.age$/, ''))) return
  terminal.warning(`${displayName(inputName)} was sealed as ${displayName(name)}: is it the file you meant?`)
}
