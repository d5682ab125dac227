import { createHmac } from 'node:crypto'
import type { NoticeText } from './notice-text.ts'

/** Where a program is told. */
export interface WebhookTarget {
  readonly url: string
  /** `whsec_` and base64: the key that both sides have. */
  readonly secret: string
}

const TIMEOUT_MS = 10_000

/**
 * Tells a program, signed after Standard Webhooks (standard-webhooks.md, "Signature scheme", v1).
 *
 * @param now milliseconds since 1970
 * @throws Error unless it answers with 2xx in time; redirections are not followed
 */
export async function sendWebhook(target: WebhookTarget, notice: NoticeText, now: number): Promise<void> {
  const body = JSON.stringify({ type: notice.data.type, timestamp: notice.data.at, data: notice.data })
  const timestamp = String(Math.floor(now / 1000))
  const response = await fetch(target.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': notice.id,
      'webhook-timestamp': timestamp,
      'webhook-signature': webhookSignature(target.secret, `${notice.id}.${timestamp}.${body}`),
    },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`the webhook answered ${response.status}`)
}

function webhookSignature(secret: string, content: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`
}
