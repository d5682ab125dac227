import type { ProtocolErrorCode } from '@strongroom/core/protocol'
import type { Row } from './exit-codes.ts'

const OTHER_COPY = 'do not rely on this copy; fetch it again from where it came'
const ALARM = 'do not deposit anything; keep it as evidence, and ask the administrator of the authority'

/** What the errors of the authority's protocol mean for whoever typed a command: a part of the table in `exit-codes.ts`. */
export const PROTOCOL_ROWS = {
  PROTOCOL_FORMAT: [
    'unsupported',
    'not a message, statement, receipt or invitation of this protocol',
    'fetch it again from where it came, or paste the whole of it',
  ],
  PROTOCOL_LIMIT: ['unsupported', 'longer, or more of them, than the protocol allows', OTHER_COPY],
  PROTOCOL_SIGNATURE: ['notAuthentic', 'a signature of the protocol that is not valid', OTHER_COPY],
  PROTOCOL_BINDING: [
    'notAuthentic',
    'signed, but about or for something else than was asked for',
    'look whether you named the right file, client and authority',
  ],
  AUTHORITY_IDENTITY: [
    'unknownSigner',
    'another backup authority than the one that you trust',
    'compare the fingerprint with the administrator of the authority, by another way than this one',
  ],
  EPOCH_CHAIN: ['notAuthentic', 'epochs of a backup authority that do not follow from each other', ALARM],
  EPOCH_VALIDITY: [
    'superseded',
    'the backup authority has no epoch that is in use',
    'look at the clock of this computer; then ask the administrator of the authority for a new epoch',
  ],
  CHARTER_CHAIN: [
    'notAuthentic',
    'charters of a tenant that do not follow from each other, or that nobody could bring into force',
    ALARM,
  ],
  CHARTER_RULES: [
    'notAuthentic',
    'a charter that breaks the rules for charters or the terms of the authority',
    'write another one that keeps them',
  ],
  RECEIPT_PROOF: ['notAuthentic', 'a receipt that does not prove what it says', ALARM],
  REQUEST_WINDOW: [
    'unknownSigner',
    'a request signed in the future or too long ago',
    'set the clock of this computer',
  ],
  CONTENT_DIGEST: ['notAuthentic', 'a body that was changed on its way', 'run it again'],
} as const satisfies Record<ProtocolErrorCode, Row>
