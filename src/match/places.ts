import { OFFSET_BYTES, OFFSET_KINDS } from '../signatures/index.ts'
import type { ExecutableLayout } from '../formats/index.ts'
import type { Subject } from './subject.ts'

// Where a pattern may start: its offset, resolved against one file.

/** Closed ranges of start positions: low, high, low, high … ascending. */
export type Places = readonly number[]

const NOWHERE: Places = []

/** Bytes of the offset at the start of a program. */
export function offsetBytes(programs: Uint8Array, pc: number): number {
  return programs[pc] === 0 ? 1 : OFFSET_BYTES
}

function i32(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
}

type Resolver = (value: number, section: number, subject: Subject) => number | undefined

const withLayout =
  (resolve: (layout: ExecutableLayout, value: number, section: number) => number | undefined): Resolver =>
  (value, section, subject) => {
    const layout = subject.layout()
    return layout === undefined ? undefined : resolve(layout, value, section)
  }

/** Start position by kind of offset, for those that have one; undefined: nowhere. */
const RESOLVERS: Readonly<Record<string, Resolver>> = {
  absolute: value => value >>> 0,
  end: (value, _section, subject) => subject.content.length - (value >>> 0),
  'entry-point': withLayout((layout, value) => (layout.entryPoint < 0 ? undefined : layout.entryPoint + value)),
  section: withLayout((layout, value, section) => {
    const found = layout.sections[section]
    return found === undefined ? undefined : found.rawOffset + value
  }),
  'last-section': withLayout((layout, value) => {
    const last = layout.sections.at(-1)
    return last === undefined ? undefined : last.rawOffset + value
  }),
}

/** Resolves the offset at the start of a pattern's program. */
export function resolvePlaces(programs: Uint8Array, pc: number, subject: Subject): Places {
  const kind = OFFSET_KINDS[programs[pc]]
  const end = subject.content.length
  if (kind === 'any') return [0, end]
  const section = programs[pc + 1] | (programs[pc + 2] << 8)
  const value = i32(programs, pc + 3)
  const maxShift = i32(programs, pc + 7) >>> 0
  if (kind === 'in-section') {
    const found = subject.layout()?.sections[section]
    return found === undefined ? NOWHERE : [found.rawOffset, found.rawOffset + found.rawSize]
  }
  if (kind === 'version-info') {
    const offsets = [...(subject.layout()?.versionInfoOffsets ?? [])].sort((a, b) => a - b)
    return offsets.flatMap(offset => [offset, offset + maxShift])
  }
  const low = RESOLVERS[kind](value, section, subject)
  if (low === undefined || low < 0 || low > end) return NOWHERE
  return [low, Math.min(low + maxShift, end)]
}

/** True where a start position lies in one of the places. */
export function contains(places: Places, position: number): boolean {
  for (let i = 0; i < places.length; i += 2) if (position >= places[i] && position <= places[i + 1]) return true
  return false
}
