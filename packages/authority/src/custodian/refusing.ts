import { ProtocolError } from '@strongroom/core/protocol'
import { TlogError } from '@strongroom/core/tlog'
import { CustodianError, type BundleRefusal } from './custodian-error.ts'

/** Runs a check of the layers below; what they refuse becomes the refusal that it is here. */
export function refusing<T>(code: BundleRefusal, check: () => T): T {
  try {
    return check()
  } catch (cause) {
    if (cause instanceof ProtocolError && cause.code === 'AUTHORITY_IDENTITY') {
      throw new CustodianError('BUNDLE_IDENTITY', cause.message, { cause })
    }
    if (cause instanceof TlogError && cause.code === 'TLOG_UNWITNESSED') {
      throw new CustodianError('BUNDLE_UNWITNESSED', cause.message, { cause })
    }
    if (cause instanceof ProtocolError || cause instanceof TlogError) {
      throw new CustodianError(code, cause.message, { cause })
    }
    throw cause
  }
}
