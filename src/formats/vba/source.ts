import { bytesOf, equalsAt } from '../../bytes/index.ts'

// Source of VBA modules where no `dir` stream leads to it: every module starts with lines "Attribute VB_…", whose first
// eight letters are literals of the first compressed chunk. So: mark, chunk header, flags without a token, the letters.

const ATTRIBUTE = bytesOf('Attribut')
const SIGNATURE = 0x01
/** The mark, the chunk's header, flags. */
const HEAD_SIZE = 4
/** Places that are found in one stream: more modules than a stream has. */
const MAX_PLACES = 1_000

/** Offsets in `bytes` at which compressed module source starts. */
export function vbaSourceOffsets(bytes: Uint8Array): readonly number[] {
  const offsets: number[] = []
  const last = bytes.length - HEAD_SIZE - ATTRIBUTE.length
  // A loop of our own: native searches for one byte are slow where that byte is frequent.
  for (let at = 0; at <= last; at++) {
    if (bytes[at] !== SIGNATURE || bytes[at + 3] !== 0 || (bytes[at + 2] & 0x70) !== 0x30) continue
    if (equalsAt(bytes, at + HEAD_SIZE, ATTRIBUTE) && offsets.push(at) >= MAX_PLACES) break
  }
  return offsets
}

/** Name that the line `Attribute VB_Name = "…"` gives, as bytes are (ISO 8859-1); undefined where there is none. */
export function vbaModuleName(source: string): string | undefined {
  const mark = 'Attribute VB_Name = "'
  const at = source.slice(0, 4096).indexOf(mark)
  if (at < 0) return undefined
  const end = source.indexOf('"', at + mark.length)
  return end < 0 || end - at > 256 ? undefined : source.slice(at + mark.length, end)
}
