import { ProblemError } from './problem-error.ts'

/** What stands in the request line, taken apart and not decoded. */
export interface RequestTarget {
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  readonly hasQuery: boolean
}

/** Characters at most: the longest query of the protocol and a path. */
const MOST_CHARACTERS = 4_608
/** Of all paths there are. Nothing is encoded in one, so that no two spellings name the same. */
const PATH = /^(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)+\/?$|^\/$/
const QUERY = /^[\x21\x24-\x7e]*$|^$/

/**
 * Reads the target of a request: a path in one spelling, and a query. What is no such path is absent.
 *
 * @throws ProblemError uri-too-long, not-found, malformed
 */
export function parseTarget(target: string): RequestTarget {
  if (target.length > MOST_CHARACTERS) throw new ProblemError('uri-too-long')
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  const query = mark < 0 ? '' : target.slice(mark + 1)
  if (!PATH.test(path)) throw new ProblemError('not-found')
  if (!QUERY.test(query)) throw new ProblemError('malformed', { detail: 'a query of other characters' })
  return { path, query, hasQuery: mark >= 0 }
}
