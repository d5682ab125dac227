import { join } from 'node:path'
import { existsSync } from 'node:fs'
import { fromHex, toHex } from '../bytes/index.ts'
import { LIMITS, type VerifiedReceipt } from '../protocol/index.ts'
import type { FileGroup } from './file-group.ts'
import { namesIn, readOwnFile, writeOwnFile } from './own-files.ts'
import { verifyReceiptFile, type ReceiptExpectations } from './receipt-file.ts'

const SUFFIX = '.receipt'

/**
 * The receipts of one authority, a file each, named by the statement digest in hexadecimal.
 *
 * What lies there was verified before it was written. A receipt proves itself: nobody needs to trust the folder.
 */
export class ReceiptStore {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** The digests of the statements that there are receipts for, in hexadecimal, sorted. */
  list(): string[] {
    return namesIn(this.folder, SUFFIX)
  }

  /** Whether there is a receipt, which is not looked at. */
  has(id: string): boolean {
    return existsSync(this.pathOf(id))
  }

  pathOf(id: string): string {
    return join(this.folder, `${id}${SUFFIX}`)
  }

  /** The receipt as it stands on the disk; undefined if there is none. @throws ClientError CLIENT_STATE */
  read(id: string): Uint8Array | undefined {
    return readOwnFile(this.pathOf(id), LIMITS.receiptBytes, 'receipt')
  }

  /**
   * Verifies the receipt of a statement again; undefined if there is none.
   *
   * @throws ProtocolError as `verifyReceipt` does; ClientError CLIENT_STATE
   */
  verify(id: string, expected: ReceiptExpectations): VerifiedReceipt | undefined {
    const bytes = this.read(id)
    return bytes && verifyReceiptFile(bytes, { ...expected, digest: fromHex(id) })
  }

  /** Keeps a receipt, once it is verified; durable when this returns. @throws ProtocolError as `verifyReceipt` does */
  save(bytes: Uint8Array, expected: ReceiptExpectations): VerifiedReceipt {
    const receipt = verifyReceiptFile(bytes, expected)
    writeOwnFile(this.pathOf(toHex(receipt.statement.digest)), bytes)
    return receipt
  }

  /** Keeps the bytes of a receipt that was verified, as one of a group of files. */
  async keep({ statement }: VerifiedReceipt, bytes: Uint8Array, group: FileGroup): Promise<void> {
    await group.write(this.pathOf(toHex(statement.digest)), bytes)
  }
}
