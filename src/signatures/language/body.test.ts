import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fixedLength, parseBody, splitParts } from './body.ts'
import type { Element } from './ir.ts'
import { applyModifiers, parseModifiers } from './modifiers.ts'
import { LineError, type ProblemCode } from './problems.ts'

const hex = (value: number): string => value.toString(16).padStart(2, '0')

/** Elements in a notation of their own: bytes as hex, masked ones as value/mask, everything else in words. */
function dump(elements: readonly Element[]): string {
  return elements
    .map(element => {
      if (element.kind === 'run')
        return [...element.values]
          .map((value, i) =>
            element.masks[i] === 0xff
              ? hex(value)
              : element.masks[i] === 0
                ? '..'
                : `${hex(value)}/${hex(element.masks[i])}`,
          )
          .join(' ')
      if (element.kind === 'gap') return `gap ${element.minBytes}-${element.maxBytes}${element.inner ? ' inner' : ''}`
      if (element.kind === 'boundary')
        return `${element.negated ? 'not ' : ''}${element.which} ${element.at}${element.wide ? ' wide' : ''}`
      return `${element.negated ? 'none' : 'one'} of (${element.branches.map(dump).join(' | ')})`
    })
    .join(', ')
}

describe('bodies', () => {
  test.each([
    ['414243', '41 42 43'],
    ['4A4b', '4a 4b'],
    ['4142??4?4344', '41 42 .. 40/f0 43 44'],
    ['4142?a4344', '41 42 0a/0f 43 44'],
    ['4142*4344', '41 42, gap 0-Infinity, 43 44'],
    ['4142{3}4344', '41 42, gap 3-3 inner, 43 44'],
    ['4142{128}4344', '41 42, gap 128-128, 43 44'],
    ['4142{1-2}4344{3}4546', '41 42, gap 1-2, 43 44, gap 3-3, 45 46'],
    ['4142{-9}4344', '41 42, gap 0-9, 43 44'],
    ['4142{9-}4344', '41 42, gap 9-Infinity, 43 44'],
    ['41[1-3]4344', '41, gap 1-3, 43 44'],
    ['4142(43|44)4546', '41 42, one of (43 | 44), 45 46'],
    ['4142!(43|44)4546', '41 42, none of (43 | 44), 45 46'],
    ['4142(4344|45(46|4748))49', '41 42, one of (43 44 | 45, one of (46 | 47 48)), 49'],
    ['(B)4142(W)', 'word left, 41 42, nonword right'],
    ['4142(L)4344', '41 42, line inside, 43 44'],
    ['4142{1-2}!(B)4344', '41 42, gap 1-2, not word left, 43 44'],
  ])('%s', (text, expected) => expect(dump(parseBody(text))).toBe(expected))

  test.each<[string, ProblemCode]>([
    ['', 'pattern-too-weak'],
    ['41', 'pattern-too-weak'],
    ['41424', 'bad-hex'],
    ['41zz', 'bad-hex'],
    ['4142)', 'bad-hex'],
    ['41(42|58)43', 'pattern-too-weak'],
    ['4?42?34?', 'pattern-too-weak'],
    ['4142*43', 'pattern-too-weak'],
    ['4142*', 'bad-gap'],
    ['4142{}4344', 'bad-gap'],
    ['4142{5-3}4344', 'bad-gap'],
    ['4142{3', 'bad-gap'],
    ['4142[1-33]4344', 'bad-gap'],
    ['4142(43*44|45)', 'bad-gap'],
    ['4142(43|', 'bad-alternatives'],
    ['4142()', 'bad-alternatives'],
    ['4142!(43|4445)46', 'bad-alternatives'],
    ['4142!43', 'bad-alternatives'],
    [`4142${'('.repeat(20)}43${')'.repeat(20)}`, 'bad-alternatives'],
    ['41'.repeat(40_000), 'pattern-too-long'],
  ])('refuses %s', (text, code) => {
    expect(() => parseBody(text)).toThrow(expect.objectContaining({ code }) as Error)
  })

  test('whatever the text, the reader answers with elements or a LineError', () => {
    const character = fc.constantFrom(...'0123456789abcdefABCDEF??**{}[]()!|-,BLW:/ '.split(''))
    fc.assert(
      fc.property(fc.array(character, { maxLength: 60 }), characters => {
        try {
          const elements = parseBody(`4142${characters.join('')}`)
          expect(splitParts(elements).parts.length).toBe(splitParts(elements).gaps.length + 1)
        } catch (error) {
          expect(error).toBeInstanceOf(LineError)
        }
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('modifiers', () => {
  test.each([
    ['4142', '', ['41 42']],
    ['4142', 'i', ['41/df 42/df']],
    ['3142', 'i', ['31 42/df']],
    ['4142', 'w', ['41 00 42 00']],
    ['4142', 'wa', ['41 00 42 00', '41 42']],
    ['4142', 'f', ['nonword left, 41 42, nonword right']],
    ['4142', 'wf', ['nonword left wide, 41 00 42 00, nonword right wide']],
    ['4142{2}4344', 'w', ['41 00 42 00, gap 2-2 inner, 43 00 44 00']],
    ['4142(43|44)', 'w', ['41 00 42 00, one of (43 00 | 44 00)']],
  ])('%s with %s', (text, modifiers, expected) => {
    expect(applyModifiers(parseBody(text), parseModifiers(modifiers)).map(dump)).toEqual(expected)
  })

  test('an unknown modifier is refused', () => expect(() => parseModifiers('x')).toThrow(LineError))
})

test('lengths that vary are not fixed', () => {
  expect(fixedLength(parseBody('4142(43|44)'))).toBe(3)
  expect(fixedLength(parseBody('4142(43|4445)'))).toBe(-1)
  expect(fixedLength(parseBody('4142{1-2}4344'))).toBe(-1)
  expect(fixedLength(parseBody('4142(L)4344'))).toBe(-1)
  expect(fixedLength(parseBody('4142(W)4344'))).toBe(5)
})
