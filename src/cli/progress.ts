// The progress bar on standard error, on a terminal only.

import { visible } from '../report/index.ts'

const REDRAW_MS = 100
const BAR_WIDTH = 24
const FALLBACK_COLUMNS = 80
/** From here on (Hangul Jamo) a character may take two columns; taking too many for wide only shortens a name. */
const FIRST_WIDE = 0x1100

/** What is known of the work as a whole; the counts grow while folders are still being read. */
export interface Total {
  files: number
  bytes: number
  /** Every folder has been read: the counts are final. */
  final: boolean
}

/** How far the work is: whoever does it writes here, the bar reads. */
export interface Meter {
  files: number
  bytes: number
  found: number
  current: string
}

export interface Progress {
  /** Takes the line away for a moment, so that a result can be written in its place. */
  clear(): void
  /** Takes the line away for good. */
  stop(): void
}

interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const SILENT: Progress = { clear: () => {}, stop: () => {} }

export const newMeter = (): Meter => ({ files: 0, bytes: 0, found: 0, current: '' })
export const newTotal = (): Total => ({ files: 0, bytes: 0, final: false })

/** A bar on this stream that follows the meter, or nothing where it is no terminal. */
export function createProgress(screen: Screen, meter: Readonly<Meter>, total: Readonly<Total>): Progress {
  if (screen.isTTY !== true) return SILENT
  const startedMs = performance.now()
  let shown = false
  const clear = (): void => {
    if (shown) screen.write('\r\u001B[2K')
    shown = false
  }
  const draw = (): void => {
    const columns = (screen.columns ?? FALLBACK_COLUMNS) - 1
    screen.write(`\r\u001B[2K${progressLine(meter, total, performance.now() - startedMs, columns)}`)
    shown = true
  }
  const timer = setInterval(draw, REDRAW_MS).unref()
  return {
    clear,
    stop() {
      clearInterval(timer)
      clear()
    },
  }
}

/** One line that fits into this many columns. */
export function progressLine(
  meter: Readonly<Meter>,
  total: Readonly<Total>,
  elapsedMs: number,
  columns: number,
): string {
  const rate = elapsedMs > 0 ? bytesText((meter.bytes * 1000) / elapsedMs) : '0 B'
  const parts = [
    total.final ? bar(meter, total) : 'counting…',
    `${meter.files}/${total.files}${total.final ? '' : '+'} files`,
    `${bytesText(meter.bytes)} at ${rate}/s`,
    `${meter.found} found`,
  ]
  // Up to here one character is one column; what follows comes from outside.
  const counts = parts.join('  ').slice(0, columns)
  return `${counts}${fit(`  ${visible(meter.current)}`, columns - counts.length)}`
}

function bar(meter: Readonly<Meter>, total: Readonly<Total>): string {
  const share = total.bytes > 0 ? meter.bytes / total.bytes : meter.files / Math.max(1, total.files)
  const bounded = Math.min(1, share) // files may grow while they are scanned
  const filled = Math.round(bounded * BAR_WIDTH)
  const percent = String(Math.floor(bounded * 100)).padStart(3)
  return `[${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}] ${percent} %`
}

function fit(text: string, columns: number): string {
  let used = 0
  let kept = ''
  for (const char of text) {
    used += (char.codePointAt(0) ?? 0) < FIRST_WIDE ? 1 : 2
    if (used > columns) break
    kept += char
  }
  return kept
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** Bytes for people, in powers of 1000: 1234567 → `1.2 MB`. */
export function bytesText(bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const value = bytes / 1000 ** step
  return `${value.toFixed(step === 0 || value >= 100 ? 0 : 1)} ${UNITS[step]}`
}
