/** Controls, and what turns or hides its neighbours on a screen: bidirectional marks, separators, the byte-order mark. */
const NOT_PRINTED = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u
const ALL_NOT_PRINTED = new RegExp(NOT_PRINTED, 'gu')

/** Whether a text stands on one line and shows all that it holds. */
export function isPrinted(text: string): boolean {
  return text.isWellFormed() && !NOT_PRINTED.test(text)
}

/** Such a text from any: cut, with U+FFFD for what is not shown. */
export function printed(text: string, mostCharacters: number): string {
  return text.slice(0, mostCharacters).toWellFormed().replaceAll(ALL_NOT_PRINTED, '\ufffd')
}
