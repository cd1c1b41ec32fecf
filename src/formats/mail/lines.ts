// Lines of a message: ends are LF, CR LF or CR alone, as most mailers have it.

export const LF = 0x0a
export const CR = 0x0d
const DASH = 0x2d

/** Offset of the break that ends the line at `at`, or `end`. */
export function lineEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && bytes[i] !== LF && bytes[i] !== CR) i++
  return i
}

/** Offset behind the break at `at`. */
export function afterBreak(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return end
  return bytes[at] === CR && at + 1 < end && bytes[at + 1] === LF ? at + 2 : at + 1
}

/** Offset of the break before the line at `at`, not before `start`: where what precedes a delimiter ends. */
export function beforeBreak(bytes: Uint8Array, at: number, start: number): number {
  let end = at
  if (end > start && bytes[end - 1] === LF) end--
  else return end > start && bytes[end - 1] === CR ? end - 1 : end
  return end > start && bytes[end - 1] === CR ? end - 1 : end
}

/**
 * Offset of the next line at or behind `from` that starts with two dashes, or `end`. Base64 has no dashes, so this runs
 * over attachments at the speed of a native search.
 * @param first - start of a line, although no break precedes it
 */
export function nextDashLine(bytes: Uint8Array, from: number, end: number, first: number): number {
  let at = from
  for (;;) {
    at = bytes.indexOf(DASH, at)
    if (at < 0 || at + 1 >= end) return end
    if (bytes[at + 1] === DASH && (at === first || bytes[at - 1] === LF || bytes[at - 1] === CR)) return at
    at++
    while (at < end && bytes[at] === DASH) at++
  }
}

/** True where [start, end) is white space only. */
export function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] > 0x20) return false
  return true
}
