import { CryptoApiStore, createContainer } from '../../src/container/index.ts'
import { containerStoreSuite } from '../cryptoapi/container-store-suite.ts'
import { NOW, inFolder } from './fixtures.ts'

const OWNER = createContainer({ name: 'owner', now: NOW })

containerStoreSuite('CryptoApiStore', (work) =>
  inFolder((folder) => {
    const reopen = () => new CryptoApiStore(folder, OWNER)
    return work({ store: reopen(), reopen })
  }),
)
