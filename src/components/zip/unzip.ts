import { zip } from '../../formats/index.ts'
import type { ComponentContext, ComponentInput, Emission, MissedEmission } from '../../scan/index.ts'
import { MemberExtraction } from './extract-member.ts'
import type { Extracted, Shared } from './extract-member.ts'
import { Prober } from './outcome.ts'
import { Passwords } from './passwords.ts'

// The whole archive: members that directories tell of, members that follow them, and what lies between.

/** Passes over the gaps: the second finds what the first uncovered; more than three find nothing in practice. */
const MAX_PASSES = 4
/** Characters of the comment that are shown. */
const MAX_COMMENT = 200
/** Gaps that become children; an attacker may make as many as he likes. */
const MAX_GAPS = 10_000
/** Missed members that are named. */
const MAX_MISSED = 1000
/** A gap of at most this many bytes is padding. */
const MAX_PADDING = 3
/** A member with its records is longer. */
const MIN_LOST = 30
/** What tells that a record is lost. */
const LOSSES: readonly zip.Difference[] = ['count', 'directory-size', 'directory', 'unlisted']
const APK_BLOCK = 'APK Sig Block 42'
const LOCAL_SIGNATURE_SIZE = 4

const LOST = {
  volume: {
    reason: 'unsupported',
    detail: 'It starts in another volume of the archive; join the volumes to scan it',
  },
  outside: { reason: 'malformed', detail: 'The directory points to where no member is' },
} as const

export class Unzip {
  readonly #input: ComponentInput
  readonly #archive: zip.Archive
  readonly #shared: Shared
  /** Everything that a child holds or a record is. */
  readonly #covered: zip.Coverage
  /** Of that, what certainly is what it seems: no other record is looked for inside. */
  readonly #settled: zip.Coverage
  readonly #names = new Set<string>()
  readonly #extents: { readonly start: number; readonly end: number }[] = []
  /** Of the member before: no other record is looked for up to there. */
  #settledEnd = 0
  #members = 0
  #missed = 0
  readonly #untold = new Map<MissedEmission['reason'], number>()
  #encrypted = 0

  constructor(input: ComponentInput, context: ComponentContext) {
    const archive = new zip.Archive(input.bytes)
    let ends: zip.DescriptorEnds | undefined
    this.#input = input
    this.#archive = archive
    this.#settled = archive.coverage
    this.#covered = new zip.Coverage()
    this.#shared = {
      archive,
      passwords: new Passwords(context.passwords, context.crypto),
      prober: new Prober(),
      descriptorEnds: () => (ends ??= new zip.DescriptorEnds(input.bytes, archive.places)),
    }
  }

  *run(): Generator<Emission> {
    const { places, members } = this.#archive
    this.#coverMarker()
    if (places.locals[0] === 0) members.discover(0)
    yield* this.#drain()
    for (let pass = 0; pass < MAX_PASSES && (yield* this.#searchGaps()); pass++);
    yield* this.#lost()
    yield* this.#gaps()
    yield* this.#facts()
  }

  /** "PK\7\8" or "PK00" before the first member: made as, or meant to become, one of several volumes. */
  #coverMarker(): void {
    const { bytes } = this.#input
    if (this.#archive.places.locals[0] !== LOCAL_SIGNATURE_SIZE) return
    const [, , c, d] = bytes
    if ((c === 7 && d === 8) || (c === 0x30 && d === 0x30)) this.#settled.add(0, LOCAL_SIGNATURE_SIZE)
  }

  /** Every member that is known, and those that follow them. */
  *#drain(): Generator<Emission> {
    for (let member = this.#archive.members.next(); member !== undefined; member = this.#archive.members.next())
      yield* this.#extract(member)
  }

  *#extract(member: zip.Member): Generator<Emission> {
    const archive = this.#archive
    const { name, properties } = this.#nameOf(member)
    const extraction = new MemberExtraction(this.#shared, member, name, properties)
    for (const emission of extraction.run()) if (emission.emit !== 'missed' || this.#isTold(emission)) yield emission
    this.#members++
    const { result } = extraction
    if (member.entries.length === 0) archive.differences.note('unlisted', member.at)
    if (result.isEncrypted && this.#encrypted++ === 0) yield { emit: 'property', name: 'encrypted', value: 'zip' }
    this.#cover(member, result)
  }

  /** Keeps the report small: what is missed after MAX_MISSED others is only counted. */
  #isTold({ reason }: MissedEmission): boolean {
    if (++this.#missed <= MAX_MISSED) return true
    this.#untold.set(reason, (this.#untold.get(reason) ?? 0) + 1)
    return false
  }

  #nameOf(member: zip.Member): { name: string; properties: readonly { name: string; value: string }[] } {
    const { differences } = this.#archive
    const { at, local, entries, isSigned } = member
    const localName = zip.nameOf(local)
    const [first, ...rest] = entries.map(zip.nameOf)
    const { name, others } = first ?? localName
    const properties: { name: string; value: string }[] = []
    if (isSigned && localName.name !== name) properties.push({ name: 'zip.local-name', value: localName.name })
    for (const { name: other } of rest) if (other !== name) properties.push({ name: 'zip.other-name', value: other })
    for (const other of others) properties.push({ name: 'zip.other-name', value: other })
    if (properties.length > 0) differences.note('names', at)
    if (!name.endsWith('/')) {
      if (this.#names.has(name)) differences.note('duplicates', at)
      this.#names.add(name)
    }
    return { name, properties }
  }

  /** Notes what belongs to the member, and looks for another one right behind it. */
  #cover(member: zip.Member, result: Extracted): void {
    const { local, at, isSigned } = member
    const start = isSigned ? at : local.end
    this.#settled.add(start, local.end)
    // What sound data leave over of their declared size is a gap.
    this.#covered.add(start, result.isSound ? local.end : result.declaredEnd)
    let last = local.end
    // Where nothing came to an end, the declared one must do to find what follows.
    if (result.ends.size === 0) result.ends.set(result.declaredEnd, false)
    this.#settledEnd = local.end
    for (const [end, isSound] of result.ends) {
      const behind = this.#behindDescriptor(member, end)
      last = Math.max(last, behind)
      this.#covered.add(local.end, behind)
      this.#settled.add(isSound ? local.end : end, behind)
      if (isSound) this.#settledEnd = Math.max(this.#settledEnd, behind)
      this.#archive.members.discover(behind)
    }
    if (result.isSound && Math.max(...result.ends.keys()) + MAX_PADDING < result.declaredEnd)
      this.#archive.differences.note('trailing', at)
    this.#extents.push({ start, end: result.ends.size === 1 ? last : local.end })
  }

  #behindDescriptor({ local, entries }: zip.Member, end: number): number {
    const { bytes, archive } = { bytes: this.#input.bytes, archive: this.#archive }
    const fields = entries[0] ?? local
    const packed = end - local.end
    const descriptor = zip.descriptorAt(bytes, end, packed, fields.unpacked, fields.crc)
    if (descriptor === undefined) return end
    const isRight = descriptor.packed === packed % 0x1_0000_0000
    const isDeclared = ((local.flags | fields.flags) & 8) !== 0
    if (isDeclared && !isRight) archive.differences.note('sizes', local.at)
    return isDeclared || isRight ? end + descriptor.size : end
  }

  /** Records in what is not settled. True where a member was found. */
  *#searchGaps(): Generator<Emission, boolean> {
    const { places, members } = this.#archive
    const before = this.#members
    for (const gap of this.#settled.gaps(this.#input.bytes.length)) {
      this.#archive.readOrphans(gap)
      yield* this.#drain()
      const { locals } = places
      let reached = gap.start
      for (let i = zip.lowerBound(locals, gap.start); i < locals.length && locals[i] < gap.end; i++) {
        if (locals[i] < reached || members.discover(locals[i]) === undefined) continue
        yield* this.#drain()
        reached = Math.max(reached, this.#settledEnd)
      }
    }
    return this.#members > before
  }

  *#lost(): Generator<Emission> {
    for (const { entry, why } of this.#archive.lost) {
      const missed: MissedEmission = { emit: 'missed', ...LOST[why], member: zip.nameOf(entry).name }
      if (this.#isTold(missed)) yield missed
    }
    for (const [reason, count] of this.#untold) yield { emit: 'missed', reason, detail: `${count} more members` }
    if (this.#archive.clipped || this.#archive.members.clipped)
      yield { emit: 'missed', reason: 'too-large', detail: 'There are more records than are followed' }
    if (this.#archive.places.extraData.length > 0 && this.#archive.differences.has('directory'))
      yield { emit: 'missed', reason: 'encrypted', detail: 'The central directory is encrypted' }
  }

  /** What no record and no member holds. */
  *#gaps(): Generator<Emission> {
    const { bytes, type } = this.#input
    const { differences } = this.#archive
    let count = 0
    for (const { start, end } of this.#gapsOfAll()) {
      if (end - start <= MAX_PADDING || isZero(bytes, start, end)) continue
      if (++count > MAX_GAPS) {
        yield { emit: 'missed', reason: 'too-large', detail: `More than ${MAX_GAPS} gaps between members` }
        return
      }
      if (start === 0) {
        if (type !== 'zip-sfx') differences.note('prepended', start)
      } else if (end === bytes.length) {
        if (type !== 'zip-sfx') differences.note('appended', start)
      } else if (!isApkBlock(bytes, start, end)) differences.note('gaps', start)
      if (start > 0 && end - start >= MIN_LOST && LOSSES.some(loss => differences.has(loss)))
        yield { emit: 'missed', reason: 'malformed', detail: 'Records are damaged: content between them is no member' }
      yield { emit: 'child', name: `gap-at-${start}`, relation: 'supplementary', content: bytes.subarray(start, end) }
    }
  }

  #gapsOfAll(): readonly { readonly start: number; readonly end: number }[] {
    const { length } = this.#input.bytes
    let reached = 0
    for (const { start, end } of this.#settled.gaps(length)) {
      this.#covered.add(reached, start)
      reached = end
    }
    this.#covered.add(reached, length)
    return this.#covered.gaps(length)
  }

  *#facts(): Generator<Emission> {
    const { comment, differences } = this.#archive
    this.#noteOverlaps()
    yield { emit: 'property', name: 'zip.members', value: `${this.#members}` }
    if (this.#encrypted > 0) yield { emit: 'property', name: 'zip.encrypted-members', value: `${this.#encrypted}` }
    if (comment.length > 0)
      yield { emit: 'property', name: 'zip.comment', value: zip.commentText(comment).slice(0, MAX_COMMENT) }
    for (const { difference, count, first } of differences.all()) {
      const [code, sentence] = zip.DIFFERENCES[difference]
      yield { emit: 'anomaly', code, detail: count === 1 ? sentence : `${sentence} (${count} times)`, offset: first }
    }
  }

  #noteOverlaps(): void {
    let reached = 0
    for (const { start, end } of this.#extents.sort((a, b) => a.start - b.start)) {
      if (start < reached) {
        this.#archive.differences.note('overlap', start)
        this.#archive.differences.note('overlapping', start)
      }
      reached = Math.max(reached, end)
    }
  }
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false
  return true
}

/** The signatures of an Android package stand before the directory. Source: "APK Signature Scheme v2". */
function isApkBlock(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 32) return false
  for (let i = 0; i < APK_BLOCK.length; i++)
    if (bytes[end - APK_BLOCK.length + i] !== APK_BLOCK.charCodeAt(i)) return false
  return true
}
