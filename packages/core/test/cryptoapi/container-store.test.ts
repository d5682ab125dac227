import { MemoryContainerStore } from '../../src/cryptoapi/index.ts'
import { containerStoreSuite } from './container-store-suite.ts'

containerStoreSuite('MemoryContainerStore', (work) => {
  const store = new MemoryContainerStore()
  return work({ store, reopen: () => store })
})
