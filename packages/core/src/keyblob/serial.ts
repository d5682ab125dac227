import { randomFillSync } from 'node:crypto'
import { fromHex, toHex } from '../bytes/index.ts'
import { KeyBlobError } from './key-blob-error.ts'

/** 16 bytes, a UUID of version 7 (RFC 9562 §5.7): the serial number of a file or named session key. */
export type Serial = Uint8Array

export const SERIAL_BYTES = 16

const TEXT = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/

/** A fresh serial number: milliseconds since 1970 in front, 74 random bits behind. */
export function newSerial(nowMs: number): Serial {
  const serial = randomFillSync(new Uint8Array(SERIAL_BYTES))
  const view = new DataView(serial.buffer)
  view.setUint16(0, Math.floor(nowMs / 2 ** 32))
  view.setUint32(2, nowMs >>> 0)
  view.setUint16(6, (view.getUint16(6) & 0x0fff) | 0x7000)
  view.setUint16(8, (view.getUint16(8) & 0x3fff) | 0x8000)
  return serial
}

/** `01234567-89ab-7cde-8f01-23456789abcd`: RFC 9562 §4. */
export function formatSerial(serial: Serial): string {
  return toHex(serial).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Reads what `formatSerial` writes. @throws KeyBlobError SEAL_FORMAT for anything else */
export function parseSerial(text: string): Serial {
  const groups = TEXT.exec(text)
  if (!groups) throw new KeyBlobError('SEAL_FORMAT', 'serial number: expected a lower-case UUID')
  return fromHex(groups.slice(1).join(''))
}
