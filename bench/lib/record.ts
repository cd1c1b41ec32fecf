import { appendFileSync, mkdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { short } from './statistics.ts'

/** One line of a record: what was measured, for the peer and for Lazaret, and what is to be reached. */
export interface Row {
  readonly what: string
  readonly unit: string
  readonly peer: number
  readonly ours: number
  /** How many times better Lazaret is: above 1 is better whatever the unit. */
  readonly ratio: number
  /** The promise: the ratio that is to be reached. */
  readonly promise?: number
  readonly note?: string
}

const RECORDS = join(import.meta.dirname, '..', 'records')

/** Where more is better. */
export function moreIsBetter(
  what: string,
  unit: string,
  peer: number,
  ours: number,
  promise?: number,
  note?: string,
): Row {
  return row(what, unit, peer, ours, ours / peer, promise, note)
}

/** Where less is better. */
export function lessIsBetter(
  what: string,
  unit: string,
  peer: number,
  ours: number,
  promise?: number,
  note?: string,
): Row {
  return row(what, unit, peer, ours, peer / ours, promise, note)
}

function row(
  what: string,
  unit: string,
  peer: number,
  ours: number,
  ratio: number,
  promise: number | undefined,
  note: string | undefined,
): Row {
  return {
    what,
    unit,
    peer,
    ours,
    ratio,
    ...(promise === undefined ? {} : { promise }),
    ...(note === undefined ? {} : { note }),
  }
}

/**
 * Prints the rows as a table and appends them, with date and machine, as one JSON line to records/NAME.jsonl.
 * @returns true when every promise is kept
 */
export function record(name: string, rows: readonly Row[], more: Readonly<Record<string, unknown>> = {}): boolean {
  const processors = cpus()
  const entry = {
    date: new Date().toISOString(),
    machine: { cpu: processors[0]?.model ?? 'unknown', cores: processors.length, node: process.version },
    ...more,
    rows,
  }
  mkdirSync(RECORDS, { recursive: true })
  appendFileSync(join(RECORDS, `${name}.jsonl`), `${JSON.stringify(entry)}\n`)
  console.log(`\n| ${name} | unit | peer | lazaret | ratio | promised | |\n|---|---|---|---|---|---|---|`)
  for (const { what, unit, peer, ours, ratio, promise, note } of rows) {
    const kept = promise === undefined ? '' : ratio >= promise ? 'kept' : 'MISSED'
    const cells = [
      what,
      unit,
      short(peer),
      short(ours),
      short(ratio),
      promise === undefined ? '' : short(promise),
      kept,
    ]
    console.log(`| ${cells.join(' | ')} |${note === undefined ? '' : ` ${note}`}`)
  }
  return rows.every(({ ratio, promise }) => promise === undefined || ratio >= promise)
}
