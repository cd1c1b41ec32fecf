// The bytes that children say, on their way from the engine's main thread to a scanning thread that blocks: a ring in
// shared memory with one writer and one reader. Counters grow and wrap at 2^32; the capacity is a power of two.
//
//   Int32 │ SIGNAL  grows with every change; the reader waits on it
//         │ RUN     number of the run that HEAD, TAIL and STATE belong to
//         │ STATE   running, or how the run ended without a word of the child
//         │ HEAD    bytes written │ TAIL  bytes read
//         │ STUCK   1: the writer has more and asks to be told of room
//         │ WHY     length of the text in the first 512 bytes behind the control words
//   then 512 bytes of text, then the ring

const SIGNAL = 0
const RUN = 1
const STATE = 2
const HEAD = 3
const TAIL = 4
const STUCK = 5
const WHY = 6
const CONTROL_WORDS = 8
const WHY_BYTES = 512
const RING_OFFSET = CONTROL_WORDS * 4 + WHY_BYTES

/** A child writes faster than a thread reads only in bursts; a burst of this size costs nobody a wait. */
const RING_BYTES = 1 << 20
/** The reader takes at most this much at once, so that the writer can fill the rest meanwhile. */
const MAX_TAKE_BYTES = 256 * 1024

export const RUN_STATE = { running: 0, crashed: 1, time: 2, unavailable: 3 } as const
/** How a run ends without a word of its child; `unavailable`: there was no child to run it. */
export type RunEnd = Exclude<keyof typeof RUN_STATE, 'running'>
const ENDS: readonly RunEnd[] = ['crashed', 'time', 'unavailable']

/** @param capacityBytes - a power of two */
export const createRing = (capacityBytes = RING_BYTES): SharedArrayBuffer =>
  new SharedArrayBuffer(RING_OFFSET + capacityBytes)

class Ring {
  protected readonly control: Int32Array
  protected readonly why: Uint8Array
  protected readonly bytes: Uint8Array
  protected readonly mask: number

  constructor(shared: SharedArrayBuffer) {
    this.control = new Int32Array(shared, 0, CONTROL_WORDS)
    this.why = new Uint8Array(shared, CONTROL_WORDS * 4, WHY_BYTES)
    this.bytes = new Uint8Array(shared, RING_OFFSET)
    this.mask = this.bytes.length - 1
  }

  protected get capacity(): number {
    return this.bytes.length
  }

  protected get used(): number {
    return (Atomics.load(this.control, HEAD) - Atomics.load(this.control, TAIL)) >>> 0
  }
}

export class RingWriter extends Ring {
  #waiting: Uint8Array[] = []
  /** How the run ended, to be said behind what waits. */
  #ending: { readonly state: RunEnd; readonly why: string } | undefined

  /** A run begins: the ring is empty and belongs to it. */
  begin(run: number): void {
    this.#waiting = []
    this.#ending = undefined
    const { control } = this
    for (const word of [STATE, HEAD, TAIL, STUCK, WHY]) Atomics.store(control, word, 0)
    Atomics.store(control, RUN, run)
    this.#signal()
  }

  /** Takes over `bytes`. False: some of them wait for room; call more() when the reader tells of it. */
  write(bytes: Uint8Array): boolean {
    this.#waiting.push(bytes)
    return this.more()
  }

  /** Goes on with what waits for room. False: some still does. */
  more(): boolean {
    for (;;) {
      const [first] = this.#waiting
      if (first === undefined) {
        this.#sayEnding()
        return true
      }
      const count = this.#copy(first)
      if (count === first.length) this.#waiting.shift()
      else if (count > 0) this.#waiting[0] = first.subarray(count)
      else if (this.#stuck()) return false
    }
  }

  /** The run ends, and the child has not said so. What it said before can still be read. */
  end(state: RunEnd, why: string): void {
    this.#ending = { state, why }
    this.more()
  }

  /** True where the reader has had everything, and that was `count` bytes. */
  isDrained(count: number): boolean {
    return this.#waiting.length === 0 && Atomics.load(this.control, HEAD) >>> 0 === count
  }

  #sayEnding(): void {
    if (this.#ending === undefined) return
    const { state, why } = this.#ending
    this.#ending = undefined
    const text = new TextEncoder().encode(why).subarray(0, WHY_BYTES)
    this.why.set(text)
    Atomics.store(this.control, WHY, text.length)
    Atomics.store(this.control, STATE, RUN_STATE[state])
    this.#signal()
  }

  #copy(source: Uint8Array): number {
    const count = Math.min(source.length, this.capacity - this.used)
    if (count === 0) return 0
    const head = Atomics.load(this.control, HEAD)
    const at = head & this.mask
    const first = Math.min(count, this.capacity - at)
    this.bytes.set(source.subarray(0, first), at)
    if (count > first) this.bytes.set(source.subarray(first, count), 0)
    Atomics.store(this.control, HEAD, head + count)
    this.#signal()
    return count
  }

  /** Asks to be told of room; false where there is room by now. */
  #stuck(): boolean {
    Atomics.store(this.control, STUCK, 1)
    if (this.used === this.capacity) return true
    // The reader may have seen the wish already; a call of more() too many does no harm.
    Atomics.store(this.control, STUCK, 0)
    return false
  }

  #signal(): void {
    Atomics.add(this.control, SIGNAL, 1)
    Atomics.notify(this.control, SIGNAL)
  }
}

export class RingReader extends Ring {
  /** Blocks until the run has something to read or has ended. */
  wait(run: number): void {
    const { control } = this
    for (;;) {
      const signal = Atomics.load(control, SIGNAL)
      if (Atomics.load(control, RUN) === run && (Atomics.load(control, STATE) !== RUN_STATE.running || this.used > 0)) {
        return
      }
      Atomics.wait(control, SIGNAL, signal)
    }
  }

  /** The next bytes, where they lie; done() gives the room back. Empty: nothing more will come. Call wait() first. */
  peek(): Uint8Array {
    const at = Atomics.load(this.control, TAIL) & this.mask
    return this.bytes.subarray(at, at + Math.min(this.used, this.capacity - at, MAX_TAKE_BYTES))
  }

  /** @returns true where the writer waits for room and there is enough to tell it */
  done(count: number): boolean {
    const { control } = this
    Atomics.add(control, TAIL, count)
    return this.used <= this.capacity >> 1 && Atomics.exchange(control, STUCK, 0) === 1
  }

  /** Bytes read in this run. */
  get consumed(): number {
    return Atomics.load(this.control, TAIL) >>> 0
  }

  /** How the run ended without a word of the child, and why. */
  get ending(): { readonly state: RunEnd; readonly why: string } {
    const bytes = this.why.slice(0, Atomics.load(this.control, WHY))
    const said = Atomics.load(this.control, STATE)
    const state = ENDS.find(end => RUN_STATE[end] === said) ?? 'crashed'
    return { state, why: new TextDecoder().decode(bytes) }
  }
}
