/** Telling people what happens to what is theirs: an outbox, mail, webhooks, and the link with which they cancel. */
export type { MailTarget } from './mail.ts'
export { NoticeKeys, signerOfSecret } from './notice-keys.ts'
export type { NoticeKeySource } from './notice-keys.ts'
export { noticeText } from './notice-text.ts'
export type { NoticeText } from './notice-text.ts'
export { deliverNotices, startOutbox } from './outbox.ts'
export type { NoticeChannels, OutboxOptions } from './outbox.ts'
export type { WebhookTarget } from './webhook.ts'
