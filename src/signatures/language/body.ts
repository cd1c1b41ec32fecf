import { digitValue } from './hex.ts'
import type { Boundary, Choice, Element, Gap, Run } from './ir.ts'
import { LineError } from './problems.ts'

// Reads ClamAV's hexadecimal body patterns into elements. Source: ClamAV manual, "Body-based signature content format".
// Leniency: what ClamAV would accept is accepted; a few of its implementation limits (single bytes beside [n-m] only)
// are not enforced, because the matcher does not need them.

/** Nesting of alternatives; ClamAV has a limit of its own of the same order. */
const MAX_NESTING = 15
/** Bytes of one pattern after reading; the longest official one has about 8,000. */
const MAX_PATTERN_BYTES = 32_768
const MAX_GAP_BYTES = 0x7fffffff
/** ClamAV's limit for [n-m]. */
const MAX_BRACKET_BYTES = 32
/** Exact gaps up to this are wildcards inside a part. */
const MAX_INNER_GAP_BYTES = 127
const MAX_BRANCHES = 4_096

const STAR = 0x2a
const BRACE = 0x7b
const BRACKET = 0x5b
const OPEN = 0x28
const CLOSE = 0x29
const BANG = 0x21
const BAR = 0x7c
const SPECIAL: ReadonlySet<number> = new Set([STAR, BRACE, BRACKET, OPEN, CLOSE, BANG, BAR])

const BOUNDARIES = { B: 'word', L: 'line', W: 'nonword' } as const

class BodyReader {
  readonly text: string
  position = 0
  bytes = 0
  /** A gap in braces that separates parts has been read. */
  split = false
  /** Scratch for the run that is being read. */
  readonly values: Uint8Array
  readonly masks: Uint8Array

  constructor(text: string) {
    this.text = text
    this.values = new Uint8Array((text.length >> 1) + 1)
    this.masks = new Uint8Array((text.length >> 1) + 1)
  }

  /** Reads elements up to the end, or up to `|` or `)` inside a group. */
  elements(nesting: number): Element[] {
    const elements: Element[] = []
    while (this.position < this.text.length) {
      const code = this.text.charCodeAt(this.position)
      if (code === BAR || code === CLOSE) {
        if (nesting > 0) break
        throw new LineError('bad-hex', `at character ${this.position + 1} of the pattern`)
      }
      if (code === STAR || code === BRACE || code === BRACKET) {
        elements.push(this.gap(this.text[this.position], nesting))
      } else if (code === OPEN || code === BANG) elements.push(this.group(nesting))
      else elements.push(this.run())
    }
    return elements
  }

  /** Reads bytes up to whatever is not one. */
  run(): Run {
    let length = 0
    while (this.position < this.text.length && !SPECIAL.has(this.text.charCodeAt(this.position))) {
      const high = this.nibble(this.position)
      const low = this.nibble(this.position + 1)
      this.position += 2
      if (this.bytes + length >= MAX_PATTERN_BYTES) throw new LineError('pattern-too-long')
      this.values[length] = (high < 0 ? 0 : high << 4) | (low < 0 ? 0 : low)
      this.masks[length++] = (high < 0 ? 0 : 0xf0) | (low < 0 ? 0 : 0x0f)
    }
    this.bytes += length
    return { kind: 'run', values: this.values.slice(0, length), masks: this.masks.slice(0, length) }
  }

  /** Value of the digit at an index, or -1 for a wildcard. */
  nibble(index: number): number {
    if (this.text[index] === '?') return -1
    const value = index < this.text.length ? digitValue(this.text.charCodeAt(index)) : -1
    if (value < 0) throw new LineError('bad-hex', `at character ${index + 1} of the pattern`)
    return value
  }

  gap(opening: string, nesting: number): Gap {
    if (opening === '*') {
      if (nesting > 0) throw new LineError('bad-gap', '* inside a group')
      this.position++
      return { kind: 'gap', minBytes: 0, maxBytes: Infinity, bracket: false, inner: false }
    }
    const close = this.text.indexOf(opening === '{' ? '}' : ']', this.position)
    if (close < 0) throw new LineError('bad-gap', 'it is not closed')
    const inner = this.text.slice(this.position + 1, close)
    this.position = close + 1
    const match = /^(\d{0,10})(-?)(\d{0,10})$/.exec(inner)
    if (match === null || (match[1] === '' && match[3] === '')) throw new LineError('bad-gap', inner)
    const minBytes = match[1] === '' ? 0 : Number(match[1])
    const maxBytes = match[2] === '' ? minBytes : match[3] === '' ? Infinity : Number(match[3])
    if (minBytes > maxBytes || minBytes > MAX_GAP_BYTES || (maxBytes !== Infinity && maxBytes > MAX_GAP_BYTES))
      throw new LineError('bad-gap', inner)
    if (opening === '[' && maxBytes > MAX_BRACKET_BYTES) throw new LineError('bad-gap', inner)
    if (nesting > 0) {
      if (minBytes !== maxBytes) throw new LineError('bad-gap', 'a variable gap inside a group')
      return { kind: 'gap', minBytes, maxBytes, bracket: false, inner: true }
    }
    return {
      kind: 'gap',
      minBytes,
      maxBytes,
      bracket: opening === '[',
      inner: this.isInner(opening, minBytes, maxBytes),
    }
  }

  /** Exact {n} are wildcards inside a part, as long as no other gap in braces came before; ClamAV reads them so. */
  isInner(opening: string, minBytes: number, maxBytes: number): boolean {
    if (opening !== '{') return false
    const exact = minBytes === maxBytes && minBytes > 0 && minBytes <= MAX_INNER_GAP_BYTES
    if (!exact) this.split = true
    return exact && !this.split
  }

  group(nesting: number): Choice | Boundary {
    const negated = this.text[this.position] === '!'
    if (negated) this.position++
    if (this.text[this.position] !== '(') throw new LineError('bad-alternatives', '! without a group')
    this.position++
    const letter = this.text[this.position]
    if ((letter === 'B' || letter === 'L' || letter === 'W') && this.text[this.position + 1] === ')') {
      this.position += 2
      return { kind: 'boundary', which: BOUNDARIES[letter], negated, at: 'inside', wide: false }
    }
    if (nesting >= MAX_NESTING) throw new LineError('bad-alternatives', `more than ${MAX_NESTING} levels`)
    return this.alternatives(negated, nesting + 1)
  }

  alternatives(negated: boolean, nesting: number): Choice {
    const branches: Element[][] = []
    for (;;) {
      const branch = this.elements(nesting)
      if (branch.length === 0) throw new LineError('bad-alternatives', 'an empty alternative')
      branches.push(branch)
      if (branches.length > MAX_BRANCHES) throw new LineError('bad-alternatives', `more than ${MAX_BRANCHES}`)
      const end = this.text[this.position++]
      if (end === ')') break
      if (end !== '|') throw new LineError('bad-alternatives', 'a group is not closed')
    }
    if (negated && !equalLengths(branches)) throw new LineError('bad-alternatives', 'negated and of different lengths')
    return { kind: 'choice', branches, negated }
  }
}

function equalLengths(branches: readonly (readonly Element[])[]): boolean {
  const first = fixedLength(branches[0])
  return first >= 0 && branches.every(branch => fixedLength(branch) === first)
}

/** Length in bytes that the elements always consume, or -1 where it varies. Boundaries at an edge consume nothing. */
export function fixedLength(elements: readonly Element[]): number {
  let length = 0
  for (const element of elements) {
    const own = elementLength(element)
    if (own < 0) return -1
    length += own
  }
  return length
}

function elementLength(element: Element): number {
  switch (element.kind) {
    case 'run':
      return element.values.length
    case 'gap':
      return element.minBytes === element.maxBytes ? element.minBytes : -1
    case 'boundary':
      return element.at !== 'inside' ? 0 : element.which === 'line' ? -1 : 1
    default: {
      const length = fixedLength(element.branches[0])
      return length >= 0 && element.branches.every(branch => fixedLength(branch) === length) ? length : -1
    }
  }
}

function separates(element: Element | undefined): element is Gap {
  return element?.kind === 'gap' && !element.inner
}

/** Splits elements at gaps: the parts between them, in order; gaps[i] lies between parts[i] and parts[i + 1]. */
export function splitParts(elements: readonly Element[]): { parts: Element[][]; gaps: Gap[] } {
  const parts: Element[][] = [[]]
  const gaps: Gap[] = []
  for (const element of elements) {
    if (separates(element)) {
      gaps.push(element)
      parts.push([])
    } else parts.at(-1)!.push(element)
  }
  return { parts, gaps }
}

/** Longest run of fully known bytes in a part. */
function longestStatic(part: readonly Element[]): number {
  let longest = 0
  for (const element of part) {
    if (element.kind !== 'run') continue
    let current = 0
    for (const mask of element.masks) longest = Math.max(longest, (current = mask === 0xff ? current + 1 : 0))
  }
  return longest
}

function isSingleByte(part: readonly Element[]): boolean {
  return part.length === 1 && part[0].kind === 'run' && part[0].values.length === 1
}

function checkStrength(elements: readonly Element[]): void {
  const { parts, gaps } = splitParts(elements)
  parts.forEach((part, i) => {
    if (part.length === 0 && parts.length > 1) throw new LineError('bad-gap', 'nothing before or after it')
    const besideBracket = gaps[i - 1]?.bracket || gaps[i]?.bracket
    if (longestStatic(part) < 2 && !(isSingleByte(part) && besideBracket)) throw new LineError('pattern-too-weak')
  })
  if (!parts.some(part => longestStatic(part) >= 2)) throw new LineError('pattern-too-weak')
}

/** Boundaries first or last in a part look at the neighbour instead of consuming a byte. */
function placeBoundaries(elements: Element[]): Element[] {
  return elements.map((element, index) => {
    if (element.kind !== 'boundary') return element
    const before = elements[index - 1]
    const after = elements[index + 1]
    if (before === undefined || separates(before)) return { ...element, at: 'left' as const }
    if (after === undefined || separates(after)) return { ...element, at: 'right' as const }
    return element
  })
}

/**
 * Reads one hexadecimal body.
 * @param text - the pattern as it stands in the database, without offset and modifiers
 * @throws LineError
 */
export function parseBody(text: string): Element[] {
  const reader = new BodyReader(text)
  const elements = placeBoundaries(reader.elements(0))
  checkStrength(elements)
  return elements
}
