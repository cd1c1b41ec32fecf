import { OP } from '../signatures/index.ts'
import { boundsInside, boundsLeft, boundsRight } from './boundary.ts'

// Runs one part of a pattern program at one position (signatures/image/program.ts gives the codes).

const u16 = (program: Uint8Array, at: number): number => program[at] | (program[at + 1] << 8)

/** End of the operation at `pc`. */
export function nextOperation(program: Uint8Array, pc: number): number {
  switch (program[pc]) {
    case OP.LITERAL:
      return pc + 3 + u16(program, pc + 1)
    case OP.MASKED:
      return pc + 3 + 2 * u16(program, pc + 1)
    case OP.SKIP:
      return pc + 3
    case OP.SET:
      return pc + 3 + program[pc + 2]
    case OP.FIXED_CHOICE:
      return pc + 6 + 2 * u16(program, pc + 2) * u16(program, pc + 4)
    case OP.CHOICE: {
      let at = pc + 3
      for (let i = u16(program, pc + 1); i > 0; i--) at += 2 + u16(program, at)
      return at
    }
    case OP.BOUNDARY:
      return pc + 5
    case OP.GAP:
      return pc + 9
    default:
      return pc + 1
  }
}

/** True where one of the branches of a FIXED_CHOICE at `pc` stands at `position`. */
function anyBranch(program: Uint8Array, pc: number, content: Uint8Array, position: number): boolean {
  const count = u16(program, pc + 2)
  const length = u16(program, pc + 4)
  for (let branch = 0, at = pc + 6; branch < count; branch++, at += 2 * length) {
    let i = 0
    while (i < length && (content[position + i] & program[at + length + i]) === program[at + i]) i++
    if (i === length) return true
  }
  return false
}

function boundary(program: Uint8Array, pc: number, content: Uint8Array, position: number): boolean {
  const look = program[pc + 3] === 1 ? boundsLeft : boundsRight
  return look(content, position, program[pc + 1], program[pc + 2] === 1, program[pc + 4] === 1)
}

/**
 * Matches a part of fixed length.
 * @param pc - first operation of the part
 * @returns end position, or -1
 */
export function matchFixed(program: Uint8Array, pc: number, content: Uint8Array, start: number): number {
  let position = start
  for (;;) {
    const operation = program[pc]
    switch (operation) {
      case OP.LITERAL: {
        const length = u16(program, pc + 1)
        if (position + length > content.length) return -1
        for (let i = 0, at = pc + 3; i < length; i++) if (content[position + i] !== program[at + i]) return -1
        position += length
        break
      }
      case OP.MASKED: {
        const length = u16(program, pc + 1)
        if (position + length > content.length) return -1
        for (let i = 0, at = pc + 3; i < length; i++)
          if ((content[position + i] & program[at + length + i]) !== program[at + i]) return -1
        position += length
        break
      }
      case OP.SKIP:
        position += u16(program, pc + 1)
        if (position > content.length) return -1
        break
      case OP.SET:
        if (position >= content.length || !inSet(program, pc, content[position])) return -1
        position++
        break
      case OP.FIXED_CHOICE: {
        const length = u16(program, pc + 4)
        if (position + length > content.length) return -1
        if (anyBranch(program, pc, content, position) === (program[pc + 1] === 1)) return -1
        position += length
        break
      }
      case OP.BOUNDARY:
        if (program[pc + 3] !== 0) {
          if (!boundary(program, pc, content, position)) return -1
        } else {
          if (position >= content.length) return -1
          if (boundsInside(program[pc + 1], content[position]) === (program[pc + 2] === 1)) return -1
          position++
        }
        break
      case OP.CHOICE: // only where all branches have the same length: then the first that matches decides
        position = firstBranch(program, pc, content, position)
        if (position < 0) return -1
        break
      default:
        return position
    }
    pc = nextOperation(program, pc)
  }
}

function inSet(program: Uint8Array, pc: number, byte: number): boolean {
  const count = program[pc + 2]
  let found = false
  for (let i = 0; i < count && !found; i++) found = program[pc + 3 + i] === byte
  return found !== (program[pc + 1] === 1)
}

function firstBranch(program: Uint8Array, pc: number, content: Uint8Array, position: number): number {
  let at = pc + 3
  for (let i = u16(program, pc + 1); i > 0; i--) {
    const end = matchFixed(program, at + 2, content, position)
    if (end >= 0) return end
    at += 2 + u16(program, at)
  }
  return -1
}

/** End positions that one part may have from one start; more are more than a pattern is worth. */
const MAX_ENDS = 4_096

/**
 * Matches a part of variable length: all end positions, ascending, each once. Works on the set of positions that are
 * reachable after each operation, so that its cost is bounded by set size times operations; nothing backtracks.
 * @param spend - called with the steps taken
 */
export function matchVariable(
  program: Uint8Array,
  pc: number,
  content: Uint8Array,
  start: number,
  spend: (steps: number) => void,
): number[] {
  return advance(program, pc, content, [start], spend)
}

function advance(
  program: Uint8Array,
  from: number,
  content: Uint8Array,
  starts: readonly number[],
  spend: (steps: number) => void,
): number[] {
  let positions = [...starts]
  for (let pc = from; positions.length > 0; pc = nextOperation(program, pc)) {
    const operation = program[pc]
    if (operation === OP.END || operation === OP.GAP) return positions
    spend(positions.length * 4)
    positions =
      operation === OP.CHOICE
        ? branches(program, pc, content, positions, spend)
        : positions.flatMap(position => step(program, pc, content, position))
    if (positions.length > 1) positions = [...new Set(positions)].sort((a, b) => a - b)
    if (positions.length > MAX_ENDS) spend(Infinity)
  }
  return positions
}

function branches(
  program: Uint8Array,
  pc: number,
  content: Uint8Array,
  positions: readonly number[],
  spend: (steps: number) => void,
): number[] {
  const ends: number[] = []
  let at = pc + 3
  for (let i = u16(program, pc + 1); i > 0; i--) {
    ends.push(...advance(program, at + 2, content, positions, spend))
    at += 2 + u16(program, at)
  }
  return ends
}

const LINE_KIND = 1

/** One operation at one position: no, one, or (for a line boundary inside) possibly a longer end. */
function step(program: Uint8Array, pc: number, content: Uint8Array, position: number): number[] {
  if (program[pc] === OP.BOUNDARY && program[pc + 1] === LINE_KIND && program[pc + 3] === 0) {
    if (position >= content.length) return []
    const crLf = content[position] === 13 && content[position + 1] === 10
    if (program[pc + 2] === 1) return content[position] !== 10 && !crLf ? [position + 1] : []
    return content[position] === 10 ? [position + 1] : crLf ? [position + 2] : []
  }
  const end = matchOne(program, pc, content, position)
  return end < 0 ? [] : [end]
}

/** Runs the single operation at `pc` by letting matchFixed see it with an END behind it. */
function matchOne(program: Uint8Array, pc: number, content: Uint8Array, position: number): number {
  const end = nextOperation(program, pc)
  const single = new Uint8Array(end - pc + 1)
  single.set(program.subarray(pc, end))
  return matchFixed(single, 0, content, position)
}
