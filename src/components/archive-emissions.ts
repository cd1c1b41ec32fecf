import type { Emission } from '../scan/index.ts'

// What components for plain archives say alike.

/** Bytes that belong to no member, as a child of their own; all of them together are no member, but the archive itself. */
export function gapChild(bytes: Uint8Array, offset: number, end: number): Emission {
  if (offset === 0 && end === bytes.length)
    return { emit: 'missed', reason: 'malformed', detail: 'Nothing in it can be told apart' }
  return { emit: 'child', name: `gap-at-${offset}`, relation: 'supplementary', content: bytes.subarray(offset, end) }
}

/** What a reader finds between members or behind them. */
export interface Gap {
  readonly offset: number
  readonly end: number
  /** `damaged`: a header cannot be read, and members may be lost; `trailing`: behind the end of the archive. */
  readonly why: 'damaged' | 'trailing'
}

/** A gap as a child, and what it means. @param format - the codes of its anomalies begin with it */
export function* gapEmissions(format: string, bytes: Uint8Array, { offset, end, why }: Gap): Generator<Emission> {
  yield gapChild(bytes, offset, end)
  if (why === 'trailing') {
    const detail = 'Something else follows the end of the archive'
    yield { emit: 'anomaly', code: `${format}.trailing`, detail, offset }
    return
  }
  const detail = `${end - offset} bytes at offset ${offset} belong to no member: a header is damaged`
  yield { emit: 'anomaly', code: `${format}.damaged`, detail, offset }
  yield { emit: 'missed', reason: 'malformed', detail }
}

/** A member whose last bytes are not there. */
export function cutMember(name: string, missingBytes: number): Emission {
  const detail = `The archive ends ${missingBytes} bytes before this member does`
  return { emit: 'missed', reason: 'malformed', detail, member: name }
}

/** A number of things that give no child, where there are any. */
export function* countProperty(name: string, count: number): Generator<Emission> {
  if (count > 0) yield { emit: 'property', name, value: String(count) }
}
