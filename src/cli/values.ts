// How the text of an option becomes its value: one reader for each kind, the same for flags, environment and the
// configuration file.

import { formatAddress, parseAddress } from '../protocol/index.ts'
import type { Kind, OptionSpec } from './options.ts'

/** What one option holds before it is known which one it is. */
export type Value = string | number | boolean

/** Either the value, or what would have been expected. */
export type Reading = { readonly value: Value } | { readonly expected: string }

interface KindSpec {
  readonly placeholder: string
  readonly expected: (spec: OptionSpec) => string
  /** Undefined: not a text of this kind. */
  readonly read: (text: string) => Value | undefined
}

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }
const SWITCHES: Readonly<Record<string, boolean>> = { 1: true, true: true, yes: true, on: true, 0: false, false: false, no: false, off: false } // prettier-ignore

const nonEmpty = (text: string): string | undefined => (text === '' ? undefined : text)

export const KINDS: Readonly<Record<Kind, KindSpec>> = {
  flag: { placeholder: '', expected: () => 'true or false', read: text => SWITCHES[text.toLowerCase()] },
  text: { placeholder: 'TEXT', expected: () => 'a text that is not empty', read: nonEmpty },
  path: { placeholder: 'PATH', expected: () => 'a path', read: nonEmpty },
  address: {
    placeholder: 'ADDR',
    expected: () => 'unix:PATH, tcp:HOST:PORT or tls:HOST:PORT',
    read: readAddress,
  },
  choice: {
    placeholder: 'NAME',
    expected: spec => `one of ${(spec.choices ?? []).join(', ')}`,
    read: nonEmpty,
  },
  integer: {
    placeholder: 'N',
    expected: spec => `a whole number${rangeText(spec)}`,
    read: text => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
  },
  seconds: {
    placeholder: 'SECONDS',
    expected: spec => `a number of seconds${rangeText(spec)}`,
    read: text => (/^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined),
  },
  milliseconds: {
    placeholder: 'MS',
    expected: spec => `a whole number of milliseconds${rangeText(spec)}`,
    read: text => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
  },
  time: {
    placeholder: 'TIME',
    expected: () => 'a date such as 2026-11-01, a time such as 2026-11-01T12:00Z, or an age such as 24h or 7d',
    read: readTime,
  },
  mode: {
    placeholder: 'MODE',
    expected: () => 'three octal digits, such as 660',
    read: text => (/^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : undefined),
  },
  size: {
    placeholder: 'SIZE',
    expected: spec => `a number of bytes${rangeText(spec)}; K, M, G and T may follow it`,
    read: readSize,
  },
}

function readAddress(text: string): string | undefined {
  try {
    return formatAddress(parseAddress(text))
  } catch {
    return undefined
  }
}

const AGE_UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/

/** Milliseconds since the epoch. */
function readTime(text: string): number | undefined {
  const age = /^(\d{1,6})([mhdw])$/.exec(text)
  if (age !== null) return Date.now() - Number(age[1]) * AGE_UNITS_MS[age[2]]
  const ms = INSTANT.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(ms) ? undefined : ms
}

function readSize(text: string): number | undefined {
  const match = /^(\d{1,12})([KMGT]?)(i?B)?$/i.exec(text)
  return match === null ? undefined : Number(match[1]) * SIZE_UNITS[match[2].toUpperCase()]
}

/** Bytes with the largest unit that divides them: 2147483648 → `2G`. */
export function sizeText(bytes: number): string {
  const unit = Object.entries(SIZE_UNITS)
    .reverse()
    .find(([, factor]) => bytes >= factor && bytes % factor === 0)
  return unit === undefined ? String(bytes) : `${bytes / unit[1]}${unit[0]}`
}

/** A value of an option as one would write it. */
export function valueText(spec: OptionSpec, value: Value): string {
  if (spec.kind === 'size') return sizeText(Number(value))
  if (spec.kind === 'time') return new Date(Number(value)).toISOString()
  return spec.kind === 'mode' ? Number(value).toString(8) : String(value)
}

/** The range of an option for people, with a leading blank; empty where it has none. */
export function rangeText(spec: OptionSpec): string {
  if (spec.range === undefined) return ''
  const [least, most] = spec.range
  return ` from ${valueText(spec, least)} to ${valueText(spec, most)}`
}

/** Reads one text as the kind of this option demands, and checks range and choices. */
export function readValue(spec: OptionSpec, text: string): Reading {
  const kind = KINDS[spec.kind]
  const value = kind.read(text)
  const refused: Reading = { expected: kind.expected(spec) }
  if (value === undefined) return refused
  if (spec.choices !== undefined && !spec.choices.includes(String(value))) return refused
  if (spec.range !== undefined && (Number(value) < spec.range[0] || Number(value) > spec.range[1])) return refused
  return { value }
}
