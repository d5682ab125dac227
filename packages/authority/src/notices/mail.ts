import { createTransport } from 'nodemailer'
import type { NoticeText } from './notice-text.ts'

/** How mail is sent. */
export interface MailTarget {
  /** `smtp://` or `smtps://`, with a user and password if the server wants them. */
  readonly url: string
  readonly from: string
}

const TIMEOUT_MS = 10_000

/** Sends mail: plain text, without anything that a stranger wrote. @throws the mail library's error */
export async function sendMail({ url, from }: MailTarget, to: string, notice: NoticeText): Promise<void> {
  const transport = createTransport({
    url,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    const { host } = new URL(url)
    await transport.sendMail({
      from,
      to,
      subject: notice.subject,
      text: notice.text,
      messageId: `<${notice.id}@${host}>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    })
  } finally {
    transport.close()
  }
}
