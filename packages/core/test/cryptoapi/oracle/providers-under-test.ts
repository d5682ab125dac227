import { CALLS } from '../replay/calls.ts'
import { ApiSession } from '../replay/api-session.ts'
import { Fields } from '../replay/fields.ts'
import { wincrypt } from '../../../src/cryptoapi/index.ts'
import type { Oracle } from './oracle-programs.ts'
import { argumentsOf, type Step } from './step.ts'
import { type Answer, DriverCrash, WineDriver } from './wine-driver.ts'

/** Something that answers calls: Wine's provider or ours. A crash is an answer too. */
export interface ProviderUnderTest {
  /** Forgets everything of the sequence before, and opens a context named `p`. */
  begin(provider: string): Promise<void>
  call(step: Step): Promise<Answer>
}

/** Wine keeps what calls leave behind until its process ends: after this many sequences it gets a new one. */
const SEQUENCES_PER_PROCESS = 400

const CONTEXTS = {
  base: { provider: 'base', type: wincrypt.PROV_RSA_FULL },
  strong: { provider: 'strong', type: wincrypt.PROV_RSA_FULL },
  enh: { provider: 'enh', type: wincrypt.PROV_RSA_FULL },
  aes: { provider: 'aes', type: wincrypt.PROV_RSA_AES },
} as const

/** Wine's provider, behind our driver program. */
export class WineProvider implements ProviderUnderTest {
  readonly #oracle: Oracle
  #driver: WineDriver
  #sequences = 0
  #containers = new Map<string, Step>()

  constructor(oracle: Oracle) {
    this.#oracle = oracle
    this.#driver = new WineDriver(oracle)
  }

  async begin(provider: keyof typeof CONTEXTS): Promise<void> {
    await this.#deleteContainers()
    if (++this.#sequences % SEQUENCES_PER_PROCESS === 0) await this.#restart()
    await this.#driver.reset()
    const context = { ...CONTEXTS[provider], flags: wincrypt.CRYPT_VERIFYCONTEXT, out: 'p' }
    const answer = await this.#driver.call('CryptAcquireContext', context)
    if (!answer.ok) throw new Error(`Wine gives no context of ${provider}: ${answer.err}`)
  }

  async call(step: Step): Promise<Answer> {
    if (step.fn === 'CryptAcquireContext' && step['container'] !== undefined) {
      this.#containers.set(`${step['container']} ${step['flags']}`, step)
    }
    try {
      return await this.#driver.call(step.fn, argumentsOf(step))
    } catch (error) {
      if (!(error instanceof DriverCrash)) throw error
      await this.#restart()
      return { ok: false, crashed: true }
    }
  }

  async close(): Promise<void> {
    await this.#deleteContainers()
    await this.#driver.close()
  }

  async #restart(): Promise<void> {
    await this.#driver.close()
    this.#driver = new WineDriver(this.#oracle)
  }

  /** What a sequence that was broken off left in Wine's registry. */
  async #deleteContainers(): Promise<void> {
    for (const step of this.#containers.values()) {
      const kept = Number(step['flags']) & wincrypt.CRYPT_MACHINE_KEYSET
      const deletion: Step = { ...step, flags: kept | wincrypt.CRYPT_DELETEKEYSET }
      await this.#driver.call('CryptAcquireContext', argumentsOf(deletion))
    }
    this.#containers.clear()
  }
}

/** Our provider: a new one, with an empty key store, for every sequence. */
export class OurProvider implements ProviderUnderTest {
  #session = new ApiSession(new Map())

  begin(provider: string): Promise<void> {
    this.#session = new ApiSession(new Map())
    this.#session.openContext('p', provider)
    return Promise.resolve()
  }

  call(step: Step): Promise<Answer> {
    return Promise.resolve(this.#answer(step))
  }

  #answer(step: Step): Answer {
    const call = CALLS[step.fn]
    if (call === undefined) throw new RangeError(`no function ${step.fn}`)
    try {
      const { ok, length, data, fault } = call(this.#session, new Fields(argumentsOf(step)))
      return {
        ok,
        ...(ok ? {} : { err: this.#session.api.GetLastError() }),
        ...(length === undefined ? {} : { len: length }),
        ...(data === undefined ? {} : { data: data.toHex() }),
        ...(fault === undefined ? {} : { fault }),
      }
    } catch (error) {
      return { ok: false, fault: `threw ${error instanceof Error ? error.stack : String(error)}` }
    }
  }
}
