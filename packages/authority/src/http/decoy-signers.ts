import { SIGNATURE_SUITES, SigningKey, suiteByName, type SuiteName } from '@strongroom/core/container'

/** Keys that nobody has, by the length of the signatures of their suite. */
const decoys = new Map(
  (Object.keys(SIGNATURE_SUITES) as SuiteName[]).map((suite) => {
    const pair = SigningKey.generate(suite)
    const signer = pair.signer.toString()
    pair.wipe()
    return [SIGNATURE_SUITES[suite].signatureLength, signer] as const
  }),
)

const [[, anyDecoy] = [0, '']] = decoys

/**
 * A key that nobody signed with, whose signatures have that length: to find that a signature is not valid takes as long for a client
 * that does not exist as for one that does.
 */
export function decoySigner(signatureLength: number): string {
  return decoys.get(signatureLength) ?? anyDecoy
}

/** The client's key if its signatures have that length, and else a decoy. */
export function verifyingSigner(
  client: { readonly signer: string } | undefined,
  signatureLength: number,
): string {
  const [suite = ''] = client?.signer.split(' ', 1) ?? []
  if (client && suiteByName(suite)?.signatureLength === signatureLength) return client.signer
  return decoySigner(signatureLength)
}
