import { defineCommand } from '../../command.ts'
import { EXPORT_OPTIONS, exportPlan } from '../../cryptoapi/export-options.ts'
import { exportPair } from '../../cryptoapi/export-pair.ts'
import { exportSessionKey } from '../../cryptoapi/export-session-key.ts'

/** `strongroom cryptoapi export`. */
export const cryptoapiExport = defineCommand({
  options: EXPORT_OPTIONS,
  notes: [
    'A key pair comes out of your container, or with --key out of a key file, so that files can be converted without',
    'any container. It is written as public-blob or public-pem; or with its private part as pvk or pkcs8, under a',
    'password, or as private-blob or pkcs1, which know none.',
    '',
    'A session key comes out of a SIMPLEBLOB, opened with your container’s pairs or with --key, or out of a',
    'PLAINTEXTKEYBLOB. It is written as simple-blob for another public key, or as plaintext-blob or hex, in the clear.',
    'A SIMPLEBLOB does not say who made it: if there is a signature beside it, give that.',
  ],
  examples: [
    { line: 'strongroom cryptoapi export -o mykey.public', purpose: 'your exchange key as a PUBLICKEYBLOB' },
    {
      line: 'strongroom cryptoapi export --key old.pvk --to pkcs8 -o new.pem',
      purpose: 'asks for the old password, then for a new one',
    },
    {
      line: 'strongroom cryptoapi export --session-key a.blob --for bob.public -o b.blob',
      purpose: 'the same session key, for somebody else',
    },
    {
      line: 'strongroom cryptoapi export --session-key a --signature a.sig --signer b.pub --to hex -o a.hex',
      purpose: 'in the clear, and only if they signed it',
    },
  ],
  run: async (context, _operands, values) => {
    const plan = exportPlan(values)
    if (plan.of === 'pair') await exportPair(context, values, plan)
    else await exportSessionKey(context, values, plan)
  },
})
