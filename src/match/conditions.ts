import { CONDITION } from '../signatures/index.ts'
import type { Subject } from './subject.ts'

// Checks the conditions of a logical signature (signatures/image/program.ts gives the codes).

const ANY_CONTAINER = 'CL_TYPE_ANY'

const u16 = (bytes: Uint8Array, at: number): number => bytes[at] | (bytes[at + 1] << 8)
const u32 = (bytes: Uint8Array, at: number): number => (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0

/** What a range condition compares, by key; undefined where the file has no such number. */
function measured(key: number, subject: Subject): number | undefined {
  if (key === CONDITION.FILE_SIZE) return subject.content.length
  const layout = subject.layout()
  if (layout === undefined) return undefined
  return key === CONDITION.ENTRY_POINT
    ? layout.entryPoint < 0
      ? undefined
      : layout.entryPoint
    : layout.sections.length
}

/** CL_TYPE_ANY stands for "not inside of anything". */
function containerFits(name: string, containers: readonly string[]): boolean {
  return name === ANY_CONTAINER ? containers.length === 0 : containers.at(-1) === name
}

/** The innermost containers must be those of the list, in order; CL_TYPE_ANY fits each. */
function intermediatesFit(names: readonly string[], containers: readonly string[]): boolean {
  if (containers.length < names.length) return false
  const innermost = containers.slice(containers.length - names.length)
  return names.every((name, i) => name === ANY_CONTAINER || name === innermost[i])
}

/** True where all conditions at `at` hold. */
export function conditionsHold(
  conditions: Uint8Array,
  at: number,
  typeNames: readonly string[],
  subject: Subject,
): boolean {
  for (let pc = at; conditions[pc] !== CONDITION.END;) {
    const key = conditions[pc]
    if (key === CONDITION.CONTAINER) {
      if (!containerFits(typeNames[u16(conditions, pc + 1)], subject.containers)) return false
      pc += 3
    } else if (key === CONDITION.INTERMEDIATES) {
      const count = conditions[pc + 1]
      const names = Array.from({ length: count }, (_, i) => typeNames[u16(conditions, pc + 2 + i * 2)])
      if (!intermediatesFit(names, subject.containers)) return false
      pc += 2 + count * 2
    } else {
      const value = measured(key, subject)
      if (value === undefined || value < u32(conditions, pc + 1) || value > u32(conditions, pc + 5)) return false
      pc += 9
    }
  }
  return true
}
