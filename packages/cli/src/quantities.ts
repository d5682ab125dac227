const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB']
const SECONDS = /:\d\d\.\d{3}Z$/

/** A number of bytes for people: `999 bytes`, `1.2 MB`; a kB is 1000 bytes. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return bytes === 1 ? '1 byte' : `${bytes} bytes`
  let value = bytes
  let unit = -1
  for (; value >= 999.95 && unit < UNITS.length - 1; unit++) value /= 1000
  return `${value.toFixed(1)} ${UNITS[unit]}`
}

/** A duration for people: `4 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** A moment in the zone of whoever reads it: `2026-11-21 20:41`. */
export function formatTime(milliseconds: number): string {
  const date = new Date(milliseconds)
  const local = new Date(milliseconds - date.getTimezoneOffset() * 60_000)
  // The last moment that a date can be, or the first, is none any more in another zone.
  const moment = Number.isNaN(local.getTime()) ? date : local
  return moment.toISOString().replace(SECONDS, '').replace('T', ' ')
}

/** `1 file`, `2,000 files`. Grouped by hand: loading the locales takes longer than sealing a file. */
export function count(number: number, noun: string): string {
  const grouped = String(number).replaceAll(/\B(?=(\d{3})+$)/g, ',')
  return `${grouped} ${noun}${number === 1 ? '' : 's'}`
}
