const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/**
 * A line of JSON, with its end, in which nothing unprintable is left: logs are looked at on terminals, and what a mail server, a database or a
 * client said stands in them. It is the same value.
 */
export function printableLine(line: string): string {
  return line.replace(UNPRINTABLE, (text, at) =>
    text === '\n' && at === line.length - 1 ? text : inJson(text),
  )
}

function inJson(text: string): string {
  const units = Array.from({ length: text.length }, (_, i) =>
    text.charCodeAt(i).toString(16).padStart(4, '0'),
  )
  return units.map((unit) => `\\u${unit}`).join('')
}
