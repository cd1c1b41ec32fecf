import { hexDigit } from '../../bytes/index.ts'
import { controlAt } from './control.ts'

// Hexadecimal data as Word reads it, which is whatever looks like a digit: space, control words and groups may stand
// between two digits. How groups and \'hh count differs between readers, so data is read in each way that it could be.

/** How the data is read. */
export interface RtfReading {
  /** Groups inside the data: read on in them, pass over those that start with \*, or over all. */
  readonly groups: 'read' | 'skip-ignorable' | 'skip'
  /** \'hh throws away half a byte that came before it. */
  readonly quoteDropsNibble: boolean
}

const READINGS: readonly RtfReading[] = [
  { groups: 'read', quoteDropsNibble: false },
  { groups: 'skip-ignorable', quoteDropsNibble: false },
  { groups: 'skip', quoteDropsNibble: false },
  { groups: 'read', quoteDropsNibble: true },
]

/** Every different way to read the data between two offsets; one for data without tricks. */
export function rtfReadings(bytes: Uint8Array, start: number, end: number): readonly Uint8Array[] {
  const first = readRtfData(bytes, start, end, READINGS[0])
  const results = [first.data]
  for (const reading of READINGS.slice(1)) {
    if (reading.quoteDropsNibble ? !first.hasQuotes : !first.hasGroups) continue
    const { data } = readRtfData(bytes, start, end, reading)
    if (data.length > 0 && !results.some(result => isSame(result, data))) results.push(data)
  }
  return results
}

/** Value of each byte as a hexadecimal digit, or -1. */
const DIGITS = Int8Array.from({ length: 256 }, (_, code) => hexDigit(code))

interface Read {
  readonly data: Uint8Array
  readonly hasGroups: boolean
  readonly hasQuotes: boolean
}

/** Reads in one way. Memory: at most the length of the stretch. */
export function readRtfData(bytes: Uint8Array, start: number, end: number, reading: RtfReading): Read {
  const out = new Uint8Array(end - start)
  let size = 0
  let high = -1
  let hasGroups = false
  let hasQuotes = false
  let at = start
  while (at < end) {
    const code = bytes[at]
    const digit = DIGITS[code]
    if (digit >= 0) {
      if (high < 0) high = digit
      else {
        out[size++] = (high << 4) | digit
        high = -1
      }
      at++
    } else if (code === 0x7b) {
      hasGroups = true
      const isIgnorable = bytes[at + 1] === 0x5c && bytes[at + 2] === 0x2a
      const isSkipped = reading.groups === 'skip' || (reading.groups === 'skip-ignorable' && isIgnorable)
      at = isSkipped ? behindGroup(bytes, at, end) : at + 1
    } else if (code === 0x5c) {
      const control = controlAt(bytes, at)
      if (control.word === "'") {
        hasQuotes = true
        if (reading.quoteDropsNibble) high = -1
      }
      for (let i = control.dataStart; i < control.end && i < end; i++) out[size++] = bytes[i]
      if (control.dataStart < control.end) high = -1
      at = control.end
    } else at++
  }
  return { data: out.subarray(0, size), hasGroups, hasQuotes }
}

function behindGroup(bytes: Uint8Array, start: number, end: number): number {
  let depth = 0
  let at = start
  while (at < end) {
    const code = bytes[at]
    if (code === 0x5c) {
      at = controlAt(bytes, at).end
      continue
    }
    at++
    if (code === 0x7b) depth++
    else if (code === 0x7d && --depth === 0) return at
  }
  return end
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean => {
  if (one.length !== other.length) return false
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false
  return true
}
