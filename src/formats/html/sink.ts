const SPACE = 0x20

/** Bytes that grow; for one writer that appends byte by byte. */
export class Sink {
  #bytes: Uint8Array
  #length = 0

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(Math.max(64, capacity))
  }

  get length(): number {
    return this.#length
  }

  /** Last byte, or -1. */
  get last(): number {
    return this.#length === 0 ? -1 : this.#bytes[this.#length - 1]
  }

  push(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow()
    this.#bytes[this.#length++] = byte
  }

  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.push(text.charCodeAt(i))
  }

  /** A space, unless one stands there already. */
  space(): void {
    if (this.last !== 0x20) this.push(0x20)
  }

  /**
   * Appends what `forms` makes of bytes, up to the first of which it makes 0; answers its offset, or `end`. A space is left
   * out behind another one, and behind `trims`.
   */
  fold(bytes: Uint8Array, start: number, end: number, forms: Uint8Array, trims = SPACE): number {
    while (this.#bytes.length - this.#length < end - start) this.#grow()
    const out = this.#bytes
    let length = this.#length
    let before = this.last
    let at = start
    for (; at < end; at++) {
      const form = forms[bytes[at]]
      if (form === 0) break
      if (form === SPACE && (before === SPACE || before === trims)) continue
      out[length++] = before = form
    }
    this.#length = length
    return at
  }

  /** What was written; a view. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2)
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}
