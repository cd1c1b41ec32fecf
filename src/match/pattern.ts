import { OP, OPEN_END, PART_HEADER_BYTES, PART_VARIABLE } from '../signatures/index.ts'
import type { Probe } from './kernel.ts'
import { matchFixed, matchVariable, nextOperation } from './part.ts'
import { offsetBytes, resolvePlaces, type Places } from './places.ts'
import { probeOf, type Seeker } from './seeker.ts'
import { BudgetSpent, type Budget, type Subject } from './subject.ts'

// Direct search for one pattern in the whole content: part after part, as sets of end positions. Its cost is bounded
// by the parts times the content; nothing backtracks over gaps.

/** Numbers that describe where the next part may start: two for each range. */
const MAX_PLACES = 131_072
/** What one call of the kernel costs, in steps. */
const SEEK_STEPS = 32

const u16 = (program: Uint8Array, at: number): number => program[at] | (program[at + 1] << 8)
const u32 = (program: Uint8Array, at: number): number => (u16(program, at) | (u16(program, at + 2) << 16)) >>> 0

/** One part of a program, read once per search. */
interface Part {
  readonly pc: number
  readonly minBytes: number
  /** Bytes to seek for; undefined where the part starts with something of variable length. */
  readonly probe: Probe | undefined
  readonly variable: boolean
  /** Gap before it; zero for the first. */
  readonly gapMin: number
  readonly gapMax: number
}

/** First operation of a part, given its number. */
export function partAt(programs: Uint8Array, start: number, number: number): number {
  let pc = start + offsetBytes(programs, start) + PART_HEADER_BYTES
  for (let skipped = 0; skipped < number;) {
    const gap = programs[pc] === OP.GAP
    pc = nextOperation(programs, pc)
    if (!gap) continue
    skipped++
    pc += PART_HEADER_BYTES
  }
  return pc
}

/** True where a part of the program may match with different lengths. */
export function isVariable(programs: Uint8Array, partPc: number): boolean {
  return (programs[partPc - 1] & PART_VARIABLE) !== 0
}

/** True where the program consists of one part. */
export function isSinglePart(programs: Uint8Array, start: number): boolean {
  let pc = start + offsetBytes(programs, start) + PART_HEADER_BYTES
  while (programs[pc] !== OP.END && programs[pc] !== OP.GAP) pc = nextOperation(programs, pc)
  return programs[pc] === OP.END
}

/** First operation of each part of the program. */
export function firstOperations(programs: Uint8Array, start: number): readonly number[] {
  return readParts(programs, start).map(part => part.pc)
}

/** Parts of programs that were searched for lately, by where they start; a thread keeps one for an image. */
export type ProgramCache = Map<number, readonly Part[]>
const MAX_KNOWN_PROGRAMS = 4_096

function readParts(programs: Uint8Array, start: number): Part[] {
  const parts: Part[] = []
  let pc = start + offsetBytes(programs, start)
  let gapMin = 0
  let gapMax = 0
  for (;;) {
    const first = pc + PART_HEADER_BYTES
    parts.push({
      pc: first,
      minBytes: u16(programs, pc),
      variable: isVariable(programs, first),
      gapMin,
      gapMax,
      probe: probeOf(programs, first),
    })
    pc = first
    while (programs[pc] !== OP.END && programs[pc] !== OP.GAP) pc = nextOperation(programs, pc)
    if (programs[pc] === OP.END) return parts
    gapMin = u32(programs, pc + 1)
    gapMax = u32(programs, pc + 5)
    pc = nextOperation(programs, pc)
  }
}

/** What a search found. */
export interface Found {
  /** Matches, counted up to the limit. */
  readonly count: number
  /** Start of the first match of the last part, and its end; -1 where there is none. */
  readonly start: number
  readonly end: number
}

/** Called with a start, its (least) end and, for a part of variable length, all ends; false ends the search. */
type Visit = (start: number, end: number, ends?: readonly number[]) => boolean

const NOTHING: Found = { count: 0, start: -1, end: -1 }

/** Sorts ranges and merges those that touch. */
function mergeRanges(ranges: readonly number[]): number[] {
  const pairs: [number, number][] = []
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i], ranges[i + 1]])
  const merged: number[] = []
  for (const [low, high] of pairs.sort((a, b) => a[0] - b[0])) {
    const last = merged.length - 1
    if (last > 0 && low <= merged[last] + 1) merged[last] = Math.max(merged[last], high)
    else merged.push(low, high)
  }
  return merged
}

export class PatternSearch {
  readonly #programs: Uint8Array
  readonly #subject: Subject
  readonly #seeker: Seeker
  readonly #known: ProgramCache
  readonly #budget: Budget
  readonly #spend: (steps: number) => void

  constructor(programs: Uint8Array, known: ProgramCache, subject: Subject, seeker: Seeker, budget: Budget) {
    this.#programs = programs
    this.#known = known
    this.#subject = subject
    this.#seeker = seeker
    this.#budget = budget
    this.#spend = steps => budget.spend(steps)
  }

  /**
   * Searches the whole content for the pattern whose program starts at `start`. Matches of a pattern of several parts
   * are counted at its last part, as ClamAV does.
   * @param limit - where counting may stop
   * @throws BudgetSpent
   */
  search(start: number, limit: number): Found {
    const parts = this.#parts(start)
    let places = resolvePlaces(this.#programs, start, this.#subject)
    for (let i = 0; i < parts.length; i++) {
      if (places.length === 0) return NOTHING
      const part = parts[i]
      if (i === parts.length - 1) return this.#countMatches(part, places, limit)
      const next = parts[i + 1]
      places =
        next.gapMax === OPEN_END ? this.#placesAfterFirst(part, places, next) : this.#placesAfter(part, places, next)
    }
    return NOTHING
  }

  #parts(start: number): readonly Part[] {
    let parts = this.#known.get(start)
    if (parts !== undefined) return parts
    parts = readParts(this.#programs, start)
    if (this.#known.size >= MAX_KNOWN_PROGRAMS) this.#known.clear()
    this.#known.set(start, parts)
    return parts
  }

  #countMatches(part: Part, places: Places, limit: number): Found {
    let count = 0
    let start = -1
    let end = -1
    this.#eachStart(part, places, (position, ends) => {
      count++
      if (start < 0) {
        start = position
        end = ends
      }
      return count < limit
    })
    return { count, start, end }
  }

  /** Where the next part may start when it may lie anywhere behind this one: only the first end matters. */
  #placesAfterFirst(part: Part, places: Places, next: Part): Places {
    const size = this.#subject.content.length
    let least = Infinity
    this.#eachStart(part, places, (position, end) => {
      least = Math.min(least, end)
      return position + part.minBytes < least
    })
    return least + next.gapMin > size ? [] : [least + next.gapMin, size]
  }

  /** Where the next part may start, behind every match of this one: ranges, merged where they touch. */
  #placesAfter(part: Part, places: Places, next: Part): Places {
    const size = this.#subject.content.length
    const ranges: number[] = []
    const add = (end: number): void => {
      const low = end + next.gapMin
      const high = Math.min(end + next.gapMax, size)
      if (low > high) return
      const last = ranges.length - 2
      if (last >= 0 && low >= ranges[last] && low <= ranges[last + 1] + 1)
        ranges[last + 1] = Math.max(ranges[last + 1], high)
      else ranges.push(low, high)
      // Places that are left out would be places that nobody looked at.
      if (ranges.length > MAX_PLACES) throw new BudgetSpent('steps')
    }
    this.#eachStart(part, places, (_position, end, ends) => {
      if (ends === undefined) add(end)
      else ends.forEach(add)
      return true
    })
    return part.variable ? mergeRanges(ranges) : ranges
  }

  /** Calls back for each start in the places at which the part matches, ascending, until the callback says false. */
  #eachStart(part: Part, places: Places, visit: Visit): void {
    const size = this.#subject.content.length
    for (let i = 0; i < places.length; i += 2) {
      const low = Math.max(0, places[i])
      const high = Math.min(places[i + 1], size - part.minBytes)
      if (!this.#eachStartInRange(part, low, high, visit)) return
    }
  }

  #eachStartInRange(part: Part, low: number, high: number, visit: Visit): boolean {
    const { probe, minBytes } = part
    for (let position = low; position <= high; position++) {
      if (probe !== undefined) {
        const found = this.#seeker.seek(probe, position, high, minBytes)
        const passed = (found < 0 ? high : found) - position
        this.#budget.spend(SEEK_STEPS + (passed >> 4))
        if (found < 0) return true
        position = found
      }
      if (!this.#visitAt(part, position, visit)) return false
    }
    return true
  }

  #visitAt(part: Part, position: number, visit: Visit): boolean {
    const { content } = this.#subject
    this.#budget.spend(4)
    if (!part.variable) {
      const end = matchFixed(this.#programs, part.pc, content, position)
      return end < 0 || visit(position, end)
    }
    const ends = matchVariable(this.#programs, part.pc, content, position, this.#spend)
    return ends.length === 0 || visit(position, ends[0], ends)
  }
}
