/** What can be wrong with a configuration. */
export type ConfigErrorCode = 'CONFIG_FORMAT' | 'CONFIG_NOT_FOUND'

/** What a `ConfigError` may carry besides its code. */
export interface ConfigErrorOptions extends ErrorOptions {
  /** The member that is wrong, as in `limits.connections`; of a variable, that of the setting that it is for. */
  readonly path?: string
  readonly hint?: string
}

/**
 * The one error of this layer.
 *
 * - `CONFIG_FORMAT`: the file or a variable has something that is no setting, or a value that a setting cannot have.
 * - `CONFIG_NOT_FOUND`: there is no such file.
 *
 * No message quotes a value: the address of a database has a password in it.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code: ConfigErrorCode
  readonly path: string | undefined
  readonly hint: string | undefined

  constructor(code: ConfigErrorCode, message: string, { path, hint, ...options }: ConfigErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.path = path
    this.hint = hint
  }
}
