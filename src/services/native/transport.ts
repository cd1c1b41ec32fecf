import type { Socket } from 'node:net'
import type { NativeLimits } from './limits.ts'

/** Answers are handed to the system in pieces of this size, so that a slow reader's progress can be seen. */
const WRITE_PIECE_BYTES = 64 * 1024
/** Bytes that a refused client may still send while it gets to read why. */
const MAX_LINGER_BYTES = 16 * 1024 * 1024

/** A socket as a session uses it: writes of one turn in one system call, stalls seen, an end that loses no text. */
export class Transport {
  readonly socket: Socket
  readonly #limits: NativeLimits
  #corked = false
  #flushed = 0
  #flushedAtMs = 0

  constructor(socket: Socket, limits: NativeLimits, nowMs: number) {
    this.socket = socket
    this.#limits = limits
    this.#flushedAtMs = nowMs
    socket.setNoDelay(true)
    socket.setKeepAlive(true, limits.stallTimeoutMs)
  }

  /** Bytes accepted and not yet taken by the system. */
  get waitingBytes(): number {
    return this.socket.writableLength
  }

  /** Writes; what is written in one turn of the event loop leaves together. */
  write(bytes: Uint8Array): void {
    const socket = this.socket
    if (!socket.writable) return
    if (!this.#corked) {
      this.#corked = true
      socket.cork()
      process.nextTick(() => {
        this.#corked = false
        socket.uncork()
      })
    }
    if (bytes.length <= WRITE_PIECE_BYTES) {
      socket.write(bytes)
      return
    }
    for (let at = 0; at < bytes.length; at += WRITE_PIECE_BYTES) {
      socket.write(bytes.subarray(at, at + WRITE_PIECE_BYTES))
    }
  }

  /** True when the peer reads nothing of what waits for it, or lets too much wait. */
  isStalled(nowMs: number): boolean {
    const waiting = this.waitingBytes
    const flushed = this.socket.bytesWritten - waiting
    if (waiting === 0 || flushed !== this.#flushed) {
      this.#flushed = flushed
      this.#flushedAtMs = nowMs
    }
    return waiting > this.#limits.maxSendBufferBytes || nowMs - this.#flushedAtMs > this.#limits.stallTimeoutMs
  }

  /**
   * Ends the connection so that what was written last is read: a socket closed with unread bytes in it is reset, and
   * the peer would lose the text that says why. What still arrives is thrown away, for a while.
   */
  endGently(): void {
    const socket = this.socket
    if (socket.destroyed) return
    let seen = 0
    socket.removeAllListeners('data')
    socket.on('data', chunk => {
      seen += chunk.length
      if (seen > MAX_LINGER_BYTES) socket.destroy()
    })
    socket.end()
    const timer = setTimeout(() => socket.destroy(), this.#limits.lingerMs)
    timer.unref()
    socket.once('end', () => socket.destroySoon())
    socket.once('close', () => clearTimeout(timer))
  }
}
