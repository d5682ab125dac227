/**
 * The numbers of `wincrypt.h`, under their published spellings.
 *
 * They are exported as one namespace: `import { wincrypt } from '@strongroom/core/cryptoapi'`, then `wincrypt.CALG_RC4`.
 * An ALG_ID is class (bits 13 to 15), type (bits 9 to 12) and sub-id (bits 0 to 8).
 *
 * Source: Microsoft, "ALG_ID", "CryptAcquireContext", "CryptGetKeyParam" and the pages of the other functions.
 */

// Hash algorithms.
export const CALG_MD2 = 0x8001
export const CALG_MD4 = 0x8002
export const CALG_MD5 = 0x8003
export const CALG_SHA = 0x8004
export const CALG_SHA1 = 0x8004
export const CALG_MAC = 0x8005
export const CALG_SSL3_SHAMD5 = 0x8008
export const CALG_HMAC = 0x8009
export const CALG_SHA_256 = 0x800c
export const CALG_SHA_384 = 0x800d
export const CALG_SHA_512 = 0x800e

// Session ciphers.
export const CALG_DES = 0x6601
export const CALG_RC2 = 0x6602
export const CALG_3DES = 0x6603
export const CALG_3DES_112 = 0x6609
export const CALG_AES_128 = 0x660e
export const CALG_AES_192 = 0x660f
export const CALG_AES_256 = 0x6610
export const CALG_AES = 0x6611
export const CALG_RC4 = 0x6801

// Key pairs.
export const CALG_RSA_SIGN = 0x2400
export const CALG_RSA_KEYX = 0xa400
export const AT_KEYEXCHANGE = 1
export const AT_SIGNATURE = 2

// Provider types and names.
export const PROV_RSA_FULL = 1
export const PROV_RSA_AES = 24
export const MS_DEF_PROV = 'Microsoft Base Cryptographic Provider v1.0'
export const MS_STRONG_PROV = 'Microsoft Strong Cryptographic Provider'
export const MS_ENHANCED_PROV = 'Microsoft Enhanced Cryptographic Provider v1.0'
export const MS_ENH_RSA_AES_PROV = 'Microsoft Enhanced RSA and AES Cryptographic Provider'

// Key blobs.
export const SIMPLEBLOB = 1
export const PUBLICKEYBLOB = 6
export const PRIVATEKEYBLOB = 7
export const PLAINTEXTKEYBLOB = 8
export const OPAQUEKEYBLOB = 9
export const PUBLICKEYBLOBEX = 10
export const SYMMETRICWRAPKEYBLOB = 11
export const KEYSTATEBLOB = 12
export const CUR_BLOB_VERSION = 2

// CryptAcquireContext.
export const CRYPT_NEWKEYSET = 0x8
export const CRYPT_DELETEKEYSET = 0x10
export const CRYPT_MACHINE_KEYSET = 0x20
export const CRYPT_SILENT = 0x40
export const CRYPT_VERIFYCONTEXT = 0xf0000000

// Making, importing and exporting keys. The upper 16 bits of CryptGenKey's and CryptDeriveKey's flags are a length in bits.
export const CRYPT_EXPORTABLE = 0x1
export const CRYPT_USER_PROTECTED = 0x2
export const CRYPT_CREATE_SALT = 0x4
export const CRYPT_UPDATE_KEY = 0x8
export const CRYPT_NO_SALT = 0x10
export const CRYPT_PREGEN = 0x40
export const CRYPT_SERVER = 0x400
export const CRYPT_ARCHIVABLE = 0x4000
export const CRYPT_Y_ONLY = 0x1
export const CRYPT_SSL2_FALLBACK = 0x2
export const CRYPT_DESTROYKEY = 0x4
export const CRYPT_OAEP = 0x40
export const CRYPT_BLOB_VER3 = 0x80
export const CRYPT_IPSEC_HMAC_KEY = 0x100

// CryptEncrypt and CryptDecrypt.
export const CRYPT_DECRYPT_RSA_NO_PADDING_CHECK = 0x20

// CryptSignHash and CryptVerifySignature.
export const CRYPT_NOHASHOID = 0x1
export const CRYPT_TYPE2_FORMAT = 0x2
export const CRYPT_X931_FORMAT = 0x4

// CryptHashData and CryptHashSessionKey.
export const CRYPT_USERDATA = 0x1
export const CRYPT_LITTLE_ENDIAN = 0x1

// Key parameters, and the values they take.
export const KP_IV = 1
export const KP_SALT = 2
export const KP_PADDING = 3
export const KP_MODE = 4
export const KP_MODE_BITS = 5
export const KP_PERMISSIONS = 6
export const KP_ALGID = 7
export const KP_BLOCKLEN = 8
export const KP_KEYLEN = 9
export const KP_SALT_EX = 10
export const KP_EFFECTIVE_KEYLEN = 19
export const KP_OAEP_PARAMS = 36
export const CRYPT_MODE_CBC = 1
export const CRYPT_MODE_ECB = 2
export const CRYPT_MODE_OFB = 3
export const CRYPT_MODE_CFB = 4
export const CRYPT_MODE_CTS = 5
export const PKCS5_PADDING = 1
export const RANDOM_PADDING = 2
export const ZERO_PADDING = 3
export const CRYPT_ENCRYPT = 0x1
export const CRYPT_DECRYPT = 0x2
export const CRYPT_EXPORT = 0x4
export const CRYPT_READ = 0x8
export const CRYPT_WRITE = 0x10
export const CRYPT_MAC = 0x20
export const CRYPT_EXPORT_KEY = 0x40
export const CRYPT_IMPORT_KEY = 0x80
export const CRYPT_ARCHIVE = 0x100

// Hash parameters.
export const HP_ALGID = 1
export const HP_HASHVAL = 2
export const HP_HASHSIZE = 4
export const HP_HMAC_INFO = 5
export const HP_TLS1PRF_LABEL = 6
export const HP_TLS1PRF_SEED = 7

// Provider parameters.
export const PP_ENUMALGS = 1
export const PP_ENUMCONTAINERS = 2
export const PP_IMPTYPE = 3
export const PP_NAME = 4
export const PP_VERSION = 5
export const PP_CONTAINER = 6
export const PP_KEYSET_SEC_DESCR = 8
export const PP_PROVTYPE = 16
export const PP_KEYSTORAGE = 17
export const PP_SYM_KEYSIZE = 19
export const PP_SESSION_KEYSIZE = 20
export const PP_ENUMALGS_EX = 22
export const PP_KEYSET_TYPE = 27
export const PP_SIG_KEYSIZE_INC = 34
export const PP_KEYX_KEYSIZE_INC = 35
export const PP_UNIQUE_CONTAINER = 36
export const PP_KEYSPEC = 39
export const PP_ENUMEX_SIGNING_PROT = 40
export const CRYPT_FIRST = 1
export const CRYPT_NEXT = 2
export const CRYPT_IMPL_SOFTWARE = 2

// CryptSetProviderEx, CryptGetDefaultProvider.
export const CRYPT_MACHINE_DEFAULT = 1
export const CRYPT_USER_DEFAULT = 2
export const CRYPT_DELETE_DEFAULT = 4
