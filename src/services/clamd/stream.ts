import type { ContentSource } from '../../scan/index.ts'
import { free } from '../free.ts'

/** What an incoming stream needs of its connection. */
export interface StreamHost {
  /** Holds or lets go `bytes` of the budget of all connections; false when there is none left. */
  reserve(bytes: number): boolean
  release(bytes: number): void
  /** The scanner reads more slowly than the client sends, or keeps up again. */
  hold(full: boolean): void
}

export interface StreamLimits {
  readonly inlineBytes: number
  readonly streamWindowBytes: number
}

/**
 * The content of one INSTREAM on its way in. Short content is collected and handed over whole; as soon as it is longer,
 * or the memory for that is used up, it becomes a stream that the scanner reads. Pieces are kept, not copied: the packets
 * of a socket belong to whoever got them.
 */
export class IncomingStream {
  readonly #host: StreamHost
  readonly #limits: StreamLimits
  /** Told once, when the content becomes a stream. */
  readonly #onStream: (content: ContentSource) => void
  #pieces: Uint8Array[] = []
  #heldBytes = 0
  #streaming = false
  #ended = false
  #full = false
  #failure: Error | undefined
  #wake: (() => void) | undefined

  constructor(host: StreamHost, limits: StreamLimits, onStream: (content: ContentSource) => void) {
    this.#host = host
    this.#limits = limits
    this.#onStream = onStream
  }

  push(piece: Uint8Array): void {
    if (this.#failure !== undefined || piece.length === 0) return
    this.#pieces.push(piece)
    if (this.#streaming) {
      this.#heldBytes += piece.length
      this.#wakeUp()
      if (!this.#full && this.#heldBytes > this.#limits.streamWindowBytes) this.#setFull(true)
      return
    }
    const fits = this.#heldBytes + piece.length <= this.#limits.inlineBytes && this.#host.reserve(piece.length)
    if (fits) this.#heldBytes += piece.length
    else this.#becomeStream(piece.length)
  }

  /** All content has arrived. @returns the whole content, unless it became a stream */
  end(): ContentSource | undefined {
    this.#ended = true
    if (this.#streaming) {
      this.#wakeUp()
      return undefined
    }
    if (this.#pieces.length === 1) return { bytes: this.#pieces[0] }
    const bytes = Buffer.concat(this.#pieces)
    this.#pieces.forEach(free)
    this.#pieces = [bytes]
    return { bytes }
  }

  /** The scan of content that was handed over whole has been answered: whoever got the bytes has read all of them. */
  answered(): void {
    if (!this.#streaming) this.#pieces.forEach(free)
  }

  /**
   * Lets go of all content: its scan has ended, or it is worth nothing. Whoever still reads the stream gets the error;
   * what still arrives is dropped.
   */
  fail(error: Error): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    if (!this.#streaming) this.#host.release(this.#heldBytes)
    this.#heldBytes = 0
    this.#pieces = []
    this.#setFull(false)
    this.#wakeUp()
  }

  #becomeStream(pieceBytes: number): void {
    this.#host.release(this.#heldBytes)
    this.#heldBytes += pieceBytes
    this.#streaming = true
    this.#onStream({ stream: this.#iterate() })
  }

  async *#iterate(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure
        const piece = this.#pieces.shift()
        if (piece !== undefined) {
          this.#heldBytes -= piece.length
          if (this.#full && this.#heldBytes <= this.#limits.streamWindowBytes / 2) this.#setFull(false)
          yield piece
        } else if (this.#ended) {
          return
        } else {
          await new Promise<void>(resolve => {
            this.#wake = resolve
          })
        }
      }
    } finally {
      // Nobody reads on: what still arrives is dropped, so that the client gets its answer.
      this.fail(new Error('the content is not read any more'))
    }
  }

  #setFull(full: boolean): void {
    if (this.#full === full) return
    this.#full = full
    this.#host.hold(full)
  }

  #wakeUp(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
