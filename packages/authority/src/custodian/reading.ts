import { BytesError } from '@strongroom/core/bytes'
import { ContainerError } from '@strongroom/core/container'
import { ProtocolError } from '@strongroom/core/protocol'
import { CustodianError } from './custodian-error.ts'

/** Runs `read` on a file of the custodian's own. @throws CustodianError CUSTODIAN_STATE for what is not as it was written */
export function reading<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof ContainerError || cause instanceof ProtocolError || cause instanceof BytesError) {
      throw new CustodianError('CUSTODIAN_STATE', `${path}: ${cause.message}`, { cause })
    }
    throw cause
  }
}
