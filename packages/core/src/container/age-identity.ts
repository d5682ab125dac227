import type { KeyContainer } from './key-container.ts'
import type { Profile } from './signature.ts'
import { KEY_KINDS } from './key-pair.ts'

/**
 * The exchange keys as an identity file of age: what stock tools need to open what was sealed to this
 * container. The text is secret, and protected by nothing.
 *
 * @param profile only the keys of that profile: age before 1.3 refuses a file with a post-quantum key
 */
export function exportAgeIdentity(container: KeyContainer, profile?: Profile): string {
  const wanted = container
    .pairs()
    .filter(({ pair }) => profile === undefined || KEY_KINDS[pair.algorithm].profile === profile)
  const blocks = wanted.flatMap(({ info, pair }) =>
    pair.kind === 'exchange'
      ? [`# created: ${info.created}`, `# ${info.state} public key: ${info.public}`, pair.secretText()]
      : [],
  )
  return [`# strongroom container ${container.name}`, ...blocks, ''].join('\n')
}
