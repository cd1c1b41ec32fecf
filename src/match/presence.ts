import { NO_CONDITIONS, PATTERN_ANCHORED, type AnchorTableView, type DatabaseImage } from '../signatures/index.ts'
import { expressionHolds } from './logic.ts'
import { firstOperations } from './pattern.ts'
import { fingerprintOf, type KnownByte } from './seeker.ts'

// Signatures without an anchor are judged for every content, and each of their patterns used to cost a search of its own.
// Here eight patterns share one pass: three bytes in a row of each, its fingerprint, are looked up by their halves in six
// tables of sixteen bytes, a bit for each pattern ("Teddy", from Hyperscan). What no position has all bits for is not
// in the content; what may be there is searched for as before.
//
//   tables:  low half of byte 0 | high half of byte 0 | low of byte 1 | … | high of byte 2,  16 bytes each

/** Patterns of one pass. */
const MAX_PATTERNS = 8
export const FINGERPRINT_BYTES = 3
export const FINGERPRINT_TABLE_BYTES = 2 * FINGERPRINT_BYTES * 16
/** Passes for one table of anchors: a hostile database must not make each content expensive. */
const MAX_PASSES = 8

/** Patterns that are looked for together. */
export interface PresencePass {
  /** Bit n of what the kernel answers is that of patterns[n]. */
  readonly patterns: readonly number[]
  readonly tables: Uint8Array
}

const fits = (half: number, value: number, mask: number): boolean => (half & mask) === (value & mask)

function enter(tables: Uint8Array, bit: number, fingerprint: readonly Pick<KnownByte, 'value' | 'mask'>[]): void {
  fingerprint.forEach(({ value, mask }, byte) => {
    for (let half = 0; half < 16; half++) {
      if (fits(half, value & 15, mask & 15)) tables[byte * 32 + half] |= 1 << bit
      if (fits(half, value >> 4, mask >> 4)) tables[byte * 32 + 16 + half] |= 1 << bit
    }
  })
}

/** Patterns that judging a signature searches for as long as it finds none of them. */
function patternsOf(image: DatabaseImage, signature: number): readonly number[] {
  const { conditionsStart, logic, logicStart, firstPattern, patternSub } = image
  if (conditionsStart[signature] !== NO_CONDITIONS) return []
  const asked = new Set<number>()
  expressionHolds(logic, logicStart[signature], id => {
    asked.add(id)
    return 0
  })
  const patterns: number[] = []
  for (let pattern = firstPattern[signature]; pattern < firstPattern[signature + 1]; pattern++)
    if (asked.has(patternSub[pattern])) patterns.push(pattern)
  return patterns.filter(pattern => (patternSub[pattern] & PATTERN_ANCHORED) === 0)
}

/** The passes for the signatures of a table that are judged for every content. */
export function presencePasses(image: DatabaseImage, table: AnchorTableView): readonly PresencePass[] {
  const passes: { patterns: number[]; tables: Uint8Array }[] = []
  for (const signature of table.always) {
    for (const pattern of patternsOf(image, signature)) {
      const start = image.patternStart[pattern]
      // A pattern with a place of its own is searched for there alone.
      if (image.programs[start] !== 0) continue
      const fingerprint = fingerprintOf(image.programs, firstOperations(image.programs, start), FINGERPRINT_BYTES)
      if (fingerprint === undefined) continue
      let pass = passes.at(-1)
      if (pass === undefined || pass.patterns.length === MAX_PATTERNS) {
        if (passes.length === MAX_PASSES) return passes
        passes.push((pass = { patterns: [], tables: new Uint8Array(FINGERPRINT_TABLE_BYTES) }))
      }
      enter(pass.tables, pass.patterns.push(pattern) - 1, fingerprint)
    }
  }
  return passes
}
