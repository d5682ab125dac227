/**
 * A text as it is searched: without a difference between capital and small letters or compatible forms, the same on every
 * database. U+0000, which PostgreSQL keeps in no text, becomes U+FFFD.
 */
export function foldText(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll('\0', '\ufffd')
}
