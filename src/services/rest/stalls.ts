import type { Server, Socket } from 'node:net'

// Clients that ask and then read nothing: what they asked for would be held for them for ever. A stream of events writes
// all the time, so that a timeout of the socket, which each write begins anew, never comes.

const MAX_SWEEP_MS = 1000

interface Watched {
  /** Bytes of the writes that are through, and those that the system has still to take of the one under way. */
  doneBytes: number
  leftBytes: number
  sinceMs: number
}

/** Of one long write only the handle knows how far it is; Node's own timeout looks there, too. */
const leftOf = (socket: Socket): number =>
  (socket as { readonly _handle?: { readonly writeQueueSize?: number } | null })._handle?.writeQueueSize ?? 0

/**
 * Cuts connections of which the system has taken nothing for `stallTimeoutMs`, although something waits to be sent.
 * Ends with the server. Cost: one look at each connection a second.
 */
export function cutStalled(server: Server, stallTimeoutMs: number, isSecure: boolean): void {
  const watched = new Map<Socket, Watched>()
  server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => {
    watched.set(socket, { doneBytes: 0, leftBytes: 0, sinceMs: performance.now() })
    socket.once('close', () => watched.delete(socket))
  })
  const sweep = (): void => {
    const nowMs = performance.now()
    for (const [socket, state] of watched) {
      const doneBytes = socket.bytesWritten - socket.writableLength
      const leftBytes = leftOf(socket)
      if (socket.writableLength === 0 || doneBytes !== state.doneBytes || leftBytes !== state.leftBytes) {
        watched.set(socket, { doneBytes, leftBytes, sinceMs: nowMs })
      } else if (nowMs - state.sinceMs > stallTimeoutMs) socket.destroy()
    }
  }
  const timer = setInterval(sweep, Math.min(MAX_SWEEP_MS, stallTimeoutMs))
  timer.unref()
  server.once('close', () => clearInterval(timer))
}
