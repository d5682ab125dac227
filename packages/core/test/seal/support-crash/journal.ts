import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { parseHeader } from '../../../src/age/index.ts'
import { ByteWriter, concat, equalBytes, utf8Encode } from '../../../src/bytes/index.ts'
import { tree } from '../../../src/keyblob/index.ts'
import { journalPath, rewrapFile } from '../../../src/seal/index.ts'
import { bob, reader } from './people.ts'

const LABEL = utf8Encode('strongroom header journal v1\n')
const HASH_BYTES = 32

/** Asserts that a journal is whole. docs/spec/sealed-file.md, "Rewriting the header" */
export function isJournal(bytes: Uint8Array): void {
  assert.ok(equalBytes(bytes.subarray(0, LABEL.length), LABEL))
  const body = bytes.subarray(0, -HASH_BYTES)
  assert.ok(equalBytes(bytes.subarray(-HASH_BYTES), tree.leafHash(body)))
}

/** A file as it is left by a crash in the middle of a rewrap for Bob: a whole journal and half a header. */
export async function interruptRewrap(path: string): Promise<void> {
  const before = new Uint8Array(readFileSync(path))
  await rewrapFile(path, { ...reader, recipients: [bob.recipient()] })
  const after = new Uint8Array(readFileSync(path))
  const { length } = parseHeader(after)
  const header = after.subarray(0, length)
  const nonce = after.subarray(length, length + 16)
  const place = tree.leafHash(new ByteWriter(32).bytes(nonce).u64(length).toBytes())
  const body = concat(LABEL, place, header)
  writeFileSync(journalPath(path), concat(body, tree.leafHash(body)), { mode: 0o600 })
  overwriteStart(path, concat(header.subarray(0, length / 2), before.subarray(length / 2, length)))
}

function overwriteStart(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, 'r+')
  writeSync(fd, bytes, 0, bytes.length, 0)
  closeSync(fd)
}
