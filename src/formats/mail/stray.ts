import { bytesOf, indexOf, latin1 } from '../../bytes/index.ts'

// A multipart without the header that would announce it: in a bounce, a forwarded source, or a message whose headers were
// cut short. Some readers look for parts all the same.

const DASHES = bytesOf('\n--')
const CONTENT = 'content-'
/** RFC 2046, 5.1.1 allows 70; readers take more. */
const MAX_BOUNDARY_CHARS = 200
/** Lines that begin with two dashes and are looked at. */
const MAX_LINES = 1000

/** The boundary of a multipart that lies in text: a line that begins with dashes, with a Content- header below. */
export function strayBoundary(bytes: Uint8Array, start: number, end: number): string | undefined {
  let at = indexOf(bytes, DASHES, Math.max(0, start - 1), end)
  for (let lines = 0; at >= 0 && lines < MAX_LINES; lines++) {
    const from = at + DASHES.length
    const line = bytes.indexOf(0x0a, from)
    if (line < 0 || line >= end) return undefined
    const below = latin1(bytes, line + 1, Math.min(line + 1 + CONTENT.length, end)).toLowerCase()
    const boundary = line - from > MAX_BOUNDARY_CHARS ? '' : latin1(bytes, from, line).trimEnd()
    if (below === CONTENT && boundary !== '' && !boundary.includes('"')) return boundary
    at = indexOf(bytes, DASHES, line, end)
  }
  return undefined
}
