import { MessageChannel } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { EmissionSink } from '../../scan/index.ts'
import type { SandboxPool } from './pool.ts'
import type { RunHandle, Taker } from './pool-types.ts'
import { createRing, RingReader, RingWriter } from './ring.ts'
import type { RunEnd } from './ring.ts'
import { Session } from './session.ts'
import type { SandboxResult } from './session.ts'
import { encodeRequest } from './wire.ts'
import type { SandboxRequest } from './wire.ts'

// How a scanning thread, which blocks and whose event loop never turns, uses the children of the main thread:
//
//   thread  ── message: request, and the content where it lies ──▶  main thread ──▶ standard input of a child
//   thread  ◀── ring in shared memory (ring.ts) ─────────────────   main thread ◀── its standard output
//
//   main thread:   const pool = new SandboxPool({ size: threads + 1 })
//                  const link = createSandboxLink(pool)
//                  new Worker(url, { workerData: { …, sandbox: link }, transferList: [link.port] })
//   the thread:    const client = new SandboxClient(workerData.sandbox)
//                  const { outcome, why } = client.run(request, content, sink, deadlineMs)
//   event loop:    const { outcome, why } = await runAsync(pool, request, content, sink, deadlineMs)
//
// The main thread reads no frame: it moves bytes. The thread decodes, so that the work is spread over the threads.
// Measured on 2 shared cores (bench/sandbox.ts): a tiny artifact takes 0.14 to 0.17 ms, in the same process 0.006 ms; a
// child of 1 GiB comes out with 700 to 1060 MiB/s, an artifact of 512 MiB goes in with 520 to 1090 MiB/s.

/** What a thread is given, by workerData; `port` belongs into the transfer list. */
export interface SandboxLink {
  readonly port: MessagePort
  readonly ring: SharedArrayBuffer
}

type ToPool =
  | {
      readonly verb: 'run'
      readonly run: number
      readonly head: Uint8Array
      readonly content: Uint8Array
      readonly timeMs: number
      readonly remainingMs: number
    }
  /** There is room in the ring again. */
  | { readonly verb: 'room' }
  /** The thread is through with its run, after `consumed` bytes; unsound: the child is to be killed. */
  | { readonly verb: 'over'; readonly consumed: number; readonly sound: boolean; readonly why: string }

/** The main thread's end of one thread's channel. */
class LinkServer implements Taker {
  readonly #pool: SandboxPool
  readonly #ring: RingWriter
  #handle: RunHandle | undefined

  constructor(pool: SandboxPool, ring: SharedArrayBuffer) {
    this.#pool = pool
    this.#ring = new RingWriter(ring)
  }

  serve(port: MessagePort): void {
    port.on('message', (message: ToPool) => this.#hear(message))
    // The thread has ended, maybe in the middle of a run.
    port.once('close', () => this.#over(false, 'its thread has ended'))
    port.unref()
  }

  data(bytes: Uint8Array): boolean {
    return this.#ring.write(bytes)
  }

  ended(state: RunEnd, why: string): void {
    this.#ring.end(state, why)
  }

  #hear(message: ToPool): void {
    switch (message.verb) {
      case 'run':
        this.#ring.begin(message.run)
        this.#handle = this.#pool.submit(message, this)
        return
      case 'room':
        if (this.#ring.more()) this.#handle?.resume()
        return
      case 'over': {
        const isDrained = this.#ring.isDrained(message.consumed)
        this.#over(message.sound && isDrained, message.why || 'it said more than the end')
      }
    }
  }

  #over(sound: boolean, why: string): void {
    this.#handle?.over(sound, why)
    this.#handle = undefined
  }
}

/** Makes a channel for one thread; ends with the thread. Cost: 1 MiB. */
export const createSandboxLink = (pool: SandboxPool): SandboxLink => {
  const { port1, port2 } = new MessageChannel()
  const ring = createRing()
  new LinkServer(pool, ring).serve(port1)
  return { port: port2, ring }
}

/** A thread's end. One run at a time. */
export class SandboxClient {
  readonly #port: MessagePort
  readonly #ring: RingReader
  #run = 0

  constructor({ port, ring }: SandboxLink) {
    this.#port = port
    this.#ring = new RingReader(ring)
    // Only for the rare thread that has a loop: nothing is ever received here.
    port.unref()
  }

  /**
   * Runs a component in a sandbox; blocks until it has ended.
   * @param content - read while the run lasts; copied unless it lies in shared memory
   * @param sink - pieces of content are borrowed for the call and lie in shared memory; after `crashed` and `time` it
   * has had what came before, and a child that it has taken has ended
   * @param deadlineMs - by performance.now() of this thread; the component's own time is in the request's budget
   * @throws what the sink throws, after the child was given up
   */
  run(request: SandboxRequest, content: Uint8Array, sink: EmissionSink, deadlineMs: number): SandboxResult {
    const run = ++this.#run
    this.#tell(orderOf(request, content, deadlineMs, run))
    const session = new Session(request, sink)
    try {
      const result = this.#read(run, session)
      this.#over(result)
      return result
    } catch (error) {
      this.#over(session.end('crashed', 'the run was given up'))
      throw error
    }
  }

  #read(run: number, session: Session): SandboxResult {
    const ring = this.#ring
    for (;;) {
      ring.wait(run)
      const bytes = ring.peek()
      if (bytes.length === 0) {
        const { state, why } = ring.ending
        return session.end(state, why)
      }
      const result = session.push(bytes)
      if (ring.done(bytes.length)) this.#tell({ verb: 'room' })
      if (result !== undefined) return result
    }
  }

  #over({ outcome, why }: SandboxResult): void {
    this.#tell({ verb: 'over', consumed: this.#ring.consumed, sound: outcome === 'done', why })
  }

  #tell(message: ToPool): void {
    // What lies in shared memory is not copied; the rest was made for this message.
    this.#port.postMessage(message, [])
  }
}

const orderOf = (request: SandboxRequest, content: Uint8Array, deadlineMs: number, run: number): ToPool => ({
  verb: 'run',
  run,
  head: encodeRequest(request, content.length),
  // A clone takes the whole buffer along: cut out what is meant.
  content: content.buffer instanceof SharedArrayBuffer ? content : content.slice(),
  timeMs: request.budget.timeMs,
  remainingMs: Math.max(0, deadlineMs - performance.now()),
})

/**
 * As SandboxClient.run, for the main thread: it goes on with other things meanwhile.
 * @param content - read while the run lasts, not copied
 */
export const runAsync = async (
  pool: SandboxPool,
  request: SandboxRequest,
  content: Uint8Array,
  sink: EmissionSink,
  deadlineMs: number,
): Promise<SandboxResult> => {
  const session = new Session(request, sink)
  const result = Promise.withResolvers<SandboxResult>()
  const { budget } = request
  const remainingMs = Math.max(0, deadlineMs - performance.now())
  const order = { head: encodeRequest(request, content.length), content, timeMs: budget.timeMs, remainingMs }
  const handle: RunHandle = pool.submit(order, {
    data: bytes => {
      try {
        const end = session.push(bytes)
        if (end === undefined) return true
        handle.over(end.outcome === 'done', end.why)
        result.resolve(end)
      } catch (error) {
        session.end('crashed', '')
        handle.over(false, 'the run was given up')
        result.reject(error)
      }
      return true
    },
    ended: (state, why) => result.resolve(session.end(state, why)),
  })
  return result.promise
}
