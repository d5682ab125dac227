import { encodeAuthorityCard, LIMITS, MEDIA_TYPES, type EpochChain } from '@strongroom/core/protocol'
import { parseTilePath, TILE_WIDTH, TlogError, type Tile } from '@strongroom/core/tlog'
import { checkWritable } from './deposit-routes.ts'
import { ProblemError, problemErrorOf } from './problem-error.ts'
import type { Answer, Call, Route } from './route.ts'
import { SCHEMAS } from './schemas.ts'
import type { ServiceLimits } from './served-authority.ts'

const TEXT = 'text/plain; charset=utf-8'
const BYTES = 'application/octet-stream'

/** A tile of full width never changes; of a partial one, the bytes under this name do not either. */
const FOREVER = { 'Cache-Control': 'public, max-age=31536000, immutable' }
const A_WHILE = { 'Cache-Control': 'public, max-age=3600' }

/** What anybody may read. */
export const PUBLIC_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/authority',
    auth: 'public',
    summary: 'The card of the authority: its epoch records and limits',
    answers: { [MEDIA_TYPES.json]: SCHEMAS.card },
    seconds: 10,
    handle: card,
  },
  {
    method: 'GET',
    path: '/checkpoint',
    auth: 'public',
    summary: 'The greatest checkpoint of the log: a signed note',
    answers: { [TEXT]: SCHEMAS.text },
    seconds: 10,
    handle: checkpoint,
  },
  {
    method: 'GET',
    path: '/tile/{tile}',
    auth: 'public',
    summary: 'A tile of the log, or a bundle of its entries: C2SP tlog-tiles',
    answers: { [BYTES]: SCHEMAS.bytes },
    seconds: 10,
    handle: tile,
  },
  {
    method: 'GET',
    path: '/healthz',
    auth: 'public',
    summary: 'Whether the process answers',
    answers: { [MEDIA_TYPES.json]: SCHEMAS.health },
    seconds: 5,
    handle: async () => OK,
  },
  {
    method: 'GET',
    path: '/readyz',
    auth: 'public',
    summary: 'Whether deposits are taken; else a problem says why not',
    answers: { [MEDIA_TYPES.json]: SCHEMAS.health },
    seconds: 5,
    handle: ready,
  },
]

const OK: Answer = { type: MEDIA_TYPES.json, body: '{"status":"ok"}' }

async function card({ desk: { authority, limits } }: Call): Promise<Answer> {
  const chain = await authority.epochs()
  const body = cards.get(chain) ?? cardOf(chain, limits)
  cards.set(chain, body)
  return { type: MEDIA_TYPES.json, body, fields: { 'Cache-Control': 'no-cache' } }
}

/** Cards may be long, and are the same until there is another epoch. */
const cards = new WeakMap<EpochChain, Uint8Array>()

function cardOf({ epochs }: EpochChain, { depositsPerRequest }: ServiceLimits): Uint8Array {
  return encodeAuthorityCard({
    epochs: epochs.map(({ envelope }) => envelope),
    limits: { depositBytes: LIMITS.depositBytes, depositsPerRequest },
  })
}

async function checkpoint({ desk }: Call): Promise<Answer> {
  const note = await desk.authority.log.checkpoint()
  if (!note) throw new ProblemError('not-found')
  return { type: TEXT, body: note, fields: { 'Cache-Control': 'no-cache' } }
}

async function tile({ desk, parameter }: Call): Promise<Answer> {
  const wanted = tileOf(`tile/${parameter}`)
  const bytes = wanted && (await desk.authority.log.tile(wanted))
  if (!bytes) throw new ProblemError('not-found')
  return { type: BYTES, body: bytes, fields: wanted.width === TILE_WIDTH ? FOREVER : A_WHILE }
}

function tileOf(path: string): Tile | undefined {
  try {
    return parseTilePath(path)
  } catch (error) {
    if (error instanceof TlogError) return undefined
    throw error
  }
}

async function ready({ desk }: Call): Promise<Answer> {
  checkWritable(desk)
  try {
    await desk.authority.store.head()
  } catch (error) {
    throw problemErrorOf(error)
  }
  return OK
}
