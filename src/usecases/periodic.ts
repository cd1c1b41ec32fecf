import type { Clock, Log } from './ports/host.ts'

/** Calls again and again, each time that long after the last call has ended. @returns what stops it and waits for its end */
export function periodically(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  delayMs: number,
  name: string,
  call: () => Promise<unknown>,
): { readonly now: () => void; stop(): Promise<void> } {
  let isStopped = false
  let cancelTimer = (): void => {}
  let running: Promise<void> | undefined
  let isWanted = false
  const run = async (): Promise<void> => {
    do {
      isWanted = false
      try {
        await call()
      } catch (error) {
        log(`${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    } while (isWanted && !isStopped)
  }
  const begin = (): void => {
    cancelTimer()
    if (isStopped) return
    running = run().finally(() => {
      running = undefined
      if (!isStopped) cancelTimer = clock.after(delayMs, begin)
    })
  }
  cancelTimer = clock.after(0, begin)
  return {
    now() {
      isWanted = true
      if (running === undefined) begin()
    },
    async stop() {
      isStopped = true
      cancelTimer()
      await running
    },
  }
}
