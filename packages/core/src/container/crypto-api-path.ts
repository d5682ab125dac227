import { join } from 'node:path'

/** Where the CryptoAPI key containers of a container lie: beside it. */
export function cryptoApiPath(folder: string, name: string): string {
  return join(folder, `${name}.cryptoapi`)
}
