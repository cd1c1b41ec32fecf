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
