import { join } from 'node:path'
import {
  checkedText,
  DEPOSIT_FORMATS,
  encodeJson,
  exactly,
  hexBytes,
  objectOf,
  orNull,
  parseJson,
  ProtocolError,
  wholeNumber,
  type DepositFormat,
  type JsonField,
} from '../protocol/index.ts'
import type { FileGroup } from './file-group.ts'
import { namesIn, readOwnFile, readState } from './own-files.ts'

/** What a client remembers of a deposit that was delivered: how to find it again, and the file that it is for. */
export interface DepositRecord {
  /** The deposit id in hexadecimal. */
  readonly id: string
  /** For people. */
  readonly label: string | null
  /** The file that its key opens, as it was called then. */
  readonly path: string | null
  readonly format: DepositFormat
  /** The number of the epoch that it was made for. */
  readonly epoch: number
  /** 16 bytes. */
  readonly serial: Uint8Array
  readonly commitment: Uint8Array
  readonly sealId: Uint8Array | null
  /** Milliseconds since 1970 by this computer's clock, as the next. */
  readonly createdMs: number
  readonly deliveredMs: number
  /** Its leaf in the log. */
  readonly index: number
}

interface RecordMembers extends DepositRecord {
  readonly strongroom: 'deposit-record'
  readonly version: 1
}

/** The text of a path, whatever a file system allows. */
export const pathText: JsonField<string> = checkedText(32_768, () => undefined)
/** The text for people, on a line or not. */
export const labelText: JsonField<string> = checkedText(1_024, () => undefined)
/** Milliseconds since 1970, within what a `Date` has. */
export const milliseconds: JsonField<number> = wholeNumber(0, 8.64e15)

const FORMATS = Object.keys(DEPOSIT_FORMATS) as DepositFormat[]
const FORMAT: JsonField<DepositFormat> = {
  read(value, path) {
    const format = FORMATS.find((candidate) => candidate === value)
    if (format === undefined) throw new ProtocolError('PROTOCOL_FORMAT', `${path}: not a format of deposits`)
    return format
  },
  write: (value) => value,
}

const RECORD: JsonField<RecordMembers> = objectOf({
  strongroom: exactly('deposit-record'),
  version: exactly(1),
  id: checkedText(64, (text, path) => hexBytes(32).read(text, path)),
  label: orNull(labelText),
  path: orNull(pathText),
  format: FORMAT,
  epoch: wholeNumber(1, 0xffffffff),
  serial: hexBytes(16),
  commitment: hexBytes(32),
  sealId: orNull(hexBytes(32)),
  createdMs: milliseconds,
  deliveredMs: milliseconds,
  index: wholeNumber(0, Number.MAX_SAFE_INTEGER),
})

/** A path may be long, and each of its characters six in JSON. */
export const MAX_RECORD_BYTES = 262_144
const SUFFIX = '.json'

/** The records of delivered deposits, a file each. An index for people: what is proved stands in the receipts. */
export class DepositRecords {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** The ids of all deposits that were delivered, in hexadecimal, sorted. */
  list(): string[] {
    return namesIn(this.folder, SUFFIX)
  }

  /** What is remembered of a deposit; undefined if nothing is. @throws ClientError CLIENT_STATE */
  load(id: string): DepositRecord | undefined {
    const path = this.#pathOf(id)
    const bytes = readOwnFile(path, MAX_RECORD_BYTES, 'record of a deposit')
    if (!bytes) return undefined
    const { strongroom, version, ...record } = readState(path, () =>
      parseJson(RECORD, bytes, MAX_RECORD_BYTES),
    )
    void [strongroom, version]
    return record
  }

  /** Remembers a deposit, as one of a group of files. */
  async keep(record: DepositRecord, group: FileGroup): Promise<void> {
    const members: RecordMembers = { strongroom: 'deposit-record', version: 1, ...record }
    await group.write(this.#pathOf(record.id), encodeJson(RECORD, members, MAX_RECORD_BYTES))
  }

  #pathOf(id: string): string {
    return join(this.folder, `${id}${SUFFIX}`)
  }
}
