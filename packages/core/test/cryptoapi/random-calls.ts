import { type HmacInfo, type WinCrypt, wincrypt } from '../../src/cryptoapi/index.ts'

/** What came of a call. */
export interface Outcome {
  readonly ok: unknown
  /** What the call would have stored: undefined if it has no such argument. */
  readonly out?: { readonly before: number; readonly after: number } | undefined
  /** A buffer with room behind what the call was told of, and how long it said it was. */
  readonly buffer?: Buffered | undefined
}

interface Buffered {
  readonly given: Uint8Array
  readonly before: Uint8Array
  readonly told: number
  readonly answered: number
}

const values = (prefix: string): number[] =>
  Object.entries(wincrypt).flatMap(([name, value]) =>
    name.startsWith(prefix) && typeof value === 'number' ? [value] : [],
  )
const ALGORITHMS = values('CALG_')
const HASHES = ALGORITHMS.filter((id) => id >> 13 === 4)
const CIPHERS = ALGORITHMS.filter((id) => id >> 13 === 3)
const PAIRS = [1, 2, wincrypt.CALG_RSA_KEYX, wincrypt.CALG_RSA_SIGN]
const ODD_ALGORITHMS = [...ALGORITHMS, 0, 3, 0x660d]
const BLOB_TYPES = [1, 6, 7, 8]
const ODD_BLOB_TYPES = [0, 9, 10, 11, 12, 13]
const KEY_PARAMETERS = values('KP_')
const HASH_PARAMETERS = values('HP_')
const PROVIDER_PARAMETERS = values('PP_')
const ODD_FLAGS = [1, 2, 4, 8, 0x10, 0x20, 0x40, 0x41, 0x80, 0x100, 0x400, 0x4000, 0x8000]
/** No size of a key pair above 512 bits: making one takes long. */
const SIZES = [0, 0, 0, 40, 56, 64, 112, 128, 168, 192, 256]
const ODD_SIZES = [1, 7, 384, 512, 16_392, 0xffff]
const PAIR_SIZES = [384, 392, 512]
const ODD_PAIR_SIZES = [40, 385, 16_392]
const NAMES = [null, 'a', 'b']
const ODD_NAMES = ['', '../c', 'é', '\u0141', 'n'.repeat(260), 'n'.repeat(261)]
const ACQUIRE = [0, 8, 8, 0x10, 0x20, 0x28, 0xf0000000, 0xf0000000]
const ODD_ACQUIRE = [0x18, 0x40, 0xf0000008, 0xf0000040, 0x80000000, 1]
const TYPES = [1, 24]
const ODD_TYPES = [0, 2, 999, 1000, -1]
const PROVIDERS = [
  wincrypt.MS_DEF_PROV,
  wincrypt.MS_STRONG_PROV,
  wincrypt.MS_ENHANCED_PROV,
  wincrypt.MS_ENH_RSA_AES_PROV,
]
const JUNK = [0, 0x0badc0de]
/** One in so many arguments is a wrong one. */
const ODDITY = 10
/** Behind every buffer, to see that nothing is written there. */
const CANARY = 0xc5
const MARGIN = 8

/** A caller who knows the functions, and draws their arguments from what it has. */
export class RandomCaller {
  readonly api: WinCrypt
  readonly #contexts: number[] = []
  readonly #keys: number[] = []
  readonly #hashes: number[] = []
  readonly #bytes: Uint8Array[] = [new Uint8Array(0), Uint8Array.of(1, 0, 0, 0), new Uint8Array(64).fill(3)]
  readonly #blobs: Uint8Array[]
  #state = 0

  /** @param blobs key blobs to begin with */
  constructor(api: WinCrypt, blobs: readonly Uint8Array[]) {
    this.api = api
    this.#blobs = [...blobs]
    const [prov, made] = [{ value: 0 }, { value: 0 }]
    for (const name of PROVIDERS) {
      const type = name === wincrypt.MS_ENH_RSA_AES_PROV ? 24 : 1
      api.CryptAcquireContext(prov, null, name, type, wincrypt.CRYPT_VERIFYCONTEXT)
      this.#contexts.push(prov.value)
    }
    for (const blob of blobs)
      if (api.CryptImportKey(prov.value, blob, blob.length, 0, 1, made)) this.#keys.push(made.value)
  }

  /** Makes the call that the number stands for, among all functions. */
  make(seed: number): Outcome & { readonly fn: string } {
    this.#state = seed
    const [fn, call] = this.pick(Object.entries(CALLS))
    return { fn, ...call(this) }
  }

  pick<T>(pool: readonly T[]): T {
    const picked = pool[this.#random() % pool.length]
    // Pools are never empty; what is undefined in one is meant.
    return picked as T
  }

  /** Mostly one of the first. */
  mostly<T>(usual: readonly T[], odd: readonly T[]): T {
    return this.pick(usual.length > 0 && this.#random() % ODDITY > 0 ? usual : odd)
  }

  // The newest more often than the others, so that calls belong together.
  context = (): number => this.mostly(this.#contexts.slice(-4), [...JUNK, ...this.#contexts])
  key = (): number => this.mostly(this.#keys.slice(-4), [...JUNK, ...this.#keys, ...this.#hashes])
  hash = (): number => this.mostly(this.#hashes.slice(-3), [...JUNK, ...this.#hashes, ...this.#keys])
  keyOrNone = (): number => this.pick([0, this.key()])
  hashOrNone = (): number => this.pick([0, 0, 0, this.hash()])
  bytes = (): Uint8Array => this.pick(this.#bytes).slice()
  blob = (): Uint8Array => this.mostly(this.#blobs.slice(-6), [...this.#blobs, ...this.#bytes]).slice()
  flags = (...usual: readonly number[]): number => this.mostly([0, ...usual], ODD_FLAGS)
  bool = (): boolean => this.pick([true, false])

  newKeyFlags(pair: boolean): number {
    const size = pair ? this.mostly(PAIR_SIZES, ODD_PAIR_SIZES) : this.mostly(SIZES, ODD_SIZES)
    return (size << 16) | this.flags(1, 1)
  }

  /** A length for so many bytes. */
  length(bytes: number): number {
    return this.mostly([bytes], [0, 1, bytes - 1, bytes + 1, -1, 0xffffffff])
  }

  makes(kind: 'context' | 'key' | 'hash', call: (out: { value: number }) => boolean): Outcome {
    const before = -7
    const out = { value: before }
    const ok = call(out)
    const handles = { context: this.#contexts, key: this.#keys, hash: this.#hashes }[kind]
    if (ok && out.value !== before) handles.push(out.value)
    return { ok, out: { before, after: out.value } }
  }

  /** Calls with a buffer of some size that holds `input`, or with none. */
  fills(
    call: (buffer: Uint8Array | null, length: { value: number }, room: number) => boolean,
    input?: Uint8Array,
  ): Outcome {
    const size = this.mostly([600], [0, 1, 4, 8, 20, 21, 32, 64, 128])
    const room = Math.max(size, input?.length ?? 0)
    const length = { value: input === undefined ? room : this.length(input.length) }
    if (this.pick([0, 1, 2, 3, 4, 5]) === 0) return { ok: call(null, length, room) }
    const whole = new Uint8Array(room + MARGIN).fill(CANARY)
    whole.set(input ?? [])
    const before = whole.slice()
    const told = length.value
    // Only calls that take data get more room than they are told of.
    const ok = call(whole.subarray(0, room), length, room)
    if (ok && length.value <= room) this.keep(whole.slice(0, Math.max(0, length.value)))
    return { ok, buffer: { given: whole, before, told, answered: length.value } }
  }

  /** What looks like a key blob is imported later, the rest is data. */
  keep(bytes: Uint8Array): void {
    const blob = bytes.length > 12 && bytes[1] === 2 && BLOB_TYPES.includes(bytes[0] ?? 0)
    if (bytes.length > 0) (blob ? this.#blobs : this.#bytes).push(bytes)
  }

  /** The next number of mulberry32: any will do that is the same for the same seed. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

type Call = (caller: RandomCaller) => Outcome

const plain =
  (call: (caller: RandomCaller) => boolean): Call =>
  (caller) => ({ ok: call(caller) })

/** Every function of the façade, called with whatever comes. */
export const CALLS: Readonly<Record<string, Call>> = {
  CryptAcquireContext: (c) =>
    c.makes('context', (out) =>
      c.api.CryptAcquireContext(
        out,
        c.mostly(NAMES, ODD_NAMES),
        c.mostly([null, ...PROVIDERS], ['', 'no provider']),
        c.mostly(TYPES, ODD_TYPES),
        c.mostly(ACQUIRE, ODD_ACQUIRE),
      ),
    ),
  CryptContextAddRef: plain((c) => c.api.CryptContextAddRef(c.context(), null, c.flags())),
  // Everything would soon be gone if contexts were released as often as other things are done.
  CryptReleaseContext: plain(
    (c) => c.pick([0, 1, 2, 3]) > 0 || c.api.CryptReleaseContext(c.context(), c.flags()),
  ),
  CryptGetProvParam: (c) =>
    c.fills((buffer, length) =>
      c.api.CryptGetProvParam(
        c.context(),
        c.mostly(PROVIDER_PARAMETERS, [0, 99]),
        buffer,
        length,
        c.flags(1, 2),
      ),
    ),
  CryptSetProvParam: plain((c) =>
    c.api.CryptSetProvParam(c.context(), c.pick(PROVIDER_PARAMETERS), c.bytes(), c.flags()),
  ),
  CryptSetProvider: plain((c) =>
    c.api.CryptSetProvider(c.mostly(PROVIDERS, ['', 'no provider']), c.mostly(TYPES, ODD_TYPES)),
  ),
  CryptSetProviderEx: plain((c) =>
    c.api.CryptSetProviderEx(
      c.mostly(PROVIDERS, [null, '', 'no provider']),
      c.mostly(TYPES, ODD_TYPES),
      null,
      c.flags(1, 2, 4),
    ),
  ),
  CryptGetDefaultProvider: (c) =>
    c.fills((buffer, length) =>
      c.api.CryptGetDefaultProvider(c.mostly(TYPES, ODD_TYPES), null, c.flags(1, 2), buffer, length),
    ),
  CryptEnumProviders: (c) =>
    c.fills((buffer, length) =>
      c.api.CryptEnumProviders(c.pick([0, 1, 3, 4, -1]), null, c.flags(), { value: 0 }, buffer, length),
    ),
  CryptEnumProviderTypes: (c) =>
    c.fills((buffer, length) =>
      c.api.CryptEnumProviderTypes(c.pick([0, 1, 2, -1]), null, c.flags(), { value: 0 }, buffer, length),
    ),
  CryptGenRandom: plain((c) => {
    const bytes = c.bytes()
    return c.api.CryptGenRandom(c.context(), c.length(bytes.length), bytes)
  }),
  CryptGenKey: (c) => {
    const pair = c.pick([0, 1, 2, 3]) === 0
    const algorithm = pair ? c.pick(PAIRS) : c.mostly(CIPHERS, ODD_ALGORITHMS)
    const flags = c.newKeyFlags(PAIRS.includes(algorithm))
    return c.makes('key', (out) => c.api.CryptGenKey(c.context(), algorithm, flags, out))
  },
  CryptDeriveKey: (c) =>
    c.makes('key', (out) =>
      c.api.CryptDeriveKey(
        c.context(),
        c.mostly(CIPHERS, ODD_ALGORITHMS),
        c.hash(),
        c.newKeyFlags(false),
        out,
      ),
    ),
  CryptImportKey: (c) => {
    const blob = c.blob()
    return c.makes('key', (out) =>
      c.api.CryptImportKey(
        c.context(),
        blob,
        c.length(blob.length),
        c.keyOrNone(),
        c.flags(1, 1, 0x100),
        out,
      ),
    )
  },
  CryptExportKey: (c) =>
    c.fills((buffer, length) =>
      c.api.CryptExportKey(
        c.key(),
        c.keyOrNone(),
        c.mostly(BLOB_TYPES, ODD_BLOB_TYPES),
        c.flags(0x40),
        buffer,
        length,
      ),
    ),
  CryptGetUserKey: (c) =>
    c.makes('key', (out) => c.api.CryptGetUserKey(c.context(), c.mostly([1, 2], [0, 3]), out)),
  CryptDuplicateKey: (c) => c.makes('key', (out) => c.api.CryptDuplicateKey(c.key(), null, c.flags(), out)),
  CryptDestroyKey: plain((c) => c.api.CryptDestroyKey(c.key())),
  CryptGetKeyParam: (c) =>
    c.fills((buffer, length) =>
      c.api.CryptGetKeyParam(c.key(), c.mostly(KEY_PARAMETERS, [0, 99]), buffer, length, c.flags()),
    ),
  CryptSetKeyParam: plain((c) =>
    c.api.CryptSetKeyParam(
      c.key(),
      c.mostly(KEY_PARAMETERS, [0, 99]),
      c.pick([c.bytes(), Uint8Array.of(c.pick([1, 2, 3, 4, 40, 128]), 0, 0, 0), null]),
      c.flags(),
    ),
  ),
  CryptEncrypt: (c) => {
    const [key, hash, final, flags] = [c.key(), c.hashOrNone(), c.bool(), c.flags(0, 0x40)]
    return c.fills(
      (buffer, length, room) => c.api.CryptEncrypt(key, hash, final, flags, buffer, length, room),
      c.bytes(),
    )
  },
  CryptDecrypt: (c) => {
    const data = c.bytes()
    const length = { value: c.length(data.length) }
    const [before, told] = [data.slice(), length.value]
    const ok = c.api.CryptDecrypt(c.key(), c.hashOrNone(), c.bool(), c.flags(0, 0x40), data, length)
    return { ok, buffer: { given: data, before, told, answered: length.value } }
  },
  CryptCreateHash: (c) =>
    c.makes('hash', (out) =>
      c.api.CryptCreateHash(c.context(), c.mostly(HASHES, ODD_ALGORITHMS), c.keyOrNone(), c.flags(), out),
    ),
  CryptHashData: plain((c) => {
    const data = c.bytes()
    return c.api.CryptHashData(c.hash(), data, c.length(data.length), c.flags(1))
  }),
  CryptHashSessionKey: plain((c) => c.api.CryptHashSessionKey(c.hash(), c.key(), c.flags(1))),
  CryptDuplicateHash: (c) =>
    c.makes('hash', (out) => c.api.CryptDuplicateHash(c.hash(), null, c.flags(), out)),
  CryptDestroyHash: plain((c) => c.api.CryptDestroyHash(c.hash())),
  CryptGetHashParam: (c) =>
    c.fills((buffer, length) =>
      c.api.CryptGetHashParam(c.hash(), c.mostly(HASH_PARAMETERS, [0, 99]), buffer, length, c.flags()),
    ),
  CryptSetHashParam: plain((c) => {
    const info: HmacInfo = {
      HashAlgid: c.mostly(HASHES, ODD_ALGORITHMS),
      pbInnerString: c.pick([undefined, c.bytes()]),
      pbOuterString: c.pick([undefined, c.bytes()]),
    }
    const [value, parameter] = c.mostly(
      [
        [info, wincrypt.HP_HMAC_INFO],
        [c.bytes(), wincrypt.HP_HASHVAL],
      ],
      [
        [null, wincrypt.HP_HASHVAL],
        [c.bytes(), wincrypt.HP_HMAC_INFO],
        [info, wincrypt.HP_HASHVAL],
        [info, 99],
      ],
    )
    return c.api.CryptSetHashParam(c.hash(), parameter, value, c.flags())
  }),
  CryptSignHash: (c) => {
    const [hash, spec, flags] = [c.hash(), c.mostly([1, 2], [0, 3]), c.flags(1, 4)]
    const text = c.pick([null, null, 'text'])
    return c.fills((buffer, length) => c.api.CryptSignHash(hash, spec, text, flags, buffer, length))
  },
  CryptVerifySignature: plain((c) => {
    const signature = c.mostly([c.bytes()], [null])
    const length = c.length(signature?.length ?? 0)
    const text = c.pick([null, null, 'text'])
    return c.api.CryptVerifySignature(c.hash(), signature, length, c.key(), text, c.flags(1, 4))
  }),
}
