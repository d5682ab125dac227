/** What can go wrong with a key container, with the keys in it and with the files beside it. */
export type ContainerErrorCode =
  | 'CONTAINER_FORMAT'
  | 'CONTAINER_LOCKED'
  | 'CONTAINER_KEY'
  | 'CONTAINER_NAME'
  | 'CONTAINER_NOT_FOUND'
  | 'CONTAINER_EXISTS'
  | 'CONTAINER_PERMISSIONS'
  | 'CONTAINER_SECRET'

/**
 * The one error of this layer.
 *
 * - `CONTAINER_FORMAT`: a public text (container, card, list of signers, PEM) is not what it should be;
 *   the message says where.
 * - `CONTAINER_LOCKED`: the container did not open. A wrong passphrase, a damaged private part and an
 *   exchanged public part are one case with one text: which of them it was depends on the secret.
 * - `CONTAINER_KEY`: a key does not fit: unknown kind, wrong length, none for the asked use, used after
 *   `wipe`.
 * - `CONTAINER_NAME`: not a container's name or an alias.
 * - `CONTAINER_NOT_FOUND`, `CONTAINER_EXISTS`: the file or the entry is not there, or already is.
 * - `CONTAINER_PERMISSIONS`: the file may be read or written by others, or is not a regular file.
 * - `CONTAINER_SECRET`: a passphrase is needed and was not given, was given where none is used, is
 *   empty, or the secret store does not have it.
 */
export class ContainerError extends Error {
  override readonly name = 'ContainerError'
  readonly code: ContainerErrorCode

  constructor(code: ContainerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
