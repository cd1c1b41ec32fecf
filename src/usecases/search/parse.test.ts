import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UseCaseError } from '../errors.ts'
import { completeQueryAt } from './complete.ts'
import { SEARCH_FIELDS } from './fields.ts'
import { parseQuery } from './parse.ts'
import { MAX_QUERY_CHARS, type SearchNode } from './syntax.ts'

const NOW = Date.UTC(2026, 10, 25, 12)

/** A tree as one line. */
function shown(node: SearchNode): string {
  if (node.kind === 'all') return 'all'
  if (node.kind === 'not') return `not(${shown(node.node)})`
  if (node.kind !== 'test') return `${node.kind}(${node.nodes.map(shown).join(' ')})`
  const { value } = node
  if (value.kind === 'text') return `${node.field}~${value.parts.join('*')}`
  if (value.kind === 'word') return `${node.field}=${value.word}`
  if (value.kind === 'digest') return `${node.field}=${value.hex}${value.prefix ? '*' : ''}`
  return `${node.field}[${value.least ?? ''},${value.most ?? ''}]`
}

const day = (...parts: [number, number, number]): number => Date.UTC(parts[0], parts[1] - 1, parts[2])

describe('parseQuery', () => {
  it.each([
    ['', 'all'],
    ['   ', 'all'],
    ['invoice', 'name~invoice'],
    ['invoice pdf', 'and(name~invoice name~pdf)'],
    ['a AND b OR c', 'or(and(name~a name~b) name~c)'],
    ['a (b OR c)', 'and(name~a or(name~b name~c))'],
    ['NOT a', 'not(name~a)'],
    ['-a', 'not(name~a)'],
    ['--a', 'name~a'],
    ['a-b', 'name~a-b'],
    ['"a AND b"', 'name~a AND b'],
    ['"a\\"b\\\\"', 'name~a"b\\'],
    ['a\\*b', 'name~a*b'],
    ['"unclosed', 'name~unclosed'],
    ['name:*.exe', 'name~*.exe'],
    ['NAME:x', 'name~x'],
    ['name:c:\\\\x', 'name~c:\\x'],
    ['name:"*"', 'name~*'],
    ['verdict:Infected', 'verdict=infected'],
    ['verdict != clean', 'not(verdict=clean)'],
    ['verdict:infected state:finished', 'and(verdict=infected state=finished)'],
    ['sha256:ABC*', 'sha256=abc*'],
    ['0'.repeat(64), `hash=${'0'.repeat(64)}`],
    ['A'.repeat(32), `hash=${'a'.repeat(32)}`],
    [`"${'A'.repeat(32)}"`, `name~${'A'.repeat(32)}`],
    ['size:10', 'size[10,10]'],
    ['size>1KB', 'size[1001,]'],
    ['size>=1KiB', 'size[1024,]'],
    ['size<1.5MB', 'size[,1499999]'],
    ['size:1k..2k', 'size[1024,2048]'],
    ['size:..5', 'size[,5]'],
    ['size:5..', 'size[5,]'],
    ['elapsed>2s', 'elapsed[2001,]'],
    ['elapsed:500ms', 'elapsed[500,500]'],
    ['detections>1', 'detections[2,]'],
    ['time:2026-11-25', `time[${day(2026, 11, 25)},${day(2026, 11, 26) - 1}]`],
    ['time:2026-11', `time[${day(2026, 11, 1)},${day(2026, 12, 1) - 1}]`],
    ['time:2026', `time[${day(2026, 1, 1)},${day(2027, 1, 1) - 1}]`],
    ['time:2026-12', `time[${day(2026, 12, 1)},${day(2027, 1, 1) - 1}]`],
    ['time>2026-11-25', `time[${day(2026, 11, 26)},]`],
    ['time<=2026-11-25T12:30', `time[,${day(2026, 11, 25) + 12.5 * 3_600_000 + 59_999}]`],
    ['time:2h', `time[${NOW - 7_200_000},${NOW}]`],
    ['time<1d', `time[,${NOW - 86_400_000 - 1}]`],
    ['time:2026-11-01..2026-11-02', `time[${day(2026, 11, 1)},${day(2026, 11, 3) - 1}]`],
  ])('%s', (query, expected) => {
    expect(shown(parseQuery(query, NOW))).toBe(expected)
  })

  it.each([
    ['verdict:', 8, 'a value is expected'],
    ['verdict:red', 8, 'the values are infected'],
    ['nothing:1', 0, 'there is no field nothing'],
    ['constructor:1', 0, 'there is no field constructor'],
    ['a OR', 4, 'is expected'],
    ['(a', 2, 'a ) is missing'],
    ['a)', 1, 'there is no ( for this )'],
    [')', 0, 'is expected'],
    ['size:ten', 5, 'a number with one of'],
    ['size:5..x', 5, 'a number with one of'],
    ['size>5..6', 5, '> takes no range'],
    ['size:..', 5, 'a range needs'],
    ['verdict>clean', 8, '> needs a number or a time'],
    ['time:2026-13', 5, 'there is no such date'],
    ['time:2026-02-30', 5, 'there is no such date'],
    ['time:yesterday', 5, 'a time is'],
    ['sha256:xyz', 7, 'a digest is hexadecimal'],
    ['sha256:a*b', 7, 'a digest is hexadecimal'],
    ['name:""', 5, 'a value is missing'],
    ['('.repeat(40), 17, 'nested deeper'],
    ['a '.repeat(70), 128, 'more than 64'],
    ['a'.repeat(MAX_QUERY_CHARS + 1), MAX_QUERY_CHARS, 'longer than'],
  ])('%s is refused', (query, where, detail) => {
    try {
      parseQuery(query, NOW)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(UseCaseError)
      expect(error).toMatchObject({ code: 'invalid-query', where })
      expect((error as UseCaseError).detail).toContain(detail)
    }
  })

  it('whatever is written is read or refused', () => {
    const piece = fc.constantFrom(
      '(',
      ')',
      '"',
      '\\',
      '*',
      ':',
      '=',
      '!',
      '<',
      '>=',
      '-',
      ' ',
      'AND',
      'OR',
      'NOT',
      'a',
      '..',
      ...Object.keys(SEARCH_FIELDS),
    )
    const query = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.array(piece, { maxLength: 40 }).map(pieces => pieces.join('')),
    )
    fc.assert(
      fc.property(query, text => {
        try {
          parseQuery(text, NOW)
        } catch (error) {
          if (!(error instanceof UseCaseError) || error.code !== 'invalid-query') throw error
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('every example of the table is a query', () => {
    for (const { example } of Object.values(SEARCH_FIELDS)) {
      const whole = example.replace(/[0-9a-f]+…$/, digits => digits.padEnd(64, '0')).replace('…', '')
      expect(() => parseQuery(whole, NOW)).not.toThrow()
    }
  })
})

describe('completion', () => {
  const stored = ['Win.Trojan.A', 'Win.Worm b', 'Doc.X']
  const complete = (query: string, position = query.length) =>
    completeQueryAt(query, position, (_field, prefix, limit) =>
      Promise.resolve(stored.filter(text => text.toLowerCase().startsWith(prefix.toLowerCase())).slice(0, limit)),
    )
  it.each([
    ['ver', 0, ['verdict:']],
    ['verdict:infected de', 17, ['detection:', 'detections:']],
    ['verdict:', 8, ['infected', 'suspicious', 'unwanted', 'unscannable', 'clean', 'trusted']],
    ['verdict:u', 8, ['unwanted', 'unscannable']],
    ['(verdict!=s', 10, ['suspicious']],
    ['detection:win.', 10, ['Win.Trojan.A', '"Win.Worm b"']],
    ['a AN', 2, ['AND ']],
    ['nothing:x', 8, []],
    ['size:', 5, []],
  ])('%s', async (query, from, texts) => {
    const found = await complete(query)
    expect(found.map(({ text }) => text)).toEqual(texts)
    for (const completion of found) expect(completion).toMatchObject({ from, to: query.length })
  })

  it('a completed query can be read', async () => {
    for (const { text } of await complete('detection:'))
      expect(() => parseQuery(`detection:${text}`, NOW)).not.toThrow()
    expect((await complete('')).length).toBe(20)
  })
})
