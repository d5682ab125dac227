import { MEDIA_TYPES } from '@strongroom/core/protocol'
import { CANCEL_ROUTES } from './cancel-routes.ts'
import { CLIENT_ROUTES } from './client-routes.ts'
import { CUSTODIAN_ROUTES } from './custodian-routes.ts'
import { DEPOSIT_ROUTES } from './deposit-routes.ts'
import { docsPage } from './docs-page.ts'
import { ENROLMENT_ROUTES } from './enrolment-routes.ts'
import { HTML } from './html-page.ts'
import { openApiDocument } from './openapi.ts'
import { PEOPLE_ROUTES } from './people-routes.ts'
import { PROBE_ROUTES } from './probe-routes.ts'
import { PUBLIC_ROUTES } from './public-routes.ts'
import type { Answer, Route } from './route.ts'
import { STATEMENT_ROUTES } from './statement-routes.ts'
import { SUBJECT_ROUTES } from './subject-routes.ts'
import { SCHEMAS } from './schemas.ts'

/** What the table says of itself. */
const DOCUMENT_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/openapi.json',
    auth: 'public',
    summary: 'This table, as an OpenAPI document',
    answers: { [MEDIA_TYPES.json]: SCHEMAS.document },
    seconds: 5,
    handle: async () => ({ type: MEDIA_TYPES.json, body: documents().openApi }),
  },
  {
    method: 'GET',
    path: '/docs',
    auth: 'public',
    summary: 'This table, for people',
    answers: { [HTML]: SCHEMAS.text },
    seconds: 5,
    handle: async () => documents().page,
  },
]

/** Everything that the service answers. The OpenAPI document is made of it. */
export const ROUTES: readonly Route[] = [
  ...PUBLIC_ROUTES,
  ...ENROLMENT_ROUTES,
  ...DEPOSIT_ROUTES,
  ...CLIENT_ROUTES,
  ...STATEMENT_ROUTES,
  ...SUBJECT_ROUTES,
  ...PEOPLE_ROUTES,
  ...CUSTODIAN_ROUTES,
  ...PROBE_ROUTES,
  ...CANCEL_ROUTES,
  ...DOCUMENT_ROUTES,
]

let written: { readonly openApi: string; readonly page: Answer } | undefined

/** Both are made once. */
function documents() {
  written ??= { openApi: JSON.stringify(openApiDocument(ROUTES)), page: docsPage(ROUTES) }
  return written
}

/** What a parameter may be: nothing else makes a path one of the route. */
const PARAMETERS: Readonly<Record<string, string>> = {
  id: '[0-9a-f]{64}',
  digest: '[0-9a-f]{64}',
  client: 'c-[0-9a-f]{24}',
  // Of any length: people are told when theirs is not complete.
  link: '[^/]{1,200}',
  tile: '(?:entries|[0-9]{1,2})/[0-9x/.p]{3,40}',
}

/** The routes of a path, by method, and its parameter. */
export interface FoundRoute {
  readonly byMethod: ReadonlyMap<string, Route>
  readonly parameter: string
}

const LITERAL = new Map<string, Map<string, Route>>()
const PATTERNS: { readonly path: string; readonly pattern: RegExp; readonly byMethod: Map<string, Route> }[] =
  []

for (const route of ROUTES) methodsAt(route.path).set(route.method, route)

function methodsAt(path: string): Map<string, Route> {
  const known = LITERAL.get(path) ?? PATTERNS.find((it) => it.path === path)?.byMethod
  if (known) return known
  const byMethod = new Map<string, Route>()
  if (!path.includes('{')) LITERAL.set(path, byMethod)
  else {
    const source = path.replace(/\{([a-z]+)\}/, (_, name: string) => `(${PARAMETERS[name]})`)
    PATTERNS.push({ path, pattern: new RegExp(`^${source}$`), byMethod })
  }
  return byMethod
}

/** Finds what there is at a path; undefined if there is nothing. */
export function findRoute(path: string): FoundRoute | undefined {
  const literal = LITERAL.get(path)
  if (literal) return { byMethod: literal, parameter: '' }
  for (const { pattern, byMethod } of PATTERNS) {
    const match = pattern.exec(path)
    if (match) return { byMethod, parameter: match[1] ?? '' }
  }
  return undefined
}
