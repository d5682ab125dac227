import { basename } from 'node:path'
import { toHex } from '@strongroom/core/bytes'
import { formatSerial, type VerifiedSeal } from '@strongroom/core/keyblob'
import { displayName } from './escape-text.ts'
import { formatTime } from './quantities.ts'
import type { Terminal } from './terminal.ts'

/** Who sealed it, when, and which version it is: `sealed by me on 2026-11-21 20:41, version 2`. */
export function sealSentence({ signerName, metadata }: VerifiedSeal): string {
  const { createdMs, version, description } = metadata
  const said = description === undefined ? '' : `: ${displayName(description)}`
  return `sealed by ${signerName} on ${formatTime(createdMs)}, version ${version}${said}`
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
 * Warns when a file has another name than it was sealed under: each of two files may be authentic, and
 * somebody who exchanged them would have deceived their reader all the same.
 *
 * @param inputName the file that was read; `-` has no name to compare
 */
export function warnAboutName(terminal: Terminal, inputName: string, { metadata }: VerifiedSeal): void {
  const { name } = metadata
  if (name === undefined || inputName === '-') return
  const now = basename(inputName).replace(/\.age$/, '')
  const then = basename(name)
  if (now === then) return
  terminal.warning(`${displayName(inputName)} was sealed as ${displayName(then)}: is it the file you meant?`)
}
