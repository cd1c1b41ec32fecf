// Searches for short words, three to nine bytes a step (Horspool's algorithm).

/** A word that is searched for. */
export class Word {
  readonly #codes: Uint8Array
  readonly #shift: Uint8Array

  constructor(text: string) {
    this.#codes = Uint8Array.from(text, letter => letter.charCodeAt(0))
    const last = this.#codes.length - 1
    this.#shift = new Uint8Array(256).fill(last + 1)
    for (let i = 0; i < last; i++) this.#shift[this.#codes[i]] = last - i
  }

  /** First offset in [start, end) at which the whole word stands before `end`, or -1. */
  find(bytes: Uint8Array, start: number, end = bytes.length): number {
    const codes = this.#codes
    const shift = this.#shift
    const last = codes.length - 1
    const final = codes[last]
    for (let i = start + last; i < end; i += shift[bytes[i]]) {
      if (bytes[i] !== final) continue
      let k = 0
      while (k < last && bytes[i - last + k] === codes[k]) k++
      if (k === last) return i - last
    }
    return -1
  }
}

/**
 * Finds the next occurrence of a word again and again, from places that mostly grow: the way between the last question
 * and its answer is not gone twice, so all questions together cost one pass.
 */
export class NextWord {
  readonly #bytes: Uint8Array
  readonly #word: Word
  #from = 0
  #found = -1
  #asked = false
  readonly #spend: (bytes: number) => void

  /** @param spend - told how far each search went */
  constructor(bytes: Uint8Array, word: string, spend: (bytes: number) => void) {
    this.#bytes = bytes
    this.#spend = spend
    this.#word = new Word(word)
  }

  /** First offset from `at` on, or -1. */
  after(at: number): number {
    if (this.#asked && at >= this.#from && (this.#found < 0 || at <= this.#found)) return this.#found
    this.#asked = true
    this.#from = at
    this.#found = this.#word.find(this.#bytes, at)
    this.#spend((this.#found < 0 ? this.#bytes.length : this.#found) - at)
    return this.#found
  }
}
