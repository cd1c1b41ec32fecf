import type { Unit } from './tables.ts'

// Figures for people.

/** Units and what each is of the one before it. */
type Scale = readonly (readonly [unit: string, factor: number])[]

const BYTES: Scale = [
  ['B', 1],
  ['KB', 1000],
  ['MB', 1000],
  ['GB', 1000],
  ['TB', 1000],
  ['PB', 1000],
]
const TIME: Scale = [
  ['ms', 1],
  ['s', 1000],
  ['min', 60],
  ['h', 60],
  ['d', 24],
]

function scaled(value: number, scale: Scale): string {
  let amount = value
  let unit = scale[0][0]
  for (const [next, factor] of scale.slice(1)) {
    if (amount < factor) break
    amount /= factor
    unit = next
  }
  return `${Number(amount.toPrecision(3))} ${unit}`
}

const grouped = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')

const FORMATS: Readonly<Record<Unit, (value: number) => string>> = {
  text: String,
  count: grouped,
  bytes: value => scaled(value, BYTES),
  milliseconds: value => scaled(value, TIME),
  'bytes-per-second': value => `${scaled(value, BYTES)}/s`,
}

/** A cell as people read it; text stays. */
export const figure = (value: string | number, unit: Unit): string =>
  typeof value === 'string' ? value : FORMATS[unit](value)
