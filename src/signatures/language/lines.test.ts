import { describe, expect, test } from 'vitest'
import { parseConditions } from './conditions.ts'
import { databaseKind, DATABASE_EXTENSIONS, readIgnoreList } from './databases.ts'
import { forEachLine } from './lines.ts'
import { parseExpression, subsignatureIds } from './logic.ts'
import { parseOffset } from './offset.ts'
import { LineError, PROBLEMS, type ProblemCode } from './problems.ts'

const refused = (code: ProblemCode) => expect.objectContaining({ code }) as Error

test('lines end at LF, lose CR, and are numbered from 1', () => {
  const seen: [number, string][] = []
  const bytes = Buffer.from('one\r\n\ntwo\r\r\nlast')
  forEachLine(bytes, (start, end, number) => seen.push([number, bytes.subarray(start, end).toString()]))
  expect(seen).toEqual([
    [1, 'one'],
    [2, ''],
    [3, 'two'],
    [4, 'last'],
  ])
})

describe('offsets', () => {
  test.each([
    ['*', 1, { base: 'any', section: 0, value: 0, maxShift: 0 }],
    ['', 1, { base: 'absolute', section: 0, value: 0, maxShift: 0 }],
    ['12', 0, { base: 'absolute', section: 0, value: 12, maxShift: 0 }],
    ['12,5', 0, { base: 'absolute', section: 0, value: 12, maxShift: 5 }],
    ['EOF-20', 0, { base: 'end', section: 0, value: 20, maxShift: 0 }],
    ['EP+3', 1, { base: 'entry-point', section: 0, value: 3, maxShift: 0 }],
    ['EP-3,9', 6, { base: 'entry-point', section: 0, value: -3, maxShift: 9 }],
    ['S2+7', 9, { base: 'section', section: 2, value: 7, maxShift: 0 }],
    ['SE2', 1, { base: 'in-section', section: 2, value: 0, maxShift: 0 }],
    ['SL+1', 1, { base: 'last-section', section: 0, value: 1, maxShift: 0 }],
    ['VI', 1, { base: 'version-info', section: 0, value: 0, maxShift: 0 }],
  ])('%s for target %i', (text, target, expected) => expect(parseOffset(text, target)).toEqual(expected))

  test.each<[string, number, ProblemCode]>([
    ['EP+0', 0, 'offset-needs-executable'],
    ['VI', 7, 'offset-needs-executable'],
    ['x', 1, 'bad-offset'],
    ['1,2,3', 1, 'bad-offset'],
    ['1,x', 1, 'bad-offset'],
    ['99999999999', 1, 'bad-offset'],
    ['4294967296', 1, 'bad-offset'],
    ['EP', 1, 'bad-offset'],
    ['1'.repeat(65), 1, 'bad-offset'],
    ['$group$', 1, 'unsupported-macro'],
  ])('refuses %s for target %i', (text, target, code) => expect(() => parseOffset(text, target)).toThrow(refused(code)))
})

describe('conditions', () => {
  const types = new Set(['CL_TYPE_ANY', 'CL_TYPE_ZIP'])
  test('every key', () => {
    const text =
      'Engine:51-255,Target:1,FileSize:1-2,EntryPoint:3-4,NumberOfSections:5-6,Container:CL_TYPE_ZIP,Intermediates:CL_TYPE_ANY>CL_TYPE_ZIP'
    expect(parseConditions(text, types)).toEqual({
      target: 1,
      conditions: {
        fileSizeBytes: { min: 1, max: 2 },
        entryPoint: { min: 3, max: 4 },
        sections: { min: 5, max: 6 },
        container: 'CL_TYPE_ZIP',
        intermediates: ['CL_TYPE_ANY', 'CL_TYPE_ZIP'],
      },
    })
  })
  test.each<[string, ProblemCode]>([
    ['', 'unknown-condition'],
    ['Engine:51-255', 'bad-conditions'],
    ['Target:15', 'bad-target'],
    ['Target:x', 'bad-target'],
    ['Target:1,Engine:51-255', 'bad-conditions'],
    ['Engine:51-100,Target:1', 'level-out-of-range'],
    ['Engine:233-255,Target:1', 'level-out-of-range'],
    ['Engine:50-255,Target:1,FileSize:1-2', 'bad-conditions'],
    ['Target:1,FileSize:1-2', 'bad-conditions'],
    ['Engine:51-255,Target:1,FileSize:5', 'bad-conditions'],
    ['Engine:51-255,Target:1,FileSize:5-4', 'bad-conditions'],
    ['Engine:51-255,Target:1,Container:CL_TYPE_NONE', 'unknown-condition'],
    ['Engine:51-255,Target:1,Strange:1', 'unknown-condition'],
    ['Engine:51-255,Target:1,IconGroup1:X', 'unsupported-icon'],
    ['Engine:51-255,Target:1,HandlerType:CL_TYPE_ZIP', 'unsupported-handler'],
    [`Target:1${',FileSize:1-2'.repeat(10)}`, 'bad-conditions'],
    [
      `Engine:51-255,Target:1,Intermediates:${Array.from({ length: 17 }, () => 'CL_TYPE_ANY').join('>')}`,
      'bad-conditions',
    ],
  ])('refuses %s', (text, code) => expect(() => parseConditions(text, types)).toThrow(refused(code)))
})

describe('expressions', () => {
  test('the first operator splits, whatever it is', () => {
    expect(parseExpression('0&1|2')).toMatchObject({ kind: 'and', right: { kind: 'or' } })
    expect(parseExpression('0|1&2')).toMatchObject({ kind: 'or', right: { kind: 'and' } })
    expect(parseExpression('(0&1)|2')).toMatchObject({ kind: 'or', left: { kind: 'and' } })
  })
  test('counts', () => {
    expect(parseExpression('0>3')).toEqual({ kind: 'leaf', id: 0, comparison: '>', count: 3 })
    expect(parseExpression('(0|1)=2,1')).toMatchObject({ kind: 'block', comparison: '=', count: 2, distinct: 1 })
    expect(parseExpression('0=2,&1')).toMatchObject({ kind: 'and', left: { comparison: '=', count: 2 } })
  })
  test('subsignatures', () => expect(subsignatureIds(parseExpression('(3|1)&(0|1)'))).toEqual([0, 1, 3]))
  test.each(['', '(0', '0)', '0&', '&0', '0 1x', '0>>1', '64', `${'('.repeat(200)}0${')'.repeat(200)}`])(
    'refuses %s',
    text => expect(() => parseExpression(text)).toThrow(LineError),
  )
})

test('ignore lists name signatures, perhaps one line of them', () => {
  expect(readIgnoreList(Buffer.from('# c\nA\nB:ABCD\n\n'), 'ign2')).toEqual([
    { name: 'A', lineMd5: undefined },
    { name: 'B', lineMd5: 'abcd' },
  ])
  expect(readIgnoreList(Buffer.from('main.ndb:12:A\nB\n'), 'ign').map(entry => entry.name)).toEqual(['A', 'B'])
})

test('database kinds go by the ending, in either case', () => {
  expect(databaseKind('x.NDB')).toBe(databaseKind('y.ndb'))
  expect(databaseKind('ndb')).toBe(databaseKind('y.ndb'))
  expect(databaseKind('x.txt')).toBeUndefined()
  expect(databaseKind('x.constructor')).toBeUndefined()
  expect(DATABASE_EXTENSIONS).toContain('hsb')
})

test('every problem has a text', () => {
  for (const text of Object.values(PROBLEMS)) expect(text.length).toBeGreaterThan(10)
})
