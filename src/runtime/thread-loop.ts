import { readSync, writeSync } from 'node:fs'
import { NativeError, ServerEndpoint } from '../protocol/index.ts'
import type { Open } from '../protocol/index.ts'
import type { Detection, Report } from '../report/index.ts'
import { ScanFailure } from '../scan/index.ts'
import type { ScanRequest } from '../scan/index.ts'
import { scanFile } from './scan-content.ts'
import type { ScanBench } from './scan-content.ts'
import { engineHello, MAX_CLIENT_STREAMS } from './wire.ts'

// One scanning thread. It owns one end of a socket and works on it synchronously: read, scan, write. There is no event
// loop, no queue and no hop between the socket and the matcher, and content is copied once, into the thread's window.
// An exception ends the thread: its process tells the supervisor, which retries the job elsewhere.

/** What a thread is given. */
export interface ThreadOptions extends ScanBench {
  /** The socket: a blocking file descriptor. */
  readonly fd: number
  /** After a predecessor was ended in the middle: bytes up to and including these are skipped, and said first. */
  readonly resync?: Uint8Array
}

const READ_BYTES = 256 * 1024
const RETRY_MS = 1
const sleeper = new Int32Array(new SharedArrayBuffer(4))

/** Reads at least one byte, or 0 at the end. The descriptor blocks; should it not, this waits and tries again. */
const readSome = (fd: number, buffer: Uint8Array): number => {
  for (;;) {
    try {
      return readSync(fd, buffer, 0, buffer.length, null)
    } catch (error) {
      waitIfBusy(error)
    }
  }
}

const writeAll = (fd: number, bytes: Uint8Array): void => {
  let at = 0
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      waitIfBusy(error)
    }
  }
}

const waitIfBusy = (error: unknown): void => {
  if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
  Atomics.wait(sleeper, 0, 0, RETRY_MS)
}

/** The content of the one stream that is arriving. */
class Arriving {
  readonly id: number
  readonly open: Open
  #target: Uint8Array
  #fill = 0

  constructor(id: number, open: Open, window: Uint8Array) {
    this.id = id
    this.open = open
    const hint = open.sizeHint ?? 0
    this.#target = hint <= window.length ? window : new Uint8Array(hint)
  }

  add(piece: Uint8Array): void {
    const need = this.#fill + piece.length
    if (need > this.#target.length) {
      const larger = new Uint8Array(Math.max(need, this.#target.length * 2))
      larger.set(this.#target.subarray(0, this.#fill))
      this.#target = larger
    }
    this.#target.set(piece, this.#fill)
    this.#fill = need
  }

  get content(): Uint8Array {
    return this.#target.subarray(0, this.#fill)
  }
}

/** Serves one socket until it ends. Returns then; throws only for faults of this program or of its peer. */
export const serveThread = (options: ThreadOptions): void => {
  const { fd, thread } = options
  let arriving: Arriving | undefined

  const requestOf = (open: Open): Omit<ScanRequest, 'content'> => ({
    name: open.name,
    allMatches: open.options.allMatches,
    ...(open.options.identity === false ? { identity: false } : {}),
    ...(open.options.passwords === undefined ? {} : { passwords: open.options.passwords }),
    deadlineMs: performance.now() + (open.options.maxTimeMs ?? Infinity),
  })
  const teller = (id: number) => (detection: Detection) => void endpoint.event(id, { event: 'detection', detection })
  const scan = (id: number, open: Open, content: Uint8Array): Report =>
    thread.scan({ ...requestOf(open), content }, teller(id))
  const scanPath = (id: number, open: Open, path: string): Report =>
    scanFile(options, path, requestOf(open), teller(id), open.followLinks)
  const answer = (id: number, make: () => Report): void => {
    let report: Report
    try {
      report = make()
    } catch (error) {
      if (!(error instanceof ScanFailure)) throw error
      return void endpoint.error(id, new NativeError(error.code, error.message))
    }
    endpoint.result(id, report)
  }
  const begin = (id: number, open: Open, ended: boolean): void => {
    if (open.path !== undefined) return answer(id, () => scanPath(id, open, open.path ?? ''))
    if (ended) return answer(id, () => scan(id, open, thread.window.subarray(0, 0)))
    if (arriving !== undefined) return void endpoint.error(id, new NativeError('busy', 'one content at a time'))
    arriving = new Arriving(id, open, thread.window)
  }
  const endpoint: ServerEndpoint = new ServerEndpoint(
    { hello: engineHello(MAX_CLIENT_STREAMS), allowPath: true, write: bytes => writeAll(fd, bytes) },
    {
      auth: () => true,
      open: begin,
      data: (id, piece, ended) => {
        const current = arriving
        if (current?.id !== id) return
        current.add(piece)
        if (!ended) return
        arriving = undefined
        answer(id, () => scan(id, current.open, current.content))
      },
      cancel: id => {
        if (arriving?.id === id) arriving = undefined
      },
      request: id => void endpoint.error(id, new NativeError('unknown-verb')),
      closed: error => {
        throw error
      },
    },
  )
  const buffer = new Uint8Array(READ_BYTES)
  let rest = options.resync === undefined ? undefined : skipThrough(fd, buffer, options.resync)
  if (options.resync !== undefined) writeAll(fd, options.resync)
  endpoint.start()
  for (;;) {
    const chunk = rest ?? buffer.subarray(0, readSome(fd, buffer))
    if (chunk.length === 0 && rest === undefined) return
    rest = undefined
    endpoint.receive(chunk)
  }
}

/** Reads until `mark` has passed; returns what was read behind it. */
const skipThrough = (fd: number, buffer: Uint8Array, mark: Uint8Array): Uint8Array => {
  let seen = Buffer.alloc(0)
  for (;;) {
    const read = readSome(fd, buffer)
    if (read === 0) return new Uint8Array(0)
    seen = Buffer.concat([seen, buffer.subarray(0, read)])
    const at = seen.indexOf(mark)
    if (at >= 0) return seen.subarray(at + mark.length)
    seen = seen.subarray(Math.max(0, seen.length - mark.length))
  }
}
