/** What can go wrong when an authority is set up or looked after. */
export type SetupErrorCode =
  | 'SETUP_EXISTS'
  | 'SETUP_BUSY'
  | 'SETUP_LISTEN'
  | 'SETUP_IDENTITY'
  | 'SETUP_CUSTODIAN'
  | 'SETUP_EPOCH'
  | 'SETUP_TERMS'
  | 'SETUP_CHARTER'
  | 'SETUP_COURIER'
  | 'SETUP_NAME'
  | 'SETUP_TENANT'
  | 'SETUP_CLIENT'
  | 'SETUP_CONTACT'
  | 'SETUP_NOT_EMPTY'
  | 'SETUP_BEHIND'
  | 'SETUP_FINDINGS'
  | 'BACKUP_FORMAT'
  | 'BACKUP_CONTENT'

/**
 * The error of the operator's acts; those of the layers below pass through it.
 *
 * - `SETUP_EXISTS`: something lies where the authority, or one of its files, is to be made.
 * - `SETUP_BUSY`: a process of this authority runs in the same folder.
 * - `SETUP_LISTEN`: the service cannot listen where it is to.
 * - `SETUP_IDENTITY`: a container that does not hold the identity key of this authority.
 * - `SETUP_CUSTODIAN`: a card without the keys that a custodian must have.
 * - `SETUP_EPOCH`: an epoch that leaves a gap, or does not follow from the one before; nothing was signed or appended.
 * - `SETUP_TERMS`: a policy that is no terms document; nothing was signed or appended.
 * - `SETUP_CHARTER`: a charter that breaks the rules or the terms, or does not follow from the one before; nothing was appended.
 * - `SETUP_COURIER`: what was carried from the custodian, or is to be carried there, is not what the log asks for.
 * - `SETUP_NAME`: a name that a tenant or an invitation cannot have.
 * - `SETUP_TENANT`: no tenant of that name, or one already.
 * - `SETUP_CLIENT`: no client of that id.
 * - `SETUP_CONTACT`: no mail address, or nobody who is told there.
 * - `SETUP_NOT_EMPTY`: a restore into a database that has something in it.
 * - `SETUP_BEHIND`: the database does not have what this node has signed.
 * - `SETUP_FINDINGS`: a check found differences.
 * - `BACKUP_FORMAT`: no backup, cut short, or changed after it was made.
 * - `BACKUP_CONTENT`: a backup, or a database to be backed up, whose statements are not those of its checkpoint, not validly signed, or
 *   of another authority.
 */
export class SetupError extends Error {
  override readonly name = 'SetupError'
  readonly code: SetupErrorCode

  constructor(code: SetupErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
