import { type KeyContainer } from '@strongroom/core/container'
import { rsaKeyToCryptoApi } from '@strongroom/core/container/crypto-api'
import { CryptoApiError, type PairUse, type RsaKey } from '@strongroom/core/cryptoapi'
import { usage } from '../cli-error.ts'

/**
 * One RSA pair of a container: the one of that fingerprint, otherwise the active one, otherwise the only one. The
 * caller wipes it.
 *
 * @param id a fingerprint or its start, with or without `SHA256:`
 * @throws CryptoApiError NTE_NO_KEY; CliError USAGE if there are several and none is named
 */
export function containerPair(container: KeyContainer, use: PairUse, id: string | undefined): RsaKey {
  const all = container
    .pairs()
    .filter(({ info, pair }) => info.use === use && pair.kind === 'rsa' && isNamed(info.id, id))
  const active = all.filter(({ info }) => info.state === 'active')
  const [chosen, ...others] = id === undefined && active.length > 0 ? active : all
  if (chosen?.pair.kind !== 'rsa') {
    const which = id === undefined ? '' : ` of that fingerprint`
    throw new CryptoApiError('NTE_NO_KEY', `the container ${container.name} has no RSA ${use} pair${which}`)
  }
  if (others.length === 0) return rsaKeyToCryptoApi(chosen.pair.pkcs8, use, { exportable: true })
  const ids = all.map(({ info }) => info.id).join(', ')
  throw usage(
    `the container ${container.name} has several RSA ${use} pairs`,
    `choose one with --key-id: ${ids}`,
  )
}

function isNamed(id: string, wanted: string | undefined): boolean {
  return wanted === undefined || id.startsWith(wanted) || id.startsWith(`SHA256:${wanted}`)
}
