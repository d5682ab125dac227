import { concat } from '@strongroom/core/bytes'
import type { ProbeResult } from '@strongroom/core/protocol'

const MAC_BYTES = 32
/** Bytes of a result without the id of its deposit. */
export const PROBE_RESULT_BYTES: number = 1 + MAC_BYTES

/** What became of a deposit of a probe: a byte, 1 if it opened, and the MAC, of zeros if it did not. */
export function encodeProbeResult({ mac }: Pick<ProbeResult, 'mac'>): Uint8Array {
  return concat(Uint8Array.of(mac ? 1 : 0), mac ?? new Uint8Array(MAC_BYTES))
}

/** Reads what `encodeProbeResult` writes. Whether it is what was signed, the digest of its list says. */
export function parseProbeResult(bytes: Uint8Array): Pick<ProbeResult, 'mac'> {
  return { mac: bytes[0] === 1 ? bytes.slice(1, PROBE_RESULT_BYTES) : null }
}
