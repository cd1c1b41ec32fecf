import { ContentError } from '../bytes/index.ts'

/** Output is handed over in pieces of about this many bytes. */
export const PIECE_BYTES = 64 << 10
/** A window starts with this much, and grows with what is really produced. */
const FIRST_BYTES = 64 << 10
/** Longest history of any format that is kept; a distance beyond it is `too-large`. */
export const MAX_HISTORY_BYTES = 256 << 20
/** From here on a native copy is faster than a loop. */
const LONG_COPY_BYTES = 48

/**
 * The sliding output of a decoder: history first, then what is not handed over yet. Decoders write to `bytes` at `at`
 * themselves, until `at` reaches `limit`; then piece(), then open(). A distance is good where it is at most `at`.
 *
 *   0 ────── history ────── handed ── not handed yet ── at ──▶ limit ── slack ── end
 *
 * Memory: at most 1.25 times the history, and never more than twice what was produced. Cost of sliding: at most four
 * bytes copied natively for each byte of output.
 */
export class Window {
  bytes: Uint8Array
  at = 0
  limit = 0
  #handed = 0
  /** Bytes that slid out. */
  #gone = 0
  readonly #historyBytes: number
  readonly #slackBytes: number
  readonly #fullBytes: number

  /**
   * @param historyBytes - how far distances reach, as the format or the stream says; clamped to MAX_HISTORY_BYTES
   * @param slackBytes - how far beyond `limit` one step of the decoder writes
   */
  constructor(historyBytes: number, slackBytes: number) {
    this.#historyBytes = Math.min(historyBytes, MAX_HISTORY_BYTES)
    this.#slackBytes = slackBytes
    const ahead = Math.max(PIECE_BYTES, this.#historyBytes >> 2)
    this.#fullBytes = this.#historyBytes + ahead + PIECE_BYTES + slackBytes
    this.bytes = new Uint8Array(Math.min(this.#fullBytes, FIRST_BYTES + slackBytes))
    this.open()
  }

  /** Before the first byte, as if `size` bytes of `byte` had come before: formats that start with a filled history. */
  prefill(size: number, byte: number): void {
    this.bytes.fill(byte, 0, size)
    this.at = size
    this.#handed = size
    this.#gone = -size
    this.open()
  }

  /** Bytes produced since the start. */
  get produced(): number {
    return this.#gone + this.at
  }

  /** True where piece() has something. */
  get pending(): boolean {
    return this.at > this.#handed
  }

  /** What was written since the last piece; borrowed until open(). */
  piece(): Uint8Array {
    const piece = this.bytes.subarray(this.#handed, this.at)
    this.#handed = this.at
    return piece
  }

  /** Makes room for a piece and the slack behind it. Ends the loan of the last piece. */
  open(): void {
    if (this.at + PIECE_BYTES + this.#slackBytes > this.bytes.length) {
      if (this.bytes.length < this.#fullBytes) this.#grow()
      else this.#slide()
    }
    this.limit = this.at + PIECE_BYTES
  }

  #grow(): void {
    const grown = new Uint8Array(Math.min(this.#fullBytes, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.at))
    this.bytes = grown
    this.open()
  }

  #slide(): void {
    const from = this.at - this.#historyBytes
    this.bytes.copyWithin(0, from, this.at)
    this.#gone += from
    this.#handed -= from
    this.at = this.#historyBytes
  }

  /** Forgets the history: no distance reaches before here. Only directly after piece() and the end of its loan. */
  reset(): void {
    this.#gone += this.at
    this.at = 0
    this.#handed = 0
    this.open()
  }

  /**
   * Copies `length` bytes (at most to limit + slack) from `distance` ≥ 1 back; they may overlap.
   * @throws ContentError for a distance that reaches too far
   */
  copy(distance: number, length: number, offset?: number): void {
    const { bytes } = this
    let { at } = this
    let from = at - distance
    if (from < 0) this.tooFar(distance, offset)
    this.at = at + length
    if (length >= LONG_COPY_BYTES && distance >= length) bytes.copyWithin(at, from, from + length)
    else if (length >= LONG_COPY_BYTES && distance === 1) bytes.fill(bytes[from], at, at + length)
    else for (const end = at + length; at < end;) bytes[at++] = bytes[from++]
  }

  /** Says what is wrong with a distance greater than `at`. */
  tooFar(distance: number, offset?: number): never {
    if (distance <= this.produced && this.#gone > 0)
      throw new ContentError('too-large', `A distance of ${distance} bytes is beyond the history that is kept`, offset)
    throw new ContentError('malformed', 'A distance reaches before the start', offset)
  }
}
