// Stopping on request: the first signal asks the work to end well, a second one ends the process.

import { EXIT } from './commands.ts'

/** A signal that comes again this soon is the same one: the terminal and the launcher both pass it on. */
const SAME_SIGNAL_MS = 500
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Calls `stop` at the first SIGINT or SIGTERM.
 * @returns a function that gives the signals back to the system
 */
export function onStopSignal(stop: (signal: string) => void): () => void {
  let firstMs: number | undefined
  const listener = (signal: NodeJS.Signals): void => {
    const nowMs = performance.now()
    if (firstMs === undefined) {
      firstMs = nowMs
      stop(signal)
    } else if (nowMs - firstMs > SAME_SIGNAL_MS) {
      process.exit(EXIT.failed)
    }
  }
  for (const signal of SIGNALS) process.on(signal, listener)
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener)
  }
}
