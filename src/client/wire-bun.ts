import type { Dial, Wire } from './wire.ts'

// The sockets of Bun, which the single-file executables run on. Declared here as far as they are used.

interface BunSocket {
  /** Returns how many bytes were taken, -1 when it is closed. */
  write(bytes: Uint8Array): number
  end(): void
  terminate(): void
  unref(): void
}

interface BunSockets {
  connect(options: {
    readonly unix?: string
    readonly hostname?: string
    readonly port?: number
    readonly socket: {
      open(socket: BunSocket): void
      data(socket: BunSocket, chunk: Uint8Array): void
      drain(socket: BunSocket): void
      close(socket: BunSocket, error?: Error): void
      error(socket: BunSocket, error: Error): void
      connectError(socket: BunSocket, error: Error): void
    }
  }): Promise<BunSocket>
}

/** Up to this many bytes are put together for one write. */
const JOIN_BYTES = 64 * 1024

/** The sockets of Bun where this runs on it. */
export const bunSockets = (): BunSockets | undefined => (globalThis as { Bun?: BunSockets }).Bun

/** Connects with the sockets of Bun; without TLS. */
export const dialBun: Dial = async (address, _tls, handler) => {
  let outbox: Outbox | undefined
  let failure: Error | undefined
  const where = address.kind === 'unix' ? { unix: address.path } : { hostname: address.host, port: address.port }
  const dialled = bunSockets()?.connect({
    ...where,
    socket: {
      open: socket => {
        outbox = new Outbox(socket)
        handler.opened(outbox)
      },
      data: (_, chunk) => handler.data(chunk),
      drain: () => outbox?.flush(),
      error: (_, error) => {
        failure = error
      },
      close: (_, error) => handler.closed(error ?? failure),
      connectError: (_, error) => handler.closed(error),
    },
  })
  dialled?.catch(handler.closed)
  return { abandon: () => outbox?.destroy() }
}

/** What waits to be sent; what is written in one turn of the event loop leaves together. */
class Outbox implements Wire {
  readonly #socket: BunSocket
  #waiting: Uint8Array[] = []
  #planned = false
  #ending = false

  constructor(socket: BunSocket) {
    this.#socket = socket
  }

  write(bytes: Uint8Array): void {
    this.#waiting.push(bytes)
    if (this.#planned) return
    this.#planned = true
    queueMicrotask(() => {
      this.#planned = false
      this.flush()
    })
  }

  flush(): void {
    while (this.#waiting.length > 0) {
      const bytes = this.#next()
      const taken = this.#socket.write(bytes)
      if (taken < bytes.length) {
        if (taken >= 0) this.#waiting.unshift(bytes.subarray(taken))
        return // drain() goes on, or close() ends it
      }
    }
    if (this.#ending) this.#socket.end()
  }

  end(): void {
    this.#ending = true
    this.flush()
    this.#socket.unref()
  }

  destroy(): void {
    this.#socket.terminate()
  }

  #next(): Uint8Array {
    let count = 0
    let length = 0
    for (const piece of this.#waiting) {
      if (count > 0 && length + piece.length > JOIN_BYTES) break
      length += piece.length
      count++
    }
    const pieces = this.#waiting.splice(0, count)
    return count === 1 ? pieces[0] : Buffer.concat(pieces, length)
  }
}
