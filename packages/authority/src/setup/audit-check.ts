import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import {
  AUDIT_CSV_HEAD,
  AuditCheck,
  ClientError,
  readAuditCsvLine,
  readAuditEnd,
  readAuditHead,
  readAuditJsonLine,
  readAuditProofFile,
  type AuditReport,
} from '@strongroom/core/client'
import { auditProofPath, type AuditForm } from './audit-file.ts'

/** Longer than a first line with a thousand epochs, or a statement with its proof. */
const LONGEST_LINE = 33_554_432

/** The form of an export, by its name. */
export function auditFormOf(path: string): AuditForm | undefined {
  return (['json', 'csv'] as const).find((form) => path.toLowerCase().endsWith(`.${form}`))
}

/**
 * Checks an export, however long it is. What is wrong with a line is in the report.
 *
 * @param identity the fingerprint of the authority
 * @throws ClientError CLIENT_EXPORT for a file that is no export, has lost its end, or is of another authority; ProtocolError and
 *   TlogError for its epochs and checkpoint; the platform's errors
 */
export async function checkAuditFile(path: string, form: AuditForm, identity: string): Promise<AuditReport> {
  return form === 'json' ? await checkJson(path, identity) : await checkCsv(path, identity)
}

async function checkJson(path: string, identity: string): Promise<AuditReport> {
  const hash = createHash('sha256')
  let check: AuditCheck | undefined
  let report: AuditReport | undefined
  let number = 0
  for await (const line of linesOf(path)) {
    number++
    if (report) throw new ClientError('CLIENT_EXPORT', `line ${number} stands behind the end of the export`)
    if (check && line.startsWith(']')) {
      report = check.end(readAuditEnd(line), new Uint8Array(hash.digest()), number)
      continue
    }
    hash.update(line, 'latin1')
    if (!check) check = new AuditCheck(readAuditHead(headText(line)), identity)
    else check.line(number, () => readAuditJsonLine(line.replace(/,?\n$/, '')))
  }
  if (report) return report
  throw new ClientError('CLIENT_EXPORT', `the end of the export is missing behind line ${number}`)
}

async function checkCsv(path: string, identity: string): Promise<AuditReport> {
  const { head, end } = readAuditProofFile(readFileSync(auditProofPath(path), 'utf8'))
  const check = new AuditCheck(head, identity)
  const hash = createHash('sha256')
  let number = 0
  for await (const line of linesOf(path)) {
    hash.update(line, 'latin1')
    if (++number === 1) {
      if (line === `${AUDIT_CSV_HEAD}\r\n`) continue
      throw new ClientError('CLIENT_EXPORT', 'the first line is not that of an export')
    }
    check.line(number, () => readAuditCsvLine(line.replace(/\r\n$/, '')))
  }
  return check.end(end, new Uint8Array(hash.digest()), number)
}

/** The checkpoint has characters beyond ASCII, and nothing else has. */
function headText(line: string): string {
  return Buffer.from(line.replace(/\n$/, ''), 'latin1').toString('utf8')
}

/** Lines with their ends, a character for each byte; the last one may have no end. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const piece of createReadStream(path, { encoding: 'latin1' }) as AsyncIterable<string>) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield `${line}\n`
    if (rest.length > LONGEST_LINE) throw new ClientError('CLIENT_EXPORT', 'a line that is too long')
  }
  if (rest !== '') yield rest
}
