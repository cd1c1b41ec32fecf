import { fixedLength, splitParts } from '../language/body.ts'
import type { Boundary, Choice, Element, Gap, Offset, Pattern, Run } from '../language/ir.ts'
import { LineError } from '../language/problems.ts'
import { BOUNDARY_KINDS, BOUNDARY_PLACES, OFFSET_KINDS, OP, OPEN_END, PART_VARIABLE } from '../image/program.ts'
import type { GrowableBytes } from './growable.ts'

// Writes patterns as the programs of image/program.ts.

const MAX_PART_BYTES = 0xfff0
const MAX_SET = 255

function minimumLength(elements: readonly Element[]): number {
  let length = 0
  for (const element of elements) {
    if (element.kind === 'run') length += element.values.length
    else if (element.kind === 'choice') length += Math.min(...element.branches.map(minimumLength))
    else if (element.kind === 'boundary') length += element.at === 'inside' ? 1 : 0
    else length += element.minBytes
  }
  return length
}

function encodeRun(run: Run, out: GrowableBytes): void {
  for (let at = 0; at < run.values.length;) {
    const kind = runKind(run.masks[at])
    let end = at + 1
    while (end < run.values.length && runKind(run.masks[end]) === kind) end++
    out.u8(kind)
    out.u16(end - at)
    if (kind !== OP.SKIP) out.append(run.values, at, end)
    if (kind === OP.MASKED) out.append(run.masks, at, end)
    at = end
  }
}

function runKind(mask: number): number {
  return mask === 0xff ? OP.LITERAL : mask === 0 ? OP.SKIP : OP.MASKED
}

function isPlain(branch: readonly Element[]): boolean {
  return branch.length === 1 && branch[0].kind === 'run'
}

function encodeChoice(choice: Choice, out: GrowableBytes): void {
  const plain = choice.branches.every(isPlain) && fixedLength([choice]) >= 0
  if (!plain) return encodeBranches(choice, out)
  const branches = choice.branches.map(branch => branch[0] as Run)
  const length = branches[0].values.length
  const negated = choice.negated ? 1 : 0
  if (length === 1 && branches.length <= MAX_SET && branches.every(branch => branch.masks[0] === 0xff)) {
    out.u8(OP.SET)
    out.u8(negated)
    out.u8(branches.length)
    for (const branch of branches) out.u8(branch.values[0])
    return
  }
  out.u8(OP.FIXED_CHOICE)
  out.u8(negated)
  out.u16(branches.length)
  out.u16(length)
  for (const branch of branches) {
    out.append(branch.values)
    out.append(branch.masks)
  }
}

function encodeBranches(choice: Choice, out: GrowableBytes): void {
  if (choice.negated) throw new LineError('bad-alternatives', 'negated groups may hold plain bytes only')
  out.u8(OP.CHOICE)
  out.u16(choice.branches.length)
  for (const branch of choice.branches) {
    const at = out.length
    out.u16(0)
    encodeElements(branch, out)
    out.u8(OP.END)
    if (out.length - at - 2 > MAX_PART_BYTES) throw new LineError('pattern-too-long')
    out.setU16(at, out.length - at - 2)
  }
}

function encodeBoundary(boundary: Boundary, out: GrowableBytes): void {
  out.u8(OP.BOUNDARY)
  out.u8(BOUNDARY_KINDS.indexOf(boundary.which))
  out.u8(boundary.negated ? 1 : 0)
  out.u8(BOUNDARY_PLACES.indexOf(boundary.at))
  out.u8(boundary.wide ? 1 : 0)
}

function encodeElements(elements: readonly Element[], out: GrowableBytes): void {
  for (const element of elements) {
    if (element.kind === 'run') encodeRun(element, out)
    else if (element.kind === 'choice') encodeChoice(element, out)
    else if (element.kind === 'boundary') encodeBoundary(element, out)
    else if (element.minBytes <= MAX_PART_BYTES) {
      out.u8(OP.SKIP)
      out.u16(element.minBytes)
    } else throw new LineError('bad-gap')
  }
}

function encodeOffset(offset: Offset, out: GrowableBytes): void {
  out.u8(OFFSET_KINDS.indexOf(offset.base))
  if (offset.base === 'any') return
  out.u16(offset.section)
  out.u32(offset.value >>> 0)
  out.u32(offset.maxShift)
}

function encodeGap(gap: Gap, out: GrowableBytes): void {
  out.u8(OP.GAP)
  out.u32(gap.minBytes)
  out.u32(gap.maxBytes === Infinity ? OPEN_END : gap.maxBytes)
}

/** Appends a pattern's program. @throws LineError where it does not fit the program's limits */
export function encodePattern(pattern: Pattern, out: GrowableBytes): void {
  encodeOffset(pattern.offset, out)
  const { parts, gaps } = splitParts(pattern.elements)
  parts.forEach((part, index) => {
    if (index > 0) encodeGap(gaps[index - 1], out)
    const minBytes = minimumLength(part)
    if (minBytes > MAX_PART_BYTES) throw new LineError('pattern-too-long')
    out.u16(minBytes)
    out.u8(fixedLength(part) < 0 ? PART_VARIABLE : 0)
    encodeElements(part, out)
  })
  out.u8(OP.END)
}
