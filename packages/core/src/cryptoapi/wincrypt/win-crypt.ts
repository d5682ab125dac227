import { HashFunctions } from './hash-functions.ts'

/**
 * CryptoAPI 1.0 under its published names, for code that is ported from C.
 *
 * Handles are numbers, 0 is none. Every function answers whether it succeeded; `GetLastError` has the status of the
 * last failure. What C stores through a pointer is stored in a `Ref`; buffers are `Uint8Array`s, null where C passes
 * NULL, and lengths go by the published size protocol. New code uses `acquireContext`, on which this is written.
 *
 * Parameters, flags and failures are those of the published functions; `docs/cryptoapi.md` has the table for porting,
 * every function's codes, and where we differ.
 */
export class WinCrypt extends HashFunctions {}
