import { createHash } from 'node:crypto'
import type { Answer } from './route.ts'

/** A page for people. */
export interface Page {
  readonly title: string
  /** HTML of ours; whatever stands in it that is not goes through `escaped`. */
  readonly content: string
  /** 200 unless told. */
  readonly status?: number
}

export const HTML = 'text/html; charset=utf-8'

/** The colours of the system, its font, and lines that can be read. Nothing is fetched, and nothing runs. */
const STYLE = `:root{color-scheme:light dark;--ink:light-dark(#1b1f24,#e6e8eb);--soft:light-dark(#57606a,#9aa4af);--line:light-dark(#d0d7de,#3a424c);--paper:light-dark(#fff,#14181d);--card:light-dark(#f6f8fa,#1c2128);--link:light-dark(#0b57d0,#8ab4f8);--danger:light-dark(#b3261e,#f2b8b5);--on-danger:light-dark(#fff,#601410)}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}
main.short{max-width:34rem;padding-top:12vh}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .75rem}
h2{font-size:1.1rem;margin:2.25rem 0 .5rem}
p{margin:.75rem 0}
a{color:var(--link)}
code{font:.9em/1.4 ui-monospace,monospace}
.soft{color:var(--soft)}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:1rem 0 0;padding:0}
details{border:1px solid var(--line);border-radius:.5rem;margin:.4rem 0}
details[open]{background:var(--card)}
summary{display:grid;grid-template-columns:3.5rem minmax(0,1fr) 1rem;gap:.1rem .75rem;padding:.5rem .75rem;cursor:pointer}
summary b{font:600 .8rem/1.9 ui-monospace,monospace;color:var(--soft)}
summary span{grid-column:2;color:var(--soft)}
summary::after{content:'+';grid-area:1/3;color:var(--soft)}
[open]>summary::after{content:'\\2212'}
dl{display:grid;grid-template-columns:8rem minmax(0,1fr);gap:.35rem .75rem;margin:0;padding:.25rem .75rem .9rem 5rem}
dt{color:var(--soft)}
dd{margin:0}
button{font:600 1rem/1.2 system-ui,sans-serif;padding:.8rem 1.4rem;border:0;border-radius:.5rem;background:var(--danger);color:var(--on-danger);cursor:pointer}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
@media (max-width:36rem){dl{grid-template-columns:1fr;padding-left:.75rem}dd{margin-bottom:.35rem}}`

/** This style and no other, nothing from anywhere; a form goes back here alone. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** A page as an answer. It works without a script, and keeps to the colours that somebody's system asks for. */
export function htmlPage({ title, content, status = 200 }: Page): Answer {
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${content}
</body>
</html>
`
  return { status, type: HTML, body, fields: { 'Content-Security-Policy': POLICY } }
}

/** What a name may bring along to be read as something else: control characters, directions, what is drawn as nothing. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** A text as it is read, in HTML, between quotes too: it makes no element, and turns no line around. */
export function escaped(text: string): string {
  return text.replaceAll(UNPRINTABLE, '\ufffd').replaceAll(/[&<>"']/g, (it) => `&#${it.charCodeAt(0)};`)
}
