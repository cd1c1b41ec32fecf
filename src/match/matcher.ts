import {
  DISTANCE_BIAS,
  NO_CONDITIONS,
  PATTERN_ANCHORED,
  SIGNATURE,
  UNKNOWN_DISTANCE,
  type AnchorTableView,
  type DatabaseImage,
} from '../signatures/index.ts'
import { conditionsHold } from './conditions.ts'
import type { Kernel } from './kernel.ts'
import { expressionHolds } from './logic.ts'
import { matchFixed, matchVariable } from './part.ts'
import { isSinglePart, isVariable, partAt, PatternSearch, type ProgramCache } from './pattern.ts'
import { Seeker } from './seeker.ts'
import { contains, resolvePlaces } from './places.ts'
import { presencePasses, type PresencePass } from './presence.ts'
import type { Budget, ContentWindow, Subject } from './subject.ts'

// Matches one piece of content against the body and logical signatures of its target. The prefilter gives candidates;
// a candidate is verified; a verified trigger makes its signature a suspect; suspects have their expressions evaluated,
// for which the other subsignatures are searched directly. What was found is remembered for the length of one match.

/** Positions that one kernel call covers, between two looks at the clock: about a millisecond. */
const KERNEL_STRIDE_BYTES = 1 << 20
const WINDOW_BYTES = 4

/** A signature that matched. */
export interface Match {
  /** Number of the content signature in the image. */
  readonly signature: number
  readonly logical: boolean
  readonly unwanted: boolean
  /** Where the match (of the trigger, for logical signatures) starts and ends; -1 where that is not known. */
  readonly start: number
  readonly end: number
}

export interface MatchOptions {
  readonly budget: Budget
  /** Called for each match as it is found; false ends the matching. */
  readonly onMatch: (match: Match) => boolean
  /** Called for each mark that matched, with its name and where; no match. */
  readonly onMark?: (name: string, start: number) => void
}

/** One per thread; not re-entrant. Memory: four bytes per pattern and per signature. */
export class Matcher {
  readonly #image: DatabaseImage
  readonly #kernel: Kernel
  /** Number of the match in which a pattern was found, or settled by a full search. */
  readonly #patternFound: Uint32Array
  readonly #patternSettled: Uint32Array
  readonly #suspected: Uint32Array
  readonly #programs: ProgramCache = new Map()
  readonly #passes = new Map<AnchorTableView, readonly PresencePass[]>()
  #round = 0

  constructor(image: DatabaseImage, kernel: Kernel) {
    this.#image = image
    this.#kernel = kernel
    this.#patternFound = new Uint32Array(image.meta.patterns)
    this.#patternSettled = new Uint32Array(image.meta.patterns)
    this.#suspected = new Uint32Array(image.meta.contentSignatures)
  }

  /** @throws BudgetSpent when steps or time ran out; matches found until then were reported. */
  match(subject: Subject, window: ContentWindow, options: MatchOptions): void {
    const table = this.#image.tables.get(subject.target) ?? this.#image.tables.get(0)
    if (table === undefined) return
    this.#nextRound()
    new Run(this.#image, this.#kernel, table, subject, window, options, {
      found: this.#patternFound,
      settled: this.#patternSettled,
      suspected: this.#suspected,
      round: this.#round,
      programs: this.#programs,
      passes: this.#passesOf(table),
    }).all()
  }

  #passesOf(table: AnchorTableView): readonly PresencePass[] {
    let passes = this.#passes.get(table)
    if (passes === undefined) this.#passes.set(table, (passes = presencePasses(this.#image, table)))
    return passes
  }

  #nextRound(): void {
    if (++this.#round < 0xffffffff) return
    for (const stamps of [this.#patternFound, this.#patternSettled, this.#suspected]) stamps.fill(0)
    this.#round = 1
  }
}

interface Stamps {
  readonly found: Uint32Array
  readonly settled: Uint32Array
  readonly suspected: Uint32Array
  readonly round: number
  readonly programs: ProgramCache
  readonly passes: readonly PresencePass[]
}

interface Suspect {
  readonly signature: number
  readonly start: number
  readonly end: number
}

/** One match of one content. */
class Run {
  readonly #image: DatabaseImage
  readonly #kernel: Kernel
  readonly #table: AnchorTableView
  readonly #subject: Subject
  readonly #window: ContentWindow
  readonly #options: MatchOptions
  readonly #stamps: Stamps
  readonly #seeker: Seeker
  readonly #search: PatternSearch
  readonly #suspects: Suspect[] = []
  /** Counts of patterns that were searched for, with the limit up to which they were counted. */
  readonly #counts = new Map<number, { count: number; limit: number }>()
  #done = false

  constructor(
    image: DatabaseImage,
    kernel: Kernel,
    table: AnchorTableView,
    subject: Subject,
    window: ContentWindow,
    options: MatchOptions,
    stamps: Stamps,
  ) {
    this.#image = image
    this.#kernel = kernel
    this.#table = table
    this.#subject = subject
    this.#window = window
    this.#options = options
    this.#stamps = stamps
    this.#seeker = new Seeker(kernel, subject.content, window)
    this.#search = new PatternSearch(image.programs, stamps.programs, subject, this.#seeker, options.budget)
  }

  all(): void {
    this.#direct()
    this.#prefilter()
    this.#presence()
    for (const signature of this.#table.always) this.#suspect(signature, -1, -1)
    for (let i = 0; i < this.#suspects.length && !this.#done; i++) this.#judge(this.#suspects[i])
  }

  #direct(): void {
    for (const pattern of this.#table.direct) {
      if (this.#done) return
      const found = this.#search.search(this.#image.patternStart[pattern], 1)
      this.#stamps.settled[pattern] = this.#stamps.round
      if (found.count > 0) this.#hit(pattern, found.start, found.end)
    }
  }

  /** Settles what is not there of the patterns that signatures without an anchor ask for. */
  #presence(): void {
    const { passes, settled, round } = this.#stamps
    for (const { patterns, tables } of passes) {
      if (this.#done) return
      this.#options.budget.spend(this.#subject.content.length >> 4)
      const found = this.#seeker.present(tables, (1 << patterns.length) - 1)
      patterns.forEach((pattern, bit) => {
        if ((found & (1 << bit)) === 0) settled[pattern] = round
      })
    }
  }

  #prefilter(): void {
    // A window that starts in the last three bytes may still belong to an entry whose fourth byte is free.
    const last = this.#subject.content.length
    // A multiple of the table's stride, so that pieces are looked at like the whole.
    const stride = Math.min(KERNEL_STRIDE_BYTES, this.#window.capacity - 4 * WINDOW_BYTES) & ~3
    for (let from = 0; from < last && !this.#done; from += stride) {
      this.#scan(from, Math.min(from + stride, last))
      this.#options.budget.checkClock()
    }
  }

  #scan(from: number, to: number): void {
    const { candidates, state } = this.#kernel
    // Bytes before and after are brought along for the comparison of the extra bytes.
    const low = Math.max(0, from - WINDOW_BYTES)
    const high = Math.min(to + 2 * WINDOW_BYTES, this.#subject.content.length)
    let position = from
    let entry = 0
    while (position < to && !this.#done) {
      const base = this.#window.bring(low, high)
      const count = this.#kernel.scan(this.#table, position - base, to - base, entry)
      position = state[0] + base
      entry = state[1]!
      for (let i = 0; i < count && !this.#done; i++) this.#candidate(candidates[i * 2] + base, candidates[i * 2 + 1])
    }
  }

  #candidate(position: number, entry: number): void {
    const { anchors } = this.#table
    const pattern = anchors[entry * 2]
    const { found, settled, round } = this.#stamps
    if (found[pattern] === round || settled[pattern] === round) return
    this.#options.budget.spend(16)
    const place = anchors[entry * 2 + 1]
    const distance = (place & 0xffffff) - DISTANCE_BIAS
    const start = this.#image.patternStart[pattern]
    const { programs } = this.#image
    if (distance === UNKNOWN_DISTANCE) return this.#settle(pattern, start)
    const partStart = position - distance
    if (partStart < 0) return
    const partPc = partAt(programs, start, place >>> 24)
    const end = this.#endOfPart(partPc, partStart)
    if (end < 0) return
    if (!isSinglePart(programs, start)) return this.#settle(pattern, start)
    if (programs[start] !== 0 && !contains(resolvePlaces(programs, start, this.#subject), partStart)) return
    this.#hit(pattern, partStart, end)
  }

  #endOfPart(partPc: number, start: number): number {
    const { programs } = this.#image
    const { content } = this.#subject
    if (!isVariable(programs, partPc)) return matchFixed(programs, partPc, content, start)
    return matchVariable(programs, partPc, content, start, steps => this.#options.budget.spend(steps))[0] ?? -1
  }

  /** Decides a pattern for good by searching the whole content. */
  #settle(pattern: number, start: number): void {
    this.#stamps.settled[pattern] = this.#stamps.round
    const found = this.#search.search(start, 1)
    if (found.count > 0) this.#hit(pattern, found.start, found.end)
  }

  #hit(pattern: number, start: number, end: number): void {
    this.#stamps.found[pattern] = this.#stamps.round
    const signature = this.#image.patternSignature[pattern]
    if ((this.#image.signatureInfo[signature] & SIGNATURE.LOGICAL) === 0) this.#report(signature, start, end)
    else this.#suspect(signature, start, end)
  }

  #suspect(signature: number, start: number, end: number): void {
    if (this.#stamps.suspected[signature] === this.#stamps.round) return
    this.#stamps.suspected[signature] = this.#stamps.round
    this.#suspects.push({ signature, start, end })
  }

  #judge({ signature, start, end }: Suspect): void {
    const { conditionsStart, conditions, logic, logicStart, meta } = this.#image
    const at = conditionsStart[signature]
    if (at !== NO_CONDITIONS && !conditionsHold(conditions, at, meta.typeNames, this.#subject)) return
    const count = (id: number, limit: number): number => this.#count(signature, id, limit)
    if (expressionHolds(logic, logicStart[signature], count)) this.#report(signature, start, end)
  }

  /** Matches of one subsignature, over its patterns, up to `limit`. */
  #count(signature: number, id: number, limit: number): number {
    const { firstPattern, patternSub } = this.#image
    let count = 0
    for (let pattern = firstPattern[signature]; pattern < firstPattern[signature + 1] && count < limit; pattern++)
      if ((patternSub[pattern] & ~PATTERN_ANCHORED) === id) count += this.#countPattern(pattern, limit)
    return count
  }

  #countPattern(pattern: number, limit: number): number {
    const { found, settled, round } = this.#stamps
    // Expressions are judged when the prefilter is through: what it searched for and did not find is not there.
    if (found[pattern] !== round && (this.#image.patternSub[pattern] & PATTERN_ANCHORED) !== 0) return 0
    if (found[pattern] === round) {
      if (limit === 1) return 1
    } else if (settled[pattern] === round) return 0
    const known = this.#counts.get(pattern)
    if (known !== undefined && (known.limit >= limit || known.count < known.limit)) return known.count
    const { count } = this.#search.search(this.#image.patternStart[pattern], limit)
    this.#counts.set(pattern, { count, limit })
    return count
  }

  #report(signature: number, start: number, end: number): void {
    const info = this.#image.signatureInfo[signature]
    if ((info & SIGNATURE.MARK) !== 0) {
      const { firstMark, marks } = this.#image.meta
      return this.#options.onMark?.(marks[signature - firstMark], start)
    }
    const logical = (info & SIGNATURE.LOGICAL) !== 0
    if (!this.#options.onMatch({ signature, logical, unwanted: (info & SIGNATURE.UNWANTED) !== 0, start, end }))
      this.#done = true
  }
}
