import type { AuthorityCard, ProblemCode, Receipt, StatementPage } from '../protocol/index.ts'
import type { Tile } from '../tlog/index.ts'

/**
 * What the state of a client needs of an authority: `AuthorityClient` has it. Answers are parsed and limited in size, and not
 * verified. Each call throws ClientError CLIENT_UNREACHABLE, CLIENT_PROBLEM or CLIENT_ANSWER.
 */
export interface AuthorityWire {
  /** Its epochs and limits. */
  readonly card: () => Promise<AuthorityCard>
  /** For each deposit its receipt or why there is none, in the order of the deposits. */
  readonly deposit: (blobs: readonly Uint8Array[]) => Promise<readonly (Receipt | ProblemCode)[]>
  /** What was logged about this client behind a leaf; from the first leaf on if none is given. */
  readonly statements: (after?: number) => Promise<StatementPage>
  /** The signed note. */
  readonly checkpoint: () => Promise<Uint8Array>
  /** A tile or bundle, or a wider one that begins with it. */
  readonly tile: (tile: Tile) => Promise<Uint8Array>
}
