import * as z from 'zod'
import { escaped, htmlPage } from './html-page.ts'
import type { Answer, Route } from './route.ts'

/** Where routes stand on the page: the first row whose paths they begin with. */
const SECTIONS: readonly (readonly [title: string, ...paths: string[]])[] = [
  ['The authority', '/v1/authority', '/healthz', '/readyz', '/openapi.json', '/docs'],
  ['The log', '/checkpoint', '/tile'],
  ['Enrolment', '/v1/enrolments'],
  ['Deposits', '/v1/deposits', '/v1/probes'],
  ['Recovery', '/v1/requests', '/v1/statements', '/v1/charter', '/v1/clients', '/v1/releases', '/cancel'],
  ['The custodian', '/v1'],
]
const REST = 'More'

const SIGNED: Readonly<Record<Route['auth'], string>> = {
  public: 'not: anybody may ask',
  signed: 'by a client, as RFC 9421 says',
  keyed: 'by a client, an officer or the custodian, as RFC 9421 says',
  statement: 'in itself: what is sent is a signed statement',
}

/** The table as a page for people: no script, nothing from elsewhere, and nothing that anybody sent. */
export function docsPage(routes: readonly Route[]): Answer {
  const bySection = Map.groupBy(routes, ({ path }) => sectionOf(path))
  const titles = [...SECTIONS.map(([title]) => title), REST].filter((title) => bySection.has(title))
  const links = titles.map((title) => `<li><a href="#${idOf(title)}">${title}</a></li>`)
  const sections = titles.map((title) => section(title, bySection.get(title) ?? []))
  return htmlPage({
    title: 'Strongroom backup authority',
    content: `<main>
<h1>Strongroom backup authority</h1>
<p>What this server answers. The same for programs: <a href="/openapi.json">openapi.json</a>.</p>
<nav aria-label="Sections"><ul>${links.join('')}</ul></nav>
${sections.join('\n')}
</main>`,
  })
}

function sectionOf(path: string): string {
  const row = SECTIONS.find(([, ...paths]) => paths.some((it) => path === it || path.startsWith(`${it}/`)))
  return row?.[0] ?? REST
}

function idOf(title: string): string {
  return title.toLowerCase().replaceAll(' ', '-')
}

function section(title: string, routes: readonly Route[]): string {
  const id = idOf(title)
  return `<section aria-labelledby="${id}">\n<h2 id="${id}">${title}</h2>\n${routes.map(entry).join('\n')}\n</section>`
}

function entry({ method, path, auth, summary, bodies, query, answers, seconds }: Route): string {
  const rows: (readonly [string, string])[] = [
    ['Signed', SIGNED[auth]],
    ...(query ? [['Query', codes(parametersOf(query))] as const] : []),
    ...(bodies ? [['Takes', codes(Object.keys(bodies))] as const] : []),
    ['Answers', codes(Object.keys(answers))],
    ['Given up', `after ${seconds} seconds`],
  ]
  const list = rows.map(([name, text]) => `<dt>${name}</dt><dd>${text}</dd>`).join('')
  return `<details><summary><b>${method}</b><code>${escaped(path)}</code><span>${escaped(summary)}</span></summary><dl>${list}</dl></details>`
}

function codes(texts: readonly string[]): string {
  return texts.map((text) => `<code>${escaped(text)}</code>`).join(', ')
}

function parametersOf(query: z.ZodType): string[] {
  const { properties = {} } = z.toJSONSchema(query)
  return Object.keys(properties)
}
