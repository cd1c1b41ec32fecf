import type { Clock, Log } from './ports/host.ts'

/** Calls again and again, each time that long after the last call has ended. @returns what stops it and waits for its end */
export function periodically(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  delayMs: number,
  name: string,
  call: () => Promise<unknown>,
): { readonly now: () => void; stop(): Promise<void> } {
  const state = { isStopped: false, isWanted: false }
  let cancelTimer = (): void => {}
  let running: Promise<void> | undefined
  const run = async (): Promise<void> => {
    do {
      state.isWanted = false
      try {
        await call()
      } catch (error) {
        log(`${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    } while (state.isWanted && !state.isStopped)
  }
  const begin = (): void => {
    cancelTimer()
    if (state.isStopped) return
    running = run().finally(() => {
      running = undefined
      if (!state.isStopped) cancelTimer = clock.after(delayMs, begin)
    })
  }
  cancelTimer = clock.after(0, begin)
  return {
    now() {
      state.isWanted = true
      if (running === undefined) begin()
    },
    async stop() {
      state.isStopped = true
      cancelTimer()
      await running
    },
  }
}
