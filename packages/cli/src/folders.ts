import { isAbsolute, join } from 'node:path'

/** The variables of the environment, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Where the command keeps what it must remember. Nothing is created by looking. */
export interface Folders {
  /** `config.json`: the default container, recipients and backup authority. */
  readonly configFile: string
  /** Whose seals are accepted, one per line. */
  readonly knownSigners: string
  /** Names for recipients, one per line. */
  readonly knownRecipients: string
  readonly containers: string
  readonly sessionKeys: string
  /** What is kept about each backup authority: a folder each. */
  readonly authorities: string
  /** Recoveries that were begun: a folder each. */
  readonly recoveries: string
  /** The newest version seen of each sealed file. */
  readonly ledger: string
}

/**
 * `STRONGROOM_HOME` holds everything when it is set; otherwise the folders of the XDG base directory
 * specification 0.8, in which a relative path counts as not set, or of Windows.
 */
export function foldersOf(environment: Environment, home: string, platform: string): Folders {
  const own = environment['STRONGROOM_HOME']
  const { config, data } = own ? { config: own, data: own } : roots(environment, home, platform)
  return {
    configFile: join(config, 'config.json'),
    knownSigners: join(config, 'known_signers'),
    knownRecipients: join(config, 'known_recipients'),
    containers: join(data, 'containers'),
    sessionKeys: join(data, 'session-keys'),
    authorities: join(data, 'authorities'),
    recoveries: join(data, 'recoveries'),
    ledger: join(data, 'ledger'),
  }
}

function roots(environment: Environment, home: string, platform: string): { config: string; data: string } {
  const root = (variable: string, ...otherwise: string[]): string => {
    const value = environment[variable]
    return join(value && isAbsolute(value) ? value : join(home, ...otherwise), 'strongroom')
  }
  return platform === 'win32'
    ? { config: root('APPDATA', 'AppData', 'Roaming'), data: root('LOCALAPPDATA', 'AppData', 'Local') }
    : { config: root('XDG_CONFIG_HOME', '.config'), data: root('XDG_DATA_HOME', '.local', 'share') }
}
