import type { ArtifactReport, NotSeen, Report, ScanError, Summary } from './model.ts'
import { visible } from './visible.ts'
import { VERDICTS, type Verdict } from './vocabulary.ts'
import type { ReportWriter, WriterOptions } from './writer.ts'

// For people: one line for each file, notes on what was not seen below it, and a summary. Scripts read JSON or XML.

/** Notes below one file; the rest is counted. */
export const MAX_NOTES = 10
/** Detections named in the line of one file; the rest is counted. */
export const MAX_NAMES = 20

type Colour = 'red' | 'yellow' | 'green' | 'dim'
const ANSI: Readonly<Record<Colour, string>> = { red: '31', yellow: '33', green: '32', dim: '2' }
const COLOUR_OF: Readonly<Record<Verdict, Colour>> = {
  infected: 'red',
  suspicious: 'yellow',
  unwanted: 'yellow',
  unscannable: 'yellow',
  clean: 'green',
  trusted: 'green',
}

/** Writes results as text; errors come where they happen. */
export function createTextWriter(options: WriterOptions): ReportWriter {
  const paint = (colour: Colour, text: string) =>
    options.colour === true ? `\u001b[${ANSI[colour]}m${text}\u001b[0m` : text
  return {
    begin: () => '',
    report(report: Report) {
      const names = firstOf([...new Set(report.artifacts.flatMap(namesIn))], MAX_NAMES)
      const verdict = paint(COLOUR_OF[report.verdict], report.verdict)
      const notes = firstOf(report.artifacts.flatMap(notesOn), MAX_NOTES)
      const line = `${visible(report.name)}: ${[verdict, names.join(', ')].join(' ').trimEnd()}\n`
      return line + notes.map(note => paint('dim', `  ${note}`) + '\n').join('')
    },
    error: ({ name, code, message }: ScanError) =>
      `${visible(name)}: ${paint('red', 'error')} ${visible(code)}: ${visible(message)}\n`,
    end: summaryText,
  }
}

const namesIn = (artifact: ArtifactReport): string[] => artifact.detections.map(({ name }) => visible(name))

const notesOn = (artifact: ArtifactReport): string[] => artifact.notSeen.map(noteOn)

function noteOn({ path, reason, detail, bytes }: NotSeen): string {
  const amount = bytes === undefined ? '' : `, ${bytes} bytes`
  return `not seen: ${visible(path)} (${reason}${amount}): ${visible(detail)}`
}

function firstOf(items: string[], max: number): string[] {
  return items.length <= max ? items : [...items.slice(0, max), `and ${items.length - max} more`]
}

function summaryText(summary: Summary): string {
  const rows: [string, string][] = [['files', String(summary.files)]]
  for (const verdict of VERDICTS) rows.push([verdict, String(summary[verdict])])
  rows.push(
    ['errors', String(summary.errors)],
    ['bytes', byteCount(summary.bytes)],
    ['seconds', (summary.elapsedMs / 1000).toFixed(3)],
  )
  const width = Math.max(...rows.map(([label]) => label.length))
  return ['', 'Summary', ...rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`), ''].join('\n')
}

const UNITS = ['KB', 'MB', 'GB', 'TB', 'PB']

/** Bytes exactly, and from 1,000 on also in decimal units. */
function byteCount(bytes: number): string {
  let amount = bytes
  let unit = ''
  for (const next of UNITS) {
    if (amount < 1000) break
    amount /= 1000
    unit = next
  }
  return unit === '' ? String(bytes) : `${bytes} (${amount.toFixed(1)} ${unit})`
}
