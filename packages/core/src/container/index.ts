/** Key containers: exchange and signature key pairs, at rest and in use. */
export { ContainerError } from './container-error.ts'
export type { ContainerErrorCode } from './container-error.ts'
export {
  SIGNATURE_SUITES,
  SignerKey,
  SigningKey,
  suiteById,
  suiteByName,
  suiteOfProfile,
} from './signature.ts'
export type { Profile, SignatureSuite, SuiteName } from './signature.ts'
