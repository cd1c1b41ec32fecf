import type { Socket } from 'node:net'
import type { ClamdLimits } from './limits.ts'

/** What a connection is doing. */
export interface ClientState {
  /** The last reply was written. */
  readonly closing: boolean
  /** The rest of a stream that is too long is being read. */
  readonly draining: boolean
  /** Content of a stream is awaited, and nothing holds it back. */
  readonly streaming: boolean
  /** A command is awaited, and nothing is in hand. */
  readonly waiting: boolean
  /** Something is in hand. */
  readonly answering: boolean
  /** The client has ended its side. */
  readonly peerEnded: boolean
}

/** What is to be done: nothing, say that the time is over, or cut. */
export type Finding = 'fine' | 'timed-out' | 'gone'

/** The clocks of one client: slow, silent, stalled, vanished. Times by performance.now(). */
export class ClientWatch {
  readonly #socket: Socket
  readonly #limits: ClamdLimits
  readonly #isUnix: boolean
  #receivedAtMs = performance.now()
  #closingAtMs = 0
  #peerEndedAtMs = 0
  #streamBytes = 0
  #windowBytes = 0
  #windowAtMs = 0
  #flushedBytes = 0
  #flushedAtMs = performance.now()

  constructor(socket: Socket, limits: ClamdLimits, isUnix: boolean) {
    this.#socket = socket
    this.#limits = limits
    this.#isUnix = isUnix
  }

  received(): void {
    this.#receivedAtMs = performance.now()
  }

  closing(): void {
    this.#closingAtMs = performance.now()
  }

  peerEnded(): void {
    this.#peerEndedAtMs = performance.now()
  }

  streamBegins(): void {
    this.#streamBytes = 0
    this.#windowBytes = 0
    this.#windowAtMs = this.#receivedAtMs
  }

  streamed(bytes: number): void {
    this.#streamBytes += bytes
  }

  look(state: ClientState, nowMs: number): Finding {
    const limits = this.#limits
    if (this.#isStalled(nowMs)) return 'gone'
    if (state.closing) {
      const graceMs = state.draining ? limits.streamDrainMs : limits.lingerMs
      return nowMs > this.#closingAtMs + graceMs ? 'gone' : 'fine'
    }
    if (state.peerEnded) return state.answering && this.#hasVanished(nowMs) ? 'gone' : 'fine'
    const silentMs = nowMs - this.#receivedAtMs
    if (state.streaming) return silentMs > limits.readTimeoutMs || this.#isSlow(nowMs) ? 'timed-out' : 'fine'
    this.#windowAtMs = nowMs
    return state.waiting && silentMs > limits.commandTimeoutMs ? 'timed-out' : 'fine'
  }

  /** Whether a client that has ended its side is there at all. */
  #hasVanished(nowMs: number): boolean {
    if (!this.#isUnix) return nowMs > this.#peerEndedAtMs + this.#limits.halfCloseMs
    // A write of nothing is refused with EPIPE when the other end is closed, and does nothing when it is not.
    this.#socket.write('')
    return false
  }

  #isSlow(nowMs: number): boolean {
    if (nowMs < this.#windowAtMs + this.#limits.rateWindowMs) return false
    const slow =
      this.#streamBytes - this.#windowBytes < (this.#limits.minBytesPerSecond * (nowMs - this.#windowAtMs)) / 1000
    this.#windowBytes = this.#streamBytes
    this.#windowAtMs = nowMs
    return slow
  }

  #isStalled(nowMs: number): boolean {
    const waiting = this.#socket.writableLength
    const flushed = this.#socket.bytesWritten - waiting
    if (waiting === 0 || flushed !== this.#flushedBytes) {
      this.#flushedBytes = flushed
      this.#flushedAtMs = nowMs
    }
    return waiting > this.#limits.maxSendBufferBytes || nowMs > this.#flushedAtMs + this.#limits.sendTimeoutMs
  }
}
