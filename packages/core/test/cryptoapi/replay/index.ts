/** Replays recorded answers of a CryptoAPI provider: both formats are described in ../vectors/README.md. */
export type { Difference } from './compare.ts'
export type { JsonObject } from './fields.ts'
export { describe, replay } from './replay.ts'
export { keysFor } from './test-keys.ts'
export type { TestKeys } from './test-keys.ts'
export { KEYS_FORMAT, parseVectorFile, readJsonFile, VectorFileError } from './vector-file.ts'
export type { VectorFile } from './vector-file.ts'
