import { encodeHex } from '../../bytes/index.ts'
import { FUNCTIONALITY_LEVEL } from '../language/conditions.ts'
import { databaseKind, readIgnoreList } from '../language/databases.ts'
import { DIGESTS, HASH_KINDS, type ContentSignature, type Pattern } from '../language/ir.ts'
import type { HashRecord, LinePlace, SignatureSink } from '../language/lines.ts'
import { LineError, PROBLEMS, type Problem, type ProblemCode } from '../language/problems.ts'
import { IMAGE_FORMAT, NO_CONDITIONS, PATTERN_ANCHORED, SIGNATURE, type ImageMeta } from '../image/layout.ts'
import { ALL_PHASES, AnchorCollector, buildAnchorTable, phasesOf } from './anchor-table.ts'
import { chooseAnchor, type Anchor } from './anchors.ts'
import { encodeConditions, encodeExpression } from './encode-logic.ts'
import { encodePattern } from './encode-pattern.ts'
import { MARKS_SOURCE } from './marks.ts'
import { GrowableBytes, GrowableWords, SharedPrograms } from './growable.ts'
import { HashSetBuilder } from './hash-set.ts'
import { writeImage, type ChecksumPort, type SectionInput } from './image-writer.ts'
import { Rarity } from './rarity.ts'
import { chooseTriggers } from './triggers.ts'

/** A database file: its name (without folder) decides how it is read; the bytes are asked for once. */
export interface DatabaseSource {
  readonly name: string
  read(): Uint8Array
}

export interface CompileOptions {
  /** ClamAV type names that exist, for Container and Intermediates. */
  readonly knownTypes: ReadonlySet<string>
  /** Read .hdu, .ndu and the like: signatures of potentially unwanted programs. */
  readonly unwanted: boolean
  readonly ports: ChecksumPort
}

export interface CompileResult {
  /** The image file, in order. */
  readonly chunks: readonly Uint8Array[]
  readonly meta: ImageMeta
  /** Every line that was left out, in order of files and lines; the first MAX_PROBLEMS of them. */
  readonly problems: readonly Problem[]
}

/** Database files: records have sixteen bits for their number. */
const MAX_SOURCES = 65_535
/** Problems that are listed one by one; beyond that they are only counted. */
export const MAX_PROBLEMS = 100_000
/**
 * Cost of a pattern that is only looked at in a few places of a file: dear, although the look is cheap, because such
 * patterns (`0:4d5a`) are often true, and then the rest of their signature has to be searched for.
 */
const DIRECT_COST = 2 ** -9
/** Start positions up to which a pattern without an anchor is tried place by place. */
const MAX_DIRECT_SHIFT = 256

/** Target 0: signatures that apply to every type. */
const ANY_TARGET = 0
const collectorKey = (target: number, phases: number): string => `${target}/${phases}`

/** How one subsignature would be searched for. */
interface SearchPlan {
  readonly cost: number
  readonly anchors: readonly (Anchor | undefined)[]
}

class Compiler implements SignatureSink {
  readonly options: CompileOptions
  readonly rarity = new Rarity()
  readonly problems: Problem[] = []
  readonly skipped: Record<string, number> = {}
  readonly sources: { name: string; bytes: number; signatures: number; skipped: number }[] = []
  /** Names to leave out, each with the MD5 digests of the lines that are meant (undefined: every line). */
  readonly ignored = new Map<string, (string | undefined)[]>()
  readonly typeNames: string[] = []
  readonly names = new GrowableBytes()
  readonly programs = new GrowableBytes()
  readonly patternStart = new GrowableWords()
  readonly patternSignature = new GrowableWords()
  readonly patternSub = new GrowableBytes()
  readonly firstPattern = new GrowableWords()
  readonly info = new GrowableWords()
  readonly logicStart = new GrowableWords()
  readonly conditionsStart = new GrowableWords()
  readonly logic = new SharedPrograms()
  readonly conditions = new SharedPrograms()
  readonly records = new GrowableBytes()
  readonly collectors = new Map<string, AnchorCollector>()
  readonly hashSets = HASH_KINDS.flatMap(kind => DIGESTS.map(digest => new HashSetBuilder(kind, digest)))
  readonly #encoder = new TextEncoder()
  readonly #decoder = new TextDecoder()
  /** Names of marks, once they are being added. */
  #marks: string[] | undefined
  /** The file that is being read. */
  #bytes: Uint8Array = new Uint8Array(0)

  constructor(options: CompileOptions) {
    this.options = options
  }

  get #source(): { name: string; bytes: number; signatures: number; skipped: number } {
    return this.sources.at(-1)!
  }

  problem(line: number, code: ProblemCode, message: string): void {
    this.skipped[code] = (this.skipped[code] ?? 0) + 1
    this.#source.skipped++
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ file: this.#source.name, line, code, message })
  }

  hash(record: HashRecord, nameStart: number, nameEnd: number, place: LinePlace): void {
    const bytes = this.#bytes
    if (this.ignored.size > 0 && this.#isIgnored(this.#decoder.decode(bytes.subarray(nameStart, nameEnd)), place))
      return this.problem(place.number, 'ignored', PROBLEMS.ignored)
    const set = this.hashSets[HASH_KINDS.indexOf(record.kind) * DIGESTS.length + DIGESTS.indexOf(record.digest)]
    const nameAt = this.names.length
    this.names.append(bytes, nameStart, nameEnd)
    set.add(record.value, record.size, nameAt, nameEnd - nameStart, this.sources.length - 1, place.number)
    this.#source.signatures++
  }

  #isIgnored(name: string, place: LinePlace): boolean {
    const digests = this.ignored.get(name)
    if (digests === undefined) return false
    if (digests.includes(undefined)) return true
    return digests.includes(encodeHex(this.options.ports.md5(this.#bytes.subarray(place.start, place.end))))
  }

  content(signature: ContentSignature, place: LinePlace): void {
    if (this.#marks === undefined && this.ignored.size > 0 && this.#isIgnored(signature.name, place))
      throw new LineError('ignored')
    const index = this.info.length
    const phases = signature.target === ANY_TARGET ? ALL_PHASES : [phasesOf(signature.target)]
    const plans = phases.map(count => signature.subsignatures.map(patterns => this.#plan(patterns, count)))
    const costOf = (id: number): number => plans[0][id].cost
    const before = this.#parts.map(part => part.length)
    try {
      this.firstPattern.push(this.patternStart.length)
      signature.subsignatures.forEach((patterns, sub) =>
        patterns.forEach(pattern => this.#addPattern(pattern, index, sub)),
      )
      this.logicStart.push(this.logic.add(out => encodeExpression(signature.expression, costOf, out)))
      this.#addConditions(signature)
    } catch (error) {
      this.#rollBack(before)
      throw error
    }
    const flags = (signature.kind === 'logical' ? SIGNATURE.LOGICAL : 0) | (signature.unwanted ? SIGNATURE.UNWANTED : 0)
    const mark = this.#marks === undefined ? 0 : SIGNATURE.MARK
    this.info.push(flags | mark | (signature.target << SIGNATURE.TARGET_SHIFT))
    if (this.#marks === undefined) this.#addRecord(signature.name, place.number)
    else this.#marks.push(signature.name)
    this.#addAllTriggers(signature, index, phases, plans)
    this.#source.signatures++
  }

  #plan(patterns: readonly Pattern[], phases: number): SearchPlan {
    const anchors = patterns.map(pattern => chooseAnchor(pattern, this.rarity, phases))
    let cost = 0
    patterns.forEach((pattern, i) => {
      cost += anchors[i]?.cost ?? (isDirect(pattern) ? DIRECT_COST : Infinity)
    })
    return { cost, anchors }
  }

  #addPattern(pattern: Pattern, signature: number, sub: number): void {
    this.patternStart.push(this.programs.length)
    this.patternSignature.push(signature)
    this.patternSub.u8(sub)
    encodePattern(pattern, this.programs)
  }

  #addConditions(signature: ContentSignature): void {
    if (Object.keys(signature.conditions).length === 0) return this.conditionsStart.push(NO_CONDITIONS)
    const add = (out: GrowableBytes): void => encodeConditions(signature.conditions, name => this.#typeIndex(name), out)
    this.conditionsStart.push(this.conditions.add(add))
  }

  #typeIndex(name: string): number {
    const known = this.typeNames.indexOf(name)
    return known >= 0 ? known : this.typeNames.push(name) - 1
  }

  #addRecord(name: string, line: number): void {
    const bytes = this.#encoder.encode(name)
    this.records.u32(this.names.length)
    this.records.u16(bytes.length)
    this.records.u16(this.sources.length - 1)
    this.records.u32(line)
    this.names.append(bytes)
  }

  /** Enters a signature into the tables; patterns that all of them search for are marked. */
  #addAllTriggers(
    signature: ContentSignature,
    index: number,
    phases: readonly number[],
    plans: readonly (readonly SearchPlan[])[],
  ): void {
    const anchored = phases.map((count, i) =>
      this.#addTriggers(signature, index, plans[i], this.#collector(signature.target, count)),
    )
    for (const pattern of anchored[0])
      if (anchored.every(patterns => patterns.has(pattern))) this.patternSub.bytes[pattern] |= PATTERN_ANCHORED
  }

  /** @returns numbers of the patterns that have anchors now */
  #addTriggers(
    signature: ContentSignature,
    index: number,
    plans: readonly SearchPlan[],
    collector: AnchorCollector,
  ): ReadonlySet<number> {
    const anchored = new Set<number>()
    const triggers = chooseTriggers(signature.expression, id => plans[id].cost)
    if (triggers === undefined || triggers.cost === Infinity) {
      collector.always.push(index)
      return anchored
    }
    let pattern = this.firstPattern.words[index]
    plans.forEach(({ anchors }, sub) => {
      const chosen = triggers.ids.includes(sub)
      for (const anchor of anchors) {
        if (chosen && anchor === undefined) collector.direct.push(pattern)
        else if (chosen && anchor !== undefined) {
          collector.addAnchor(pattern, anchor)
          anchored.add(pattern)
        }
        pattern++
      }
    })
    return anchored
  }

  #collector(target: number, phases: number): AnchorCollector {
    const key = collectorKey(target, phases)
    let collector = this.collectors.get(key)
    if (collector === undefined) this.collectors.set(key, (collector = new AnchorCollector()))
    return collector
  }

  /** What a signature appends to; shared programs stay: others may use them. */
  get #parts(): readonly { length: number }[] {
    return [
      this.programs,
      this.patternStart,
      this.patternSignature,
      this.patternSub,
      this.firstPattern,
      this.logicStart,
      this.conditionsStart,
    ]
  }

  #rollBack(mark: readonly number[]): void {
    this.#parts.forEach((part, i) => (part.length = mark[i]!))
  }

  read(source: DatabaseSource): void {
    const kind = databaseKind(source.name)
    const bytes = (this.#bytes = source.read())
    this.sources.push({ name: source.name, bytes: bytes.length, signatures: 0, skipped: 0 })
    if (kind === undefined || this.sources.length > MAX_SOURCES)
      return this.problem(0, 'unsupported-database', PROBLEMS['unsupported-database'])
    if (kind.unwanted === true && !this.options.unwanted)
      return this.problem(0, 'unwanted-off', PROBLEMS['unwanted-off'])
    kind.reader(bytes, this, { knownTypes: this.options.knownTypes, unwanted: kind.unwanted === true })
  }

  readIgnored(source: DatabaseSource): void {
    const form = databaseKind(source.name)?.ignores
    if (form !== undefined)
      for (const { name, lineMd5 } of readIgnoreList(source.read(), form))
        this.ignored.set(name, [...(this.ignored.get(name) ?? []), lineMd5])
  }

  /** The marks come last, so that the numbers of signatures do not depend on them. */
  addMarks(): void {
    this.#marks = []
    this.#bytes = this.#encoder.encode(MARKS_SOURCE)
    const source = { name: 'marks.ldb', bytes: 0, signatures: 0, skipped: 0 }
    this.sources.push(source)
    databaseKind(source.name)?.reader(this.#bytes, this, { knownTypes: this.options.knownTypes, unwanted: false })
    this.sources.pop()
    if (source.skipped > 0) throw new Error(`a mark cannot be compiled: ${this.problems.at(-1)?.message}`)
  }

  /** Targets that have a table: "any", and those with signatures of their own. */
  #targets(): number[] {
    const targets = Array.from(this.info.view(), info => info >>> SIGNATURE.TARGET_SHIFT)
    return [...new Set([ANY_TARGET, ...targets])].sort((a, b) => a - b)
  }

  finish(): CompileResult {
    const tables = this.#targets().map(target => {
      const any = this.#collector(ANY_TARGET, phasesOf(target))
      const own = target === ANY_TARGET ? [] : [this.#collector(target, phasesOf(target))]
      return buildAnchorTable(target, [...own, any])
    })
    const sets = this.hashSets.filter(set => set.count > 0).map(set => set.build())
    this.firstPattern.push(this.patternStart.length)
    const allowed = sets.filter(set => set.meta.kind === 'allow').reduce((sum, set) => sum + set.meta.count, 0)
    const total = this.sources.reduce((sum, source) => sum + source.signatures, 0)
    const meta: ImageMeta = {
      format: IMAGE_FORMAT,
      functionalityLevel: FUNCTIONALITY_LEVEL,
      signatures: total - allowed,
      allowed,
      contentSignatures: this.info.length,
      patterns: this.patternStart.length,
      sources: this.sources,
      skipped: this.skipped,
      typeNames: this.typeNames,
      firstMark: this.info.length - (this.#marks?.length ?? 0),
      marks: this.#marks ?? [],
      tables: tables.map(table => table.meta),
      hashSets: sets.map(set => set.meta),
    }
    const hot = (name: string, data: Uint8Array | Uint32Array): SectionInput => ({ name, data, hot: true })
    const cold = (name: string, data: Uint8Array | Uint32Array): SectionInput => ({ name, data, hot: false })
    const sections = [
      hot('meta', this.#encoder.encode(JSON.stringify(meta))),
      ...tables.flatMap(table => [
        hot(`t${table.meta.target}.filter`, table.filter),
        hot(`t${table.meta.target}.starts`, table.starts),
        hot(`t${table.meta.target}.pair-filter`, table.pairFilter),
        hot(`t${table.meta.target}.pair-starts`, table.pairStarts),
        hot(`t${table.meta.target}.entries`, table.entries),
        hot(`t${table.meta.target}.anchors`, table.anchors),
        hot(`t${table.meta.target}.always`, table.always),
        hot(`t${table.meta.target}.direct`, table.direct),
      ]),
      ...sets.flatMap(set => [
        hot(`${set.meta.kind}.${set.meta.digest}.starts`, set.starts),
        hot(`${set.meta.kind}.${set.meta.digest}.prefixes`, set.prefixes),
        hot(`${set.meta.kind}.${set.meta.digest}.sizes`, set.sizes),
      ]),
      hot('pattern.start', this.patternStart.view()),
      hot('pattern.signature', this.patternSignature.view()),
      hot('pattern.sub', this.patternSub.view()),
      hot('pattern.programs', this.programs.view()),
      hot('signature.first', this.firstPattern.view()),
      hot('signature.info', this.info.view()),
      hot('signature.logic', this.logicStart.view()),
      hot('signature.conditions', this.conditionsStart.view()),
      hot('logic', this.logic.view()),
      hot('conditions', this.conditions.view()),
      ...sets.map(set => cold(`${set.meta.kind}.${set.meta.digest}.records`, set.records)),
      cold('content.records', this.records.view()),
      cold('names', this.names.view()),
    ]
    return { chunks: writeImage(sections, this.options.ports), meta, problems: this.problems }
  }
}

/** True where a pattern can only start in a few places of a file. */
function isDirect(pattern: Pattern): boolean {
  const { base, maxShift } = pattern.offset
  return base !== 'any' && base !== 'in-section' && base !== 'version-info' && maxShift <= MAX_DIRECT_SHIFT
}

/**
 * Compiles signature databases into an image. Deterministic: the same sources give the same bytes, in whatever order
 * they are given. Bad lines are reported and left out; nothing that the input holds makes this throw.
 * Cost: about a second per 300,000 signatures; memory about twice the image.
 */
export function compileDatabase(sources: readonly DatabaseSource[], options: CompileOptions): CompileResult {
  const sorted = [...sources].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const compiler = new Compiler(options)
  for (const source of sorted) compiler.readIgnored(source)
  for (const source of sorted) compiler.read(source)
  compiler.addMarks()
  return compiler.finish()
}
