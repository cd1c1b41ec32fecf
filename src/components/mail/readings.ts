import { bytesOf, indexOf } from '../../bytes/index.ts'
import { surveyBase64 } from '../../codecs/index.ts'
import type { AfterPadding } from '../../codecs/index.ts'
import type { Leaf, TransferEncoding } from '../../formats/index.ts'

// In how many ways the content of one part can be decoded: what is declared, and what the content itself shows.

/** One way to decode a part. */
export interface Reading {
  readonly encoding: TransferEncoding
  readonly afterPadding?: AfterPadding
}

export interface Readings {
  readonly readings: readonly Reading[]
  /** Why there are several; undefined where there is one. */
  readonly ambiguous?: string
}

/** Text shorter than this is not taken for base64 that nobody declared. */
const MIN_UNDECLARED_CHARS = 24
/** The first line of undeclared base64 is looked at so far before the rest is counted. */
const PROBE_BYTES = 200
/** Declared base64 with more noise than one character in so many is also looked at as it stands. */
const NOISE_SHARE = 64

/** Every way to decode a part. Cost: one pass over base64 parts, a glance at others. */
export function readingsOf(bytes: Uint8Array, { start, end, entity }: Leaf): Readings {
  const readings: Reading[] = []
  const reasons: string[] = []
  for (const encoding of entity.encodings) {
    if (encoding === 'base64') {
      const { alphabet, noise, goesOn } = surveyBase64(bytes, start, end)
      readings.push({ encoding })
      if (goesOn) {
        readings.push({ encoding, afterPadding: 'stop' }, { encoding, afterPadding: 'skip' })
        reasons.push('Base64 goes on behind its padding')
      }
      if (noise * NOISE_SHARE > alphabet) {
        readings.push({ encoding: 'identity' })
        reasons.push('What is declared as base64 holds much else')
      }
    } else {
      readings.push({ encoding })
      if (encoding === 'uuencode' && beginsTwice(bytes, start, end)) {
        readings.push({ encoding: 'identity' })
        reasons.push('A uuencoded file begins inside of another one')
      }
      if (encoding === 'identity' && !entity.encodings.includes('base64') && looksLikeBase64(bytes, start, end)) {
        readings.push({ encoding: 'base64' })
        reasons.push('What is not declared as base64 looks like it')
      }
    }
  }
  if (entity.encodings.length > 1) reasons.push('Several transfer encodings are declared')
  return reasons.length === 0 ? { readings } : { readings, ambiguous: reasons.join('; ') }
}

const UU_BEGIN = bytesOf('\nbegin ')

/** Decoders differ: some begin anew, some go on to the end of the first one. */
function beginsTwice(bytes: Uint8Array, start: number, end: number): boolean {
  const first = indexOf(bytes, UU_BEGIN, Math.max(0, start - 1), end)
  return first >= 0 && indexOf(bytes, UU_BEGIN, first + 1, end) >= 0
}

function looksLikeBase64(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  while (at < end && bytes[at] <= 0x20) at++
  const probe = surveyBase64(bytes, at, Math.min(end, at + PROBE_BYTES))
  if (probe.noise > 0 || probe.alphabet < MIN_UNDECLARED_CHARS) return false
  for (let i = at; i < Math.min(end, at + PROBE_BYTES); i++) if (isInnerSpace(bytes, i, end)) return false
  return surveyBase64(bytes, at, end).noise === 0
}

/** White space within a line: words, not base64. */
const isInnerSpace = (bytes: Uint8Array, at: number, end: number): boolean =>
  (bytes[at] === 0x20 || bytes[at] === 0x09) && at + 1 < end && bytes[at + 1] > 0x20
