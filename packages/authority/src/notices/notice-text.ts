import { fromHex, toHex } from '@strongroom/core/bytes'
import type { NoticeRow } from '../store/notice-rows.ts'
import type { NoticeKeys } from './notice-keys.ts'

/** What a notice says. Nothing that a stranger wrote stands in it. */
export interface NoticeText {
  /** One id for one notice, however often it is sent: whoever gets it twice can tell. */
  readonly id: string
  readonly subject: string
  readonly text: string
  /** For programs. */
  readonly data: {
    readonly type: string
    readonly tenant: string
    readonly request: string
    readonly client: string | null
    readonly at: string
    /** The page on which it can be cancelled; in the owner's notices alone. */
    readonly cancel: string | null
  }
}

const WHAT: Readonly<Record<string, string>> = {
  requested: 'was asked for',
  approved: 'was approved by an officer',
  denied: 'was rejected',
  cancelled: 'was cancelled',
  released: 'was released',
}
const FINAL: ReadonlySet<string> = new Set(['denied', 'cancelled', 'released'])

/**
 * The words of a notice.
 *
 * @param url the public address of the authority
 */
export function noticeText(row: NoticeRow, keys: NoticeKeys, url: string, authority: string): NoticeText {
  const [kind = ''] = row.event.split('-')
  const request = toHex(row.subject)
  const what = `Recovery ${WHAT[kind] ?? 'changed'}`
  // The link is the owner's: others have a say by their own keys, or none.
  const own = row.client !== '' && !FINAL.has(kind)
  const cancel = own ? `${url}/cancel/${request}${toHex(keys.secretOf(fromHex(request)))}` : null
  const at = new Date(row.created).toISOString()
  const lines = [
    `${what}, at ${authority}.`,
    '',
    `Tenant:   ${row.tenant}`,
    ...(row.client === '' ? [] : [`Client:   ${row.client}`]),
    `Request:  ${request}`,
    `Time:     ${at}`,
    ...(cancel === null ? [] : ['', 'If this was not you, open this page and press its button:', cancel]),
    '',
  ]
  return {
    id: `${request}.${row.event}.${row.leaf}`,
    subject: `[${authority}] ${what}`,
    text: lines.join('\n'),
    data: {
      type: `recovery.${kind}`,
      tenant: row.tenant,
      request,
      client: row.client === '' ? null : row.client,
      at,
      cancel,
    },
  }
}
