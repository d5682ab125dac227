import { fromHex, toHex } from '@strongroom/core/bytes'
import type { RecoveryClass } from '@strongroom/core/protocol'
import type { NoticeRow } from '../store/notice-rows.ts'
import type { NoticeKeys } from './notice-keys.ts'

/** What a request asks for, in words that are not the requester's own. */
export interface AskedFor {
  readonly class: RecoveryClass
  /** The person of the charter who asks; null if it is whoever has the evidence of the owner. */
  readonly requester: string | null
  /** How many session keys. */
  readonly count: number
}

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
    /** Of a request; null of a charter. */
    readonly class: RecoveryClass | null
    readonly requester: string | null
    readonly count: number | null
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

/** Whose words they are, and where people find it. */
export interface NoticeSource {
  readonly keys: NoticeKeys
  /** The public address, and the name of the authority. */
  readonly url: string
  readonly name: string
}

/**
 * The words of a notice.
 *
 * @param asked of a request; undefined of a charter
 */
export function noticeText(row: NoticeRow, asked: AskedFor | undefined, source: NoticeSource): NoticeText {
  const { keys, url, name: authority } = source
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
    ...(asked ? askedLines(asked) : []),
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
      class: asked?.class ?? null,
      requester: asked?.requester ?? null,
      count: asked?.count ?? null,
      at,
      cancel,
    },
  }
}

function askedLines({ class: kind, requester, count }: AskedFor): string[] {
  const who = requester === null ? [] : [`Asked by: ${requester}`]
  return [`Class:    ${kind}`, ...who, `Keys:     ${count}`]
}
