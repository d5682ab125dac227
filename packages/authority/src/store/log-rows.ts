import type { Kysely } from 'kysely'
import {
  edgeTiles,
  TILE_WIDTH,
  type HashTile,
  type TileBytes,
  type TileReader,
  type TreeHead,
} from '@strongroom/core/tlog'
import { judgeStanding } from '../model/log-standing.ts'
import type { LogEdge, LogGrowth } from '../model/tree-growth.ts'
import { BUNDLE_LEVEL, ONLY_ROW, type Schema } from './schema.ts'
import { StoreError } from './store-error.ts'
import type { KeptCheckpoint } from './store.ts'

/** How many leaves there are, and their root. @param lock keeps others from appending until the transaction ends */
export async function readHead(db: Kysely<Schema>, lock = false): Promise<TreeHead> {
  const query = db.selectFrom('log_state').select(['size', 'root']).where('id', '=', ONLY_ROW)
  const row = await (lock ? query.forUpdate() : query).executeTakeFirst()
  if (!row) throw new StoreError('STORE_SCHEMA', 'the database is not set up')
  return row
}

/** A tile as wide as it is; undefined if there is none. */
export async function readTile(
  db: Kysely<Schema>,
  level: number | 'entries',
  position: number,
): Promise<Uint8Array | undefined> {
  const row = await db
    .selectFrom('log_tile')
    .select('bytes')
    .where('level', '=', level === 'entries' ? BUNDLE_LEVEL : level)
    .where('position', '=', position)
    .executeTakeFirst()
  return row?.bytes
}

/** Reads tiles for proofs. @returns no bytes for a tile that is not there: no proof can be made of those */
export function tileReader(db: Kysely<Schema>): TileReader {
  return async ({ level, index }: HashTile) => (await readTile(db, level, index)) ?? new Uint8Array(0)
}

/** All that an append needs of the log. */
export async function readEdge(db: Kysely<Schema>, head: TreeHead): Promise<LogEdge> {
  const tiles = edgeTiles(head.size)
  const bundle = { level: BUNDLE_LEVEL, index: Math.floor(head.size / TILE_WIDTH) }
  const rows = await db
    .selectFrom('log_tile')
    .select(['level', 'bytes'])
    .where((it) => it.or([bundle, ...tiles].map(({ level, index }) => it.and({ level, position: index }))))
    .execute()
  const bytesOf = (level: number) => rows.find((row) => row.level === level)?.bytes ?? new Uint8Array(0)
  return {
    ...head,
    tiles: tiles.map((tile): TileBytes => ({ tile, bytes: bytesOf(tile.level) })),
    bundle: bytesOf(BUNDLE_LEVEL),
  }
}

/** Writes what an append leads to. */
export async function writeGrowth(db: Kysely<Schema>, { head, tiles, bundles }: LogGrowth): Promise<void> {
  const rows = [
    ...tiles.map(({ tile, bytes }) => ({ level: tile.level, position: tile.index, bytes })),
    ...bundles.map(({ index, bytes }) => ({ level: BUNDLE_LEVEL, position: index, bytes })),
  ]
  await db
    .insertInto('log_tile')
    .values(rows)
    .onConflict((it) =>
      it.columns(['level', 'position']).doUpdateSet((row) => ({ bytes: row.ref('excluded.bytes') })),
    )
    .execute()
  await db
    .updateTable('log_state')
    .set({ size: head.size, root: head.root })
    .where('id', '=', ONLY_ROW)
    .execute()
}

/** @throws StoreError STORE_BEHIND unless the log is, or begins with, a tree that was signed */
export async function checkStanding(db: Kysely<Schema>, found: TreeHead, signed: TreeHead): Promise<void> {
  const standing = await judgeStanding(found, signed, tileReader(db))
  if (standing === 'same' || standing === 'ahead') return
  const what = standing === 'behind' ? `has ${found.size} leaves` : `has ${found.size} leaves, but others`
  throw new StoreError('STORE_BEHIND', `this node has signed ${signed.size} leaves; the database ${what}`, {
    sizes: { signed: signed.size, found: found.size },
  })
}

/** The greatest checkpoint that was kept. */
export async function readCheckpoint(db: Kysely<Schema>): Promise<KeptCheckpoint | undefined> {
  return db.selectFrom('checkpoint').select(['size', 'note']).where('id', '=', ONLY_ROW).executeTakeFirst()
}

/** Keeps a checkpoint unless the one that is there is greater. */
export async function writeCheckpoint(db: Kysely<Schema>, { size, note }: KeptCheckpoint): Promise<void> {
  await db
    .insertInto('checkpoint')
    .values({ id: ONLY_ROW, size, note })
    .onConflict((it) => it.column('id').doUpdateSet({ size, note }).where('checkpoint.size', '<=', size))
    .execute()
}

/** Says whose log it is, if it is nobody's yet. @throws StoreError STORE_ORIGIN */
export async function claimLog(db: Kysely<Schema>, origin: string): Promise<void> {
  await db
    .updateTable('log_state')
    .set({ origin })
    .where('id', '=', ONLY_ROW)
    .where('origin', 'is', null)
    .execute()
  const row = await db.selectFrom('log_state').select('origin').where('id', '=', ONLY_ROW).executeTakeFirst()
  if (row?.origin !== origin) throw new StoreError('STORE_ORIGIN', 'the database is that of another log')
}
