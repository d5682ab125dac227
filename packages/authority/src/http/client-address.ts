import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
/** Groups of an IPv6 address that one customer of a provider has to choose from: limits count the network, not the host. */
const NETWORK_GROUPS = 4
const GROUPS = 8

/**
 * The address that limits are counted by: an IPv4 address, or the /64 network of an IPv6 address.
 *
 * @param hops how many proxies of ours the request came through. Each adds the address that it was asked from at the end of
 *   `X-Forwarded-For`; what stands before those is the word of a stranger
 */
export function clientAddress({ socket, headers }: IncomingMessage, hops: number): string {
  const direct = socket.remoteAddress ?? ''
  if (hops === 0) return limitedAddress(direct)
  const field = headers['x-forwarded-for']
  const named = (Array.isArray(field) ? field.join(',') : (field ?? '')).split(',').at(-hops)?.trim() ?? ''
  return limitedAddress(isIP(named) === 0 ? direct : named)
}

/** An address as limits count it. */
export function limitedAddress(address: string): string {
  const mapped = MAPPED.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (isIP(address) !== 6) return address
  return `${groupsOf(address).slice(0, NETWORK_GROUPS).join(':')}::/64`
}

const split = (text: string) => (text === '' ? [] : text.split(':'))

/** The groups of an IPv6 address, all eight of them, without leading zeros. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::')
  const [before, after] = [split(head), split(tail ?? '')]
  const missing = tail === undefined ? 0 : Math.max(0, GROUPS - before.length - after.length)
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after]
  return groups.map((group) => group.replace(/^0+(?=.)/, ''))
}
