import { ContainerError, generateKeyPair, type KeyContainer, type KeyInfo } from '@strongroom/core/container'

/**
 * Gives a custodian's container a new exchange pair. The one before is retired: it opens what was made for it, and nothing new is made.
 *
 * @param now milliseconds since 1970
 */
export function rotateKeys(container: KeyContainer, now: number): KeyInfo {
  const pair = generateKeyPair('mlkem768x25519')
  return container.addKey(pair, { state: 'active', now: new Date(now) })
}

/**
 * Takes the exchange pairs of another custodian into a container, RSA pairs too, as retired ones. Its signature key stays where it is.
 *
 * @param now milliseconds since 1970
 * @returns those that were not there
 */
export function takeOverKeys(own: KeyContainer, other: KeyContainer, now: number): KeyInfo[] {
  const exchange = other.pairs().filter(({ info }) => info.use === 'exchange')
  return exchange.flatMap(({ pair }) => {
    try {
      return [own.addKey(pair, { use: 'exchange', state: 'retired', now: new Date(now) })]
    } catch (error) {
      if (error instanceof ContainerError && error.code === 'CONTAINER_EXISTS') return []
      throw error
    }
  })
}
