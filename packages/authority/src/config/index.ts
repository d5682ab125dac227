/** The settings of an authority: `authority.json` and the environment. docs/authority-configuration.md */
export { ConfigError } from './config-error.ts'
export type { ConfigErrorCode } from './config-error.ts'
export type {
  Address,
  Configuration,
  DatabaseSettings,
  LogLevel,
  TlsSettings,
} from './configuration.ts'
export { checkSettings, configurationOf, loadConfiguration } from './load-configuration.ts'
export type { Environment } from './load-configuration.ts'
export { SETTING_ROWS } from './setting-rows.ts'
export type { SettingRow } from './setting-rows.ts'
export { CONFIGURATION_FILE } from './settings.ts'
export type { Settings, SettingsFile } from './settings.ts'
