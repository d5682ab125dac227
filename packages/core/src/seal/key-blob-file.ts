import { toBase64, concat, utf8Encode } from '../bytes/index.ts'
import { reporting } from './failure.ts'
import { openSealedInput } from './sealed-input.ts'

/**
 * A file's key blob: its header as it stands, to be kept apart from the file.
 *
 * @throws SealError NOT_AGE, HEADER, UNSUPPORTED, IO
 */
export async function exportKeyBlob(path: string): Promise<Uint8Array> {
  return reporting(path, async () => {
    const file = await openSealedInput({ path })
    file.close()
    const { header } = file
    // C2SP age.md, "Header": the MAC's line ends the header.
    return concat(header.macInput, utf8Encode(` ${toBase64(header.mac)}\n`))
  })
}
