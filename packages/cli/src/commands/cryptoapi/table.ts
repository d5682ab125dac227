import type { CommandRow } from '../table.ts'

/** The commands for keys and files of Microsoft's CryptoAPI, in the order in which help lists them. */
export const CRYPTOAPI_COMMANDS: readonly CommandRow[] = [
  {
    name: 'inspect',
    purpose: 'explain key blobs and old files, field by field',
    load: async () => (await import('./inspect.ts')).cryptoapiInspect,
  },
]
