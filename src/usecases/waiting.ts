import { UseCaseError } from './errors.ts'
import type { Hub } from './hub.ts'
import { ID_PATTERN } from './ids.ts'
import { isFinal, type ScanRecord, type ScanUpdate } from './nouns.ts'
import type { Runtime } from './parts.ts'

// Waiting for scans: woken by this server's own events, and by looking again for what other servers do.

const LOOK_AGAIN_MS = 1000
/** Events that wait for a slow listener; older ones of progress give way. */
const MAX_BUFFERED = 256

export class Waiting {
  readonly #runtime: Runtime
  readonly #hub: Hub
  readonly #onCancelled: (id: string) => void

  constructor(runtime: Runtime, hub: Hub, onCancelled: (id: string) => void) {
    this.#runtime = runtime
    this.#hub = hub
    this.#onCancelled = onCancelled
  }

  /** @throws UseCaseError scan-not-found */
  async get(id: string): Promise<ScanRecord> {
    const scan = ID_PATTERN.test(id) ? await this.#runtime.ledger.scan(id) : undefined
    if (scan === undefined) throw new UseCaseError('scan-not-found', { detail: id.slice(0, 64) })
    return scan
  }

  /** The scan when it is final, or as it is after that time or when the signal aborts. */
  async until(id: string, timeoutMs: number, signal?: AbortSignal): Promise<ScanRecord> {
    const { clock } = this.#runtime
    const endMs = clock.now() + timeoutMs
    for (;;) {
      const heard = this.#next(id, signal)
      const scan = await this.get(id).catch((error: unknown) => {
        heard.stop()
        throw error
      })
      const leftMs = endMs - clock.now()
      if (isFinal(scan.state) || leftMs <= 0 || signal?.aborted === true) {
        heard.stop()
        return scan
      }
      await heard.or(Math.min(leftMs, LOOK_AGAIN_MS))
    }
  }

  /** The next word about a scan's state, heard from now on. */
  #next(id: string, signal: AbortSignal | undefined) {
    const { clock } = this.#runtime
    let wake = (): void => {}
    const woken = new Promise<void>(resolve => {
      wake = resolve
    })
    const stopListening = this.#hub.listen(id, update => {
      if ('scan' in update) wake()
    })
    signal?.addEventListener('abort', wake, { once: true })
    const stop = (): void => {
      stopListening()
      signal?.removeEventListener('abort', wake)
      wake()
    }
    return {
      stop,
      async or(delayMs: number): Promise<void> {
        const cancelTimer = clock.after(delayMs, wake)
        await woken
        cancelTimer()
        stop()
      },
    }
  }

  async *watch(id: string, signal?: AbortSignal): AsyncGenerator<ScanUpdate> {
    const buffer: ScanUpdate[] = []
    let wake = (): void => {}
    const stop = this.#hub.listen(id, update => {
      if (buffer.length >= MAX_BUFFERED && !('scan' in update)) return
      buffer.push(update)
      wake()
    })
    const abort = (): void => wake()
    signal?.addEventListener('abort', abort)
    try {
      let told = await this.get(id)
      yield updateOfScan(told)
      while (!isFinal(told.state)) {
        if (signal?.aborted === true) return
        const next = buffer.shift()
        if (next === undefined) {
          const waiting = new Promise<void>(resolve => {
            wake = resolve
          })
          const cancelTimer = this.#runtime.clock.after(LOOK_AGAIN_MS, () => wake())
          if (buffer.length === 0) await waiting
          cancelTimer()
          if (buffer.length > 0) continue
          const seen = await this.get(id)
          if (seen.state === told.state) continue
          told = seen
          yield updateOfScan(seen)
        } else if (!('scan' in next)) {
          yield next
        } else if (next.scan.state !== told.state) {
          told = next.scan
          yield next
        }
      }
    } finally {
      stop()
      signal?.removeEventListener('abort', abort)
    }
  }

  /** @returns the scan as it then is. @throws UseCaseError scan-not-found, already-finished */
  async cancel(id: string): Promise<ScanRecord> {
    const { ledger, vault, clock } = this.#runtime
    await this.get(id)
    const done = await ledger.cancel(id, clock.now())
    if (done === undefined) throw new UseCaseError('scan-not-found', { detail: id })
    if (!done.cancelled) throw new UseCaseError('already-finished', { detail: done.scan.state })
    this.#onCancelled(id)
    if (done.intake !== undefined) await vault.discard(done.intake)
    this.#hub.tell(id, { event: 'cancelled', scan: done.scan })
    return done.scan
  }
}

export const updateOfScan = (scan: ScanRecord): ScanUpdate => ({ event: scan.state, scan })
