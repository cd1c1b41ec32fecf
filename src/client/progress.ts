import { visible } from '../report/index.ts'

/** The part of a terminal that progress is written to. */
export interface Terminal {
  readonly columns?: number
  write(text: string): unknown
}

/** One line that counts; rewritten in place. */
export interface Progress {
  /** Another file is done. */
  step(name: string, bytes: number): void
  /** Takes the line away, before anything else is written to the terminal. */
  clear(): void
}

const PERIOD_MS = 100
const CLEAR_LINE = '\r\u001b[K'
const SILENT: Progress = { step() {}, clear() {} }

/** Progress on a terminal; without one, none. Drawn at most every 100 ms, and not before the first 100 ms. */
export const createProgress = (terminal: Terminal | undefined): Progress => {
  if (terminal === undefined) return SILENT
  let files = 0
  let bytes = 0
  let drawnAtMs = performance.now()
  let shown = false
  const clear = (): void => {
    if (shown) terminal.write(CLEAR_LINE)
    shown = false
  }
  return {
    clear,
    step(name, size) {
      files++
      bytes += size
      const nowMs = performance.now()
      if (nowMs - drawnAtMs < PERIOD_MS) return
      drawnAtMs = nowMs
      const text = `${files} files, ${(bytes / 1e6).toFixed(1)} MB  ${visible(name)}`
      terminal.write(CLEAR_LINE + text.slice(0, (terminal.columns ?? 80) - 1))
      shown = true
    },
  }
}
