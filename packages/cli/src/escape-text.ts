/**
 * What may not reach a terminal as it is: control characters (C0, DEL, C1), line and paragraph
 * separators, bidirectional controls, invisible characters, letters and variation selectors that are drawn as
 * nothing, and lone surrogates. Any of them lets a file name or a description that somebody else chose
 * forge a line, or read as something it is not.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

const SHORT = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

/** The text on one line, with everything unprintable written as `\n`, `\t` or `\u{…}`. */
export function escapeText(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter)
}

/**
 * A name chosen by somebody else, for a line of output: as it is when that is unambiguous, otherwise in
 * double quotes with escapes, so that no two names look alike on account of the escaping.
 */
export function displayName(name: string): string {
  const escaped = escapeText(name)
  if (name !== '' && escaped === name && name.trim() === name && !/^"|\\/.test(name)) return name
  const quoted = name.replace(/["\\]/g, (character) => `\\${character}`)
  return `"${escapeText(quoted)}"`
}

/** JSON on one line, in which nothing unprintable is left: it may be looked at on a terminal too. */
export function escapedJson(value: unknown): string {
  return JSON.stringify(value).replace(UNPRINTABLE, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}

function escapeCharacter(character: string): string {
  return SHORT.get(character) ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
