import { SQLITE } from '../support/databases.ts'
import { onDatabase } from '../support/suite.ts'
import { huntCanaries } from './canaries.ts'
import { SERVICE } from './service.ts'
import { TENANTS } from './tenants.ts'

onDatabase(SQLITE, {
  'invariants of the service': SERVICE,
  'invariants of tenants': TENANTS,
  canaries: {
    'I13: no session key is in any answer, log, metric, row, file or backup': async (scene) =>
      await huntCanaries(scene, () => undefined),
  },
})
