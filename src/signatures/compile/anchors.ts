import { fixedLength, splitParts } from '../language/body.ts'
import type { Element, Pattern, Run } from '../language/ir.ts'
import { UNKNOWN_DISTANCE } from '../image/layout.ts'
import type { Rarity } from './rarity.ts'

// The anchor of a pattern: four-byte windows at several places in a row (its phases), the rarest such stretch that every
// match of it contains. As one of four places in a row is always a multiple of four, the prefilter needs to look at
// every fourth position only where anchors have four phases. Windows with letters of either case or with wildcards are spelt out, each spelling being an entry of
// its own in the table; a window may reach over an end of its run by a byte that may then be anything.

/** Spellings of one window at the most: four letters of either case. */
const MAX_SPELLINGS = 16
/** Where there is no such stretch: three known bytes and a free one. */
const MAX_DESPERATE_SPELLINGS = 256
/**
 * Logarithm (base 2) of the frequency from which on a window is worse than no anchor: one signature with zeros for its
 * only anchor caused 344 candidates per KiB of programs, all others together 1.
 */
const MAX_SCORE = -11

/** One window of an anchor. */
export interface AnchorWindow {
  /** Bytes from the start of the part, or UNKNOWN_DISTANCE; -1 for a window that reaches over the part's start. */
  readonly distance: number
  /** Little-endian spellings. */
  readonly spellings: readonly number[]
  /** Four more bytes to compare: (load32(position + extraAt) & extraMask) === extraValue. */
  readonly extraAt: -4 | 4
  readonly extraValue: number
  readonly extraMask: number
}

export interface Anchor {
  /** Part of the pattern in which it stands. */
  readonly part: number
  /** One window for each phase; spelt out when called. */
  windows(): readonly AnchorWindow[]
  /** Expected cost per byte of clean content. */
  readonly cost: number
}

/** Mask of a byte of a run; before its start and behind its end anything may stand. */
const maskAt = (run: Run, at: number): number => run.masks[at] ?? 0

/** Bytes that a byte with this mask may be: every bit that is free doubles them. */
function spellingsOfByte(mask: number): number {
  return mask === 0xff ? 1 : mask === 0xdf ? 2 : mask === 0xf0 || mask === 0x0f ? 16 : 256
}

/** Number of spellings of the window at `at`. */
function spellings(run: Run, at: number): number {
  const [a, b, c, d] = [maskAt(run, at), maskAt(run, at + 1), maskAt(run, at + 2), maskAt(run, at + 3)] as const
  if ((a & b & c & d) === 0xff) return 1
  return spellingsOfByte(a) * spellingsOfByte(b) * spellingsOfByte(c) * spellingsOfByte(d)
}

/** One spelling of the window at `at`: the lower case where the case is free. */
function typicalWindow(run: Run, at: number): number {
  const byte = (i: number): number => (maskAt(run, i) === 0xdf ? run.values[i] | 0x20 : (run.values[i] ?? 0))
  return (byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24)) >>> 0
}

/** Every byte that fits value and mask. */
function bytesFitting(value: number, mask: number): number[] {
  if (mask === 0xff) return [value]
  if (mask === 0xdf) return [value, value | 0x20]
  return Array.from({ length: 256 }, (_, byte) => byte).filter(byte => (byte & mask) === value)
}

/** Every spelling of the window at `at`. */
function spell(run: Run, at: number): readonly number[] {
  if (spellings(run, at) === 1) return [typicalWindow(run, at)]
  let windows = [0]
  for (let i = 0; i < 4; i++) {
    const bytes = bytesFitting(run.values[at + i] ?? 0, maskAt(run, at + i))
    windows = windows.flatMap(window => bytes.map(byte => (window | (byte << (8 * i))) >>> 0))
  }
  return windows
}

function bits(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}

/** Value and mask of four bytes of a run; bytes outside of it are free. */
function fourBytes(run: Run, at: number): { value: number; mask: number } {
  let value = 0
  let mask = 0
  for (let i = 0; i < 4; i++) {
    const index = at + i
    if (index < 0 || index >= run.values.length) continue
    value |= run.values[index] << (8 * i)
    mask |= run.masks[index] << (8 * i)
  }
  return { value: value >>> 0, mask: mask >>> 0 }
}

function* runs(part: readonly Element[]): Generator<{ run: Run; start: number }> {
  let start = 0
  for (const element of part) {
    if (element.kind === 'run') yield { run: element, start }
    const length = fixedLength([element])
    start = length < 0 || start === UNKNOWN_DISTANCE ? UNKNOWN_DISTANCE : start + length
  }
}

interface Candidate {
  readonly run: Run
  /** Start of the run in its part. */
  readonly start: number
  /** Start of the window in the run. */
  readonly at: number
  readonly part: number
  /** Logarithm (base 2) of the expected hits per byte. */
  readonly score: number
}

/** Windows behind something of variable length say less about where the pattern lies. */
const UNKNOWN_DISTANCE_PENALTY = 3
const NOT_FOUND = -2

/** Windows without four known bytes behind them are compared one by one wherever they stand. */
const UNKNOWN_BEHIND_PENALTY = 6

function hasKnownBehind(run: Run, at: number): boolean {
  for (let i = at + 4; i < at + 8; i++) if ((maskAt(run, i) & 0xdf) !== 0xdf) return false
  return true
}

/** Logarithm (base 2) of the expected hits of the window at `at`; Infinity where it cannot be spelt out. */
function windowScore(run: Run, at: number, maxSpellings: number, rarity: Rarity): number {
  const count = spellings(run, at)
  if (count > maxSpellings) return Infinity
  const score = rarity.window(typicalWindow(run, at)) + (count === 1 ? 0 : Math.log2(count))
  return hasKnownBehind(run, at) ? score : score + UNKNOWN_BEHIND_PENALTY
}

/** Scores of the windows of the run at hand, each computed once although it belongs to several stretches. */
let scores = new Float64Array(1024)

function cheapestStretch(
  run: Run,
  start: number,
  part: number,
  best: Candidate | undefined,
  rarity: Rarity,
  maxSpellings: number,
  phases: number,
): Candidate | undefined {
  let least = best?.score ?? Infinity
  let found = NOT_FOUND
  const penalty = start === UNKNOWN_DISTANCE ? UNKNOWN_DISTANCE_PENALTY : 0
  const overlap = maxSpellings > MAX_SPELLINGS ? 1 : 0
  const windows = run.values.length + 2 * overlap - 3
  if (windows > scores.length) scores = new Float64Array(windows * 2)
  for (let i = 0; i < windows; i++) scores[i] = windowScore(run, i - overlap, maxSpellings, rarity)
  for (let i = 0; i + phases <= windows; i++) {
    let score = scores[i]
    for (let phase = 1; phase < phases; phase++) score = Math.max(score, scores[i + phase])
    score += penalty
    if (score < least) {
      least = score
      found = i - overlap
    }
  }
  return found === NOT_FOUND ? best : { run, start, at: found, part, score: least }
}

/** What a pattern of common text costs: its candidates are few, but they are true. */
const COMMON_COST = 2 ** -13
/** How much dearer a match is than a candidate: the rest of the signature is searched for in the whole content. */
const MATCH_WEIGHT = 2 ** 10
/** Logarithm (base 2) by which each byte that must fit beside the window makes a match rarer; code and text are redundant. */
const BITS_PER_BYTE = 3

function isCommon(runsOfPattern: readonly Run[], rarity: Rarity): boolean {
  return runsOfPattern.length > 0 && runsOfPattern.every(({ values, masks }) => rarity.isCommonText(values, masks))
}

/** Expected cost per byte of clean content: that of the candidates, and that of the matches among them. */
function patternCost(pattern: Pattern, windowScore: number, rarity: Rarity): number {
  const known = pattern.elements.filter(element => element.kind === 'run')
  let bytes = 0
  for (const { masks } of known) for (const mask of masks) if (mask !== 0) bytes++
  const matches = MATCH_WEIGHT * 2 ** (windowScore - BITS_PER_BYTE * Math.max(0, bytes - 4))
  return Math.max(2 ** windowScore + matches, isCommon(known, rarity) ? COMMON_COST : 0)
}

/** Entries have eight bits for the number of the part. */
const MAX_ANCHOR_PART = 0xff

function cheapest(pattern: Pattern, rarity: Rarity, maxSpellings: number, phases: number): Candidate | undefined {
  let best: Candidate | undefined
  splitParts(pattern.elements).parts.forEach((elements, part) => {
    if (part > MAX_ANCHOR_PART) return
    for (const { run, start } of runs(elements))
      best = cheapestStretch(run, start, part, best, rarity, maxSpellings, phases)
  })
  return best
}

function windowOf({ run, start, at }: Candidate, phase: number): AnchorWindow {
  const place = at + phase
  const after = fourBytes(run, place + 4)
  const before = fourBytes(run, place - 4)
  const useAfter = hasKnownBehind(run, place) || bits(after.mask) >= bits(before.mask)
  const extra = useAfter ? after : before
  return {
    distance: start === UNKNOWN_DISTANCE ? UNKNOWN_DISTANCE : start + place,
    spellings: spell(run, place),
    extraAt: useAfter ? 4 : -4,
    extraValue: extra.value,
    extraMask: extra.mask,
  }
}

/**
 * The cheapest anchor of a pattern, or undefined where no part has enough bytes in a row that are known well enough.
 * @param phases - windows in a row
 */
export function chooseAnchor(pattern: Pattern, rarity: Rarity, phases: number): Anchor | undefined {
  const best =
    cheapest(pattern, rarity, MAX_SPELLINGS, phases) ?? cheapest(pattern, rarity, MAX_DESPERATE_SPELLINGS, phases)
  if (best === undefined || best.score > MAX_SCORE) return undefined
  return {
    part: best.part,
    windows: () => Array.from({ length: phases }, (_, phase) => windowOf(best, phase)),
    cost: patternCost(pattern, best.score, rarity),
  }
}
