import type { ContentFault } from '../../bytes/index.ts'
import { zip } from '../../formats/index.ts'
import type { Emission, MissedEmission } from '../../scan/index.ts'
import { Outcome, Prober, firstBytes } from './outcome.ts'
import type { Passwords } from './passwords.ts'

// One member: every reading of it that gives other bytes becomes a child.

/** What members of one archive share. */
export interface Shared {
  readonly archive: zip.Archive
  readonly passwords: Passwords
  readonly prober: Prober
  /** For data that do not tell their end; made when first asked for. */
  readonly descriptorEnds: () => zip.DescriptorEnds
}

/** Data to unpack: compressed as by the reading's method, no longer encrypted. */
interface Packed {
  /** The archive, or decrypted data. */
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  /** Both sizes are those of the archive. */
  readonly isPlain: boolean
  /** A message authentication code has vouched for it. */
  readonly isProven: boolean
}

/** What makes two readings give the same bytes. */
interface Taken {
  readonly method: number
  readonly start: number
  readonly end: number
  readonly encryption: string
  readonly size: number | undefined
}

/** What is known of a member when all readings are through. */
export interface Extracted {
  /** One reading gave what a checksum vouches for. */
  isSound: boolean
  isEncrypted: boolean
  /** Offsets behind the data in each reading that came to an end; true where a checksum vouches for it. */
  readonly ends: Map<number, boolean>
  /** Offset behind the data by the sizes that are declared; clipped to the archive. */
  declaredEnd: number
}

export class MemberExtraction {
  readonly #shared: Shared
  readonly #member: zip.Member
  readonly #name: string
  readonly #properties: readonly { readonly name: string; readonly value: string }[]
  readonly #readings: readonly zip.Reading[]
  readonly #missed: MissedEmission[] = []
  /** What was emitted already. */
  readonly #taken: Taken[] = []
  readonly result: Extracted

  constructor(
    shared: Shared,
    member: zip.Member,
    name: string,
    properties: readonly { readonly name: string; readonly value: string }[],
  ) {
    this.#shared = shared
    this.#member = member
    this.#name = name
    this.#properties = properties
    this.#readings = zip.readingsOf(member, shared.archive.differences)
    const declaredEnd = member.local.end
    this.result = { isSound: false, isEncrypted: false, ends: new Map(), declaredEnd }
  }

  *run(): Generator<Emission> {
    if (this.#member.entries.length === 0 && (this.#member.local.flags & zip.FLAGS.masked) !== 0) {
      this.result.isEncrypted = true
      this.#miss('encrypted', 'Its header is masked, as where the central directory is encrypted')
    }
    for (const reading of this.#readings) if (reading.packed !== undefined) yield* this.#read(reading, reading.packed)
    yield* this.#readOpen()
    for (const missed of this.#missed) if (missed.reason === 'encrypted' || !this.result.isSound) yield missed
  }

  *#read(reading: zip.Reading, packed: number): Generator<Emission> {
    const { bytes } = this.#shared.archive
    const start = this.#member.local.end
    const end = start + packed
    if (end > bytes.length) this.#miss('malformed', `${end - bytes.length} bytes of it lie behind the end of the file`)
    yield* this.#within(reading, start, Math.min(end, bytes.length))
  }

  /** The local header leaves the size open: the data end by themselves, or at a descriptor that fits. */
  *#readOpen(): Generator<Emission> {
    const reading = zip.openReading(this.#member)
    if (reading === undefined) return
    const { bytes } = this.#shared.archive
    const start = this.#member.local.end
    const known = this.#readings.some(({ packed }) => packed !== undefined && packed > 0)
    if (reading.encryption === 'none' && zip.methodOpener(reading.method) !== undefined) {
      const isRead = known && this.#readings.length === 1
      if (!isRead) yield* this.#unpack(reading, { bytes, start, end: bytes.length, isPlain: true, isProven: false })
      return
    }
    const ends = this.#shared.descriptorEnds().of(start)
    for (const end of ends) yield* this.#within(reading, start, end)
    if (ends.length === 0 && !known) yield* this.#within(reading, start, this.#nextRecord(start))
  }

  /** Where data without a size must end, for want of anything better. */
  #nextRecord(start: number): number {
    const { places, bytes } = this.#shared.archive
    let next = bytes.length
    for (const places_ of [places.locals, places.centrals, places.descriptors, places.ends])
      next = Math.min(next, places_[zip.lowerBound(places_, start)] ?? next)
    return next
  }

  /** Reads data whose extent is known. */
  *#within(reading: zip.Reading, start: number, end: number): Generator<Emission> {
    this.result.declaredEnd = Math.max(this.result.declaredEnd, end)
    const { bytes } = this.#shared.archive
    const plain = { bytes, start, end, isPlain: true, isProven: false }
    if (reading.encryption === 'none') yield* this.#unpack(reading, plain)
    else yield* this.#decrypt(reading, plain)
  }

  *#decrypt(reading: zip.Reading, plain: Packed): Generator<Emission> {
    this.result.isEncrypted = true
    if (this.#readsWell(reading, plain)) {
      // Readers that do not know the flag get at it, so it is a reading, too.
      this.#shared.archive.differences.note('encryption', this.#member.at)
      yield* this.#unpack(reading, plain)
    }
    const data = plain.bytes.subarray(plain.start, plain.end)
    if (reading.encryption === 'strong' && !zip.isOpenable(data)) {
      this.#miss('encrypted', 'It is encrypted by certificate, or by a method that is not published')
      return
    }
    const accepts = (opened: Uint8Array): boolean => this.#readsWell(reading, whole(opened, false))
    const opened = this.#shared.passwords.open(data, reading, accepts)
    if (opened === undefined) {
      this.#miss('encrypted', 'It is encrypted, and no known password opens it')
      return
    }
    if (opened.isNews) yield { emit: 'password', password: opened.password }
    yield* this.#unpack(reading, whole(opened.data, opened.isProven))
    this.#addEnd(plain.end, opened.isProven)
  }

  /** True where unpacking gives what the declared checksum vouches for, or fits without a fault where there is none. */
  #readsWell(reading: zip.Reading, { bytes, start, end, isPlain }: Packed): boolean {
    if (reading.method === zip.STORED)
      return reading.crc === undefined ? !isPlain : this.#shared.prober.crc(bytes.subarray(start, end)) === reading.crc
    const opener = zip.methodOpener(reading.method)
    if (opener === undefined) return !isPlain
    const outcome = this.#shared.prober.run(opener(bytes.subarray(0, end), start, reading))
    if (outcome.fault !== undefined) return false
    if (outcome.end === undefined) return outcome.length > 0
    return outcome.crc === reading.crc || (!isPlain && outcome.length === reading.unpacked)
  }

  *#unpack(reading: zip.Reading, packed: Packed): Generator<Emission> {
    if (!this.#isNew(reading, packed)) return
    if (reading.method === zip.STORED) yield* this.#unpackStored(reading, packed)
    else if (zip.methodOpener(reading.method) === undefined) yield* this.#guess(reading, packed)
    else yield* this.#decode(reading, packed)
  }

  #isNew(reading: zip.Reading, { start, end, isPlain }: Packed): boolean {
    const { method } = reading
    const encryption = isPlain ? 'none' : reading.encryption
    const size = zip.isSized(method) ? reading.unpacked : undefined
    for (const taken of this.#taken)
      if (taken.method === method && taken.start === start && taken.end === end)
        if (taken.encryption === encryption && taken.size === size) return false
    this.#taken.push({ method, start, end, encryption, size })
    return true
  }

  *#unpackStored(reading: zip.Reading, packed: Packed): Generator<Emission> {
    const { bytes, start, end, isPlain } = packed
    const outcome = new Outcome()
    const content = outcome.stored(bytes.subarray(start, end), end)
    yield* this.#child(content, 'stored')
    this.#settle(reading, packed, outcome)
    const { unpacked } = reading
    if (unpacked === undefined || unpacked === content.length || unpacked === 0) return
    // Two sizes of the same bytes: a reader believes the one or the other.
    if (start + unpacked > bytes.length || !isPlain) return
    const other = { ...packed, end: start + unpacked }
    const again = new Outcome()
    if (this.#isNew({ ...reading, packed: unpacked }, other))
      yield* this.#child(again.stored(bytes.subarray(start, other.end), other.end), 'stored')
    this.#settle({ ...reading, packed: unpacked }, other, again)
  }

  *#decode(reading: zip.Reading, packed: Packed): Generator<Emission> {
    const { bytes, start, end, isPlain } = packed
    const { archive, prober } = this.#shared
    const opener = zip.methodOpener(reading.method)!
    const input = end < bytes.length ? bytes.subarray(0, end) : bytes
    const outcome = new Outcome()
    if (this.#isFolder() && this.#isEmpty(opener(input, start, reading))) {
      this.#addEnd(end, true)
      return
    }
    yield* this.#child(outcome.pieces(opener(input, start, reading)), zip.methodName(reading.method))
    this.#settle(reading, packed, outcome)
    if (reading.unpacked !== undefined && reading.unpacked > 0 && reading.unpacked < outcome.length % 0x1_0000_0000)
      yield* this.#child(
        firstBytes(new Outcome().pieces(opener(input, start, reading)), reading.unpacked),
        zip.methodName(reading.method),
      )
    if (outcome.fault === undefined || !isPlain || end === bytes.length) return
    // A reader that does not know the size reads on where another one stops.
    const unlimited = prober.run(opener(bytes, start, reading))
    if (unlimited.length <= outcome.length) return
    archive.differences.note('sizes', this.#member.at)
    const again = new Outcome()
    yield* this.#child(again.pieces(opener(bytes, start, reading)), zip.methodName(reading.method))
    if (again.end !== undefined) this.#settle({ ...reading, unpacked: undefined }, { ...packed, end: again.end }, again)
  }

  #isEmpty(decoder: Generator<Uint8Array, number, void>): boolean {
    const outcome = new Outcome()
    for (const _ of outcome.pieces(decoder)) if (outcome.length > 0) return false
    return outcome.fault === undefined
  }

  #isFolder(): boolean {
    return this.#name.endsWith('/')
  }

  /** A method that nobody here knows: some readers take such data for stored, some for deflated. */
  *#guess(reading: zip.Reading, packed: Packed): Generator<Emission> {
    this.#miss('unsupported', `It is compressed by ${zip.methodName(reading.method)}, which cannot be unpacked here`)
    for (const method of [zip.STORED, zip.DEFLATED]) {
      const guess = { ...reading, method }
      if (!this.#readsWell(guess, { ...packed, isPlain: true })) continue
      this.#shared.archive.differences.note('methods', this.#member.at)
      yield* this.#unpack(guess, packed)
    }
  }

  *#child(content: Uint8Array | Iterable<Uint8Array>, method: string): Generator<Emission> {
    if (content instanceof Uint8Array && content.length === 0 && this.#isEmptyFolder()) return
    if (this.#isFolder()) this.#shared.archive.differences.note('folders', this.#member.at)
    yield {
      emit: 'child',
      name: this.#name,
      content,
      properties: [{ name: 'zip.method', value: method }, ...this.#properties],
    }
  }

  /** No file: a folder, or a reading of size zero beside others. */
  #isEmptyFolder(): boolean {
    const { entries } = this.#member
    return this.#name === '' || /[/\\]$/.test(this.#name) || entries[0]?.isDirectory || this.#readings.length > 1
  }

  /** Compares what came out with what was declared. */
  #settle(reading: zip.Reading, packed: Packed, outcome: Outcome): void {
    const { differences } = this.#shared.archive
    const { at } = this.#member
    const { end, fault } = outcome
    if (fault !== undefined) this.#miss(fault.reason, fault.message)
    if (end === undefined) {
      // Nobody wanted it to the end: what is declared must do.
      if (fault === undefined && packed.isPlain && reading.packed !== undefined) this.#addEnd(packed.end, true)
      return
    }
    const isDeclared = this.#readings.some(({ crc }) => crc === outcome.crc)
    const hasChecksum = this.#readings.some(({ crc }) => crc !== undefined)
    const isSound = packed.isProven || isDeclared || !hasChecksum
    if (isSound) this.result.isSound = true
    else differences.note('checksum', at)
    if (packed.isPlain) this.#addEnd(end, isSound)
    const { unpacked } = reading
    if (unpacked === undefined || unpacked % 0x1_0000_0000 === outcome.length % 0x1_0000_0000) return
    differences.note('size', at)
    if (outcome.length < unpacked) this.#miss('malformed', `Only ${outcome.length} of its ${unpacked} bytes came out`)
  }

  #addEnd(end: number, isSound: boolean): void {
    const { ends } = this.result
    ends.set(end, isSound || ends.get(end) === true)
  }

  #miss(reason: ContentFault, detail: string): void {
    if (this.#missed.some(missed => missed.reason === reason && missed.detail === detail)) return
    this.#missed.push({ emit: 'missed', reason, detail, member: this.#name })
  }
}

const whole = (bytes: Uint8Array, isProven: boolean): Packed => ({
  bytes,
  start: 0,
  end: bytes.length,
  isPlain: false,
  isProven,
})
