/** Telling people what happens to what is theirs: an outbox, mail, webhooks, and the link with which they cancel. */
export { NoticeKeys, signerOfSecret } from './notice-keys.ts'
export type { NoticeKeySource } from './notice-keys.ts'
