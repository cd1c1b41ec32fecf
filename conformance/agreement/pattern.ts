// Reads the public grammar of body patterns into a tree. Written for the forge alone and from the documentation, apart
// from the compiler under test, so that a misreading of one is not repeated by the other.

/** One step of a pattern. Lengths and gaps in bytes. */
export type Item =
  | { readonly kind: 'byte'; readonly value: number; readonly mask: number }
  | { readonly kind: 'gap'; readonly min: number; readonly max: number }
  | { readonly kind: 'choice'; readonly options: readonly (readonly Item[])[]; readonly isNegated: boolean }
  | { readonly kind: 'edge'; readonly mark: 'B' | 'L' | 'W'; readonly isNegated: boolean }

/** What this reader does not understand; the signature is then left out of the comparison, and counted. */
export class PatternError extends Error {}

const EDGE = /^!?\(([BLW])\)/
const GAP = /^(?:\{|\[)(\d*)(-?)(\d*)(?:\}|\])/

/** Reads a whole pattern. @throws PatternError */
export function readPattern(text: string): Item[] {
  const reader = new Reader(text)
  const items = reader.sequence()
  if (reader.rest !== '') throw new PatternError(`unexpected ${reader.rest.slice(0, 10)}`)
  return items
}

class Reader {
  rest: string
  constructor(text: string) {
    this.rest = text
  }

  /** Items up to the end, `|` or `)`. */
  sequence(): Item[] {
    const items: Item[] = []
    while (this.rest !== '' && !/^[|)]/.test(this.rest)) items.push(this.item())
    return items
  }

  private take(length: number): string {
    const taken = this.rest.slice(0, length)
    this.rest = this.rest.slice(length)
    return taken
  }

  private item(): Item {
    const edge = EDGE.exec(this.rest)
    if (edge !== null) {
      const isNegated = this.take(edge[0].length).startsWith('!')
      return { kind: 'edge', mark: edge[1] as 'B' | 'L' | 'W', isNegated }
    }
    if (/^!?\(/.test(this.rest)) return this.choice()
    if (this.rest.startsWith('*')) {
      this.take(1)
      return { kind: 'gap', min: 0, max: Infinity }
    }
    const gap = GAP.exec(this.rest)
    if (gap !== null) {
      this.take(gap[0].length)
      const min = Number(gap[1] || 0)
      return { kind: 'gap', min, max: gap[2] === '' ? min : gap[3] === '' ? Infinity : Number(gap[3]) }
    }
    return this.byte()
  }

  private choice(): Item {
    const isNegated = this.rest.startsWith('!')
    this.take(isNegated ? 2 : 1)
    const options = [this.sequence()]
    while (this.rest.startsWith('|')) {
      this.take(1)
      options.push(this.sequence())
    }
    if (this.take(1) !== ')') throw new PatternError('unclosed parenthesis')
    return { kind: 'choice', options, isNegated }
  }

  private byte(): Item {
    const digits = this.take(2)
    if (!/^[0-9a-f?]{2}$/i.test(digits)) throw new PatternError(`not a byte: ${digits}`)
    const value = Number.parseInt(digits.replaceAll('?', '0'), 16)
    const mask = (digits[0] === '?' ? 0 : 0xf0) | (digits[1] === '?' ? 0 : 0x0f)
    return { kind: 'byte', value, mask }
  }
}
