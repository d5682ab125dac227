import type { Logger } from 'pino'
import type { NoticeRow } from '../store/notice-rows.ts'
import type { NoticeStore } from '../store/notice-store.ts'
import { sendMail, type MailTarget } from './mail.ts'
import { noticeText, type AskedFor, type NoticeSource } from './notice-text.ts'
import { sendWebhook, type WebhookTarget } from './webhook.ts'

/** Where notices go. */
export interface NoticeChannels {
  readonly mail: MailTarget | null
  readonly webhook: WebhookTarget | null
}

/** What an outbox works with. */
export interface OutboxOptions extends NoticeSource {
  readonly notices: NoticeStore
  /** What the request of a notice asks for; undefined if it is no request. */
  readonly about: (row: Pick<NoticeRow, 'tenant' | 'subject'>) => Promise<AskedFor | undefined>
  readonly channels: NoticeChannels
  readonly logger: Pick<Logger, 'warn'>
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number
}

const LOT = 16
/** For so long a node may take over a notice; after that, another one does. */
const CLAIM_MS = 60_000
const FIRST_PAUSE_MS = 30_000
const LONGEST_PAUSE_MS = 6 * 3_600_000
/** Some days of trying. */
const MOST_ATTEMPTS = 24

/**
 * Delivers what is due. A notice is claimed before it is sent, and settled after: two nodes do not send the same one, and one whose process
 * died is sent by the next. Only a process that dies between the answer of the mail server and the note of it has a notice sent twice,
 * with the same id.
 *
 * @returns how many were delivered
 */
export async function deliverNotices(options: OutboxOptions): Promise<number> {
  const { notices, now } = options
  let delivered = 0
  for (;;) {
    const claimed = await notices.claim({ now: now(), until: now() + CLAIM_MS, limit: LOT })
    if (claimed.length === 0) return delivered
    for (const row of claimed) {
      if (await deliver(options, row)) delivered++
    }
  }
}

async function deliver(options: OutboxOptions, row: NoticeRow): Promise<boolean> {
  const { notices, now, logger } = options
  try {
    await send(options, row)
  } catch (error) {
    const { event, channel, attempts } = row
    // Neither the address nor the link stands in it.
    logger.warn({ event, channel, attempts, reason: reasonOf(error) }, 'a notice was not delivered')
    await notices.settle(row, attempts >= MOST_ATTEMPTS ? 'given-up' : { due: now() + pauseAfter(attempts) })
    return false
  }
  await notices.settle(row, 'delivered')
  return true
}

async function send(options: OutboxOptions, row: NoticeRow): Promise<void> {
  const { channels, now } = options
  const text = noticeText(row, await options.about(row), options)
  if (row.channel === 'mail') {
    if (!channels.mail) throw new Error('no mail server is set')
    return sendMail(channels.mail, row.address, text)
  }
  if (!channels.webhook) throw new Error('no webhook is set')
  return sendWebhook(channels.webhook, text, now())
}

/** Twice as long after each attempt. */
function pauseAfter(attempts: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

const EVERY_MS = 5_000

/** Delivers every few seconds. @returns what ends it, when nothing is being sent any more */
export function startOutbox(options: OutboxOptions): () => Promise<void> {
  let running = Promise.resolve()
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    running = deliverNotices(options).then(
      () => void (busy = false),
      (error: unknown) => {
        busy = false
        options.logger.warn({ reason: reasonOf(error) }, 'the outbox was not read')
      },
    )
  }, EVERY_MS)
  return async () => {
    clearInterval(timer)
    await running
  }
}
