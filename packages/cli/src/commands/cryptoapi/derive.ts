import { toHex } from '@strongroom/core/bytes'
import { exportKeyBlob, type SessionKey, wincrypt } from '@strongroom/core/cryptoapi'
import { defineCommand } from '../../command.ts'
import { algorithmName } from '../../cryptoapi/algorithm-names.ts'
import {
  checkDerivation,
  DERIVATION_OPTIONS,
  hashName,
  keyFromOldPassword,
} from '../../cryptoapi/derived-keys.ts'
import { checkKeyOutput, KEY_OUTPUT_OPTIONS, writeKey } from '../../cryptoapi/key-output.ts'
import { oldPassword } from '../../cryptoapi/old-password.ts'
import { displayName } from '../../escape-text.ts'

/** `strongroom cryptoapi derive`. */
export const cryptoapiDerive = defineCommand({
  options: {
    ...DERIVATION_OPTIONS,
    hex: {
      flags: '--hex',
      kind: 'flag',
      description: 'write the bytes of the key in hex instead of a key blob',
    },
    ...KEY_OUTPUT_OPTIONS,
  },
  notes: [
    'What comes out is a PLAINTEXTKEYBLOB: the key in the clear, for programs that read one. Keys of DES have odd',
    'parity, as CryptoAPI gives it to them. Salt is no part of it: where a key of 40 bits has some, that is said.',
    '',
    'For reading what was encrypted long ago. There is no salt and there are no iterations: whoever has a text',
    'encrypted with such a key tries passwords as fast as the hash runs. Nothing new should be protected by it.',
  ],
  examples: [
    {
      line: 'strongroom cryptoapi derive --hash sha1 --algorithm 3des -o key.blob',
      purpose: 'asks for the password; the file is for you alone to read',
    },
    {
      line: 'strongroom cryptoapi derive --hex --show-secrets-unsafely --password-file old.txt',
      purpose: 'the bytes of the published sample’s key, on the screen',
    },
  ],
  run: async (context, _operands, values) => {
    checkDerivation(values)
    checkKeyOutput(context, values, { text: values.hex, secret: true })
    const key = keyFromOldPassword(values, await oldPassword(context, values, 'Old password'))
    try {
      const output = writeKey(context, values, { content: contentOf(key, values.hex), secret: true })
      const { algorithm, provider, row, salt } = key
      const bits = key.key.length * 8
      const facts = {
        algorithm: algorithmName(algorithm),
        bits,
        hash: hashName(values),
        provider: provider.id,
      }
      context.terminal.record({ output: output ?? null, ...facts, saltBytes: salt.length })
      if (output !== undefined) {
        context.terminal.done(displayName(output), `a key of ${bits} bits for ${row.name}, in the clear`)
      }
      if (salt.length > 0) context.terminal.note(saltNote(salt))
    } finally {
      key.wipe()
    }
  },
})

function contentOf(key: SessionKey, hex: boolean): string | Uint8Array {
  return hex ? `${toHex(key.key)}\n` : exportKeyBlob(key, wincrypt.PLAINTEXTKEYBLOB)
}

function saltNote({ length }: Uint8Array): string {
  return `CryptoAPI puts a salt of ${length} zero bytes behind a key of 40 bits, which is not in what was written`
}
