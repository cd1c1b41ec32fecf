import { NativeError } from '../../protocol/index.ts'
import type { ContentSource } from '../../scan/index.ts'
import { free } from '../free.ts'

/** What the content of a stream needs of its session. */
export interface ContentHost {
  /** Allows the client that much more content. */
  readonly grant: (bytes: number) => void
  /** Bytes now held more, or fewer when negative, for this stream. */
  readonly held: (bytes: number) => void
}

/** Pieces shorter than this are put together in blocks: a client that sends single bytes costs no object for each. */
const SMALL_PIECE_BYTES = 4096
const BLOCK_BYTES = 16 * 1024
/** Pieces from here on are kept as they lie in what the socket gave: it is fresh memory, of which little is lost. */
const KEEP_PIECE_BYTES = 16 * 1024
/** Credit is given back in steps of this many bytes; less than half of the smallest window. */
const GRANT_STEP_BYTES = 32 * 1024

const join = (pieces: readonly Uint8Array[], length: number): Uint8Array => {
  if (pieces.length === 1) return pieces[0]
  // Not cleared: every byte of it is written.
  const whole = Buffer.allocUnsafeSlow(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
    free(piece)
  }
  return whole
}

/**
 * The content of one stream on its way in. Small content is collected first and handed over whole, so that a slow
 * sender occupies no scan; larger content becomes a stream that grants credit as it is consumed.
 * Holds at most the credit granted, in copies of what arrived.
 */
export class IncomingContent {
  readonly #host: ContentHost
  #pieces: Uint8Array[] = []
  #block: Uint8Array | undefined
  #blockFill = 0
  #held = 0
  #received = 0
  #consumed = 0
  #ended = false
  #closed = false
  #failure: Error | undefined
  #wake: (() => void) | undefined

  constructor(host: ContentHost) {
    this.#host = host
  }

  /** Bytes that arrived so far. */
  get received(): number {
    return this.#received
  }

  /** True when all content has arrived. */
  get ended(): boolean {
    return this.#ended
  }

  /** Takes a piece of memory that nobody writes to again; it is copied where it is a small part of that memory. */
  push(piece: Uint8Array, ended: boolean): void {
    if (piece.length > 0 && !this.#closed) {
      this.#keep(piece, ended)
      this.#received += piece.length
      this.#hold(piece.length)
    }
    this.#ended ||= ended
    this.#signal()
  }

  /** No more is taken, and what came is worth nothing: whoever still reads the stream gets the error. */
  fail(error: Error | undefined): void {
    this.#failure ??= error
    this.#closed = true
    this.#pieces = []
    this.#block = undefined
    this.#hold(-this.#held)
    this.#signal()
  }

  /** The whole content; only after its end. The bytes go to the caller. */
  whole(): ContentSource {
    this.#closeBlock()
    const bytes = join(this.#pieces, this.#held)
    this.#pieces = []
    this.#hold(-this.#held)
    return { bytes }
  }

  /** The content as a stream that grants credit for what was consumed. */
  stream(sizeHint: number | undefined): ContentSource {
    const stream = this.#iterate()
    return sizeHint === undefined ? { stream } : { stream, sizeHint }
  }

  async *#iterate(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (this.#closed) throw this.#failure ?? new NativeError('cancelled')
      const piece = this.#take()
      if (piece !== undefined) {
        yield piece
        this.#giveBack(piece.length)
      } else if (this.#ended) {
        return
      } else {
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
      }
    }
  }

  #take(): Uint8Array | undefined {
    if (this.#pieces.length === 0) this.#closeBlock()
    const piece = this.#pieces.shift()
    if (piece !== undefined) this.#hold(-piece.length)
    return piece
  }

  #giveBack(bytes: number): void {
    this.#consumed += bytes
    if (this.#consumed < GRANT_STEP_BYTES || this.#ended) return
    this.#host.grant(this.#consumed)
    this.#consumed = 0
  }

  #keep(piece: Uint8Array, ended: boolean): void {
    if (this.#block !== undefined && this.#blockFill + piece.length <= BLOCK_BYTES) {
      this.#block.set(piece, this.#blockFill)
      this.#blockFill += piece.length
      return
    }
    this.#closeBlock()
    if (ended || piece.length >= SMALL_PIECE_BYTES) {
      this.#pieces.push(piece.length >= KEEP_PIECE_BYTES ? piece : piece.slice())
      return
    }
    this.#block = new Uint8Array(BLOCK_BYTES)
    this.#block.set(piece)
    this.#blockFill = piece.length
  }

  #closeBlock(): void {
    if (this.#block !== undefined) this.#pieces.push(this.#block.subarray(0, this.#blockFill))
    this.#block = undefined
  }

  #hold(bytes: number): void {
    this.#held += bytes
    this.#host.held(bytes)
  }

  #signal(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
