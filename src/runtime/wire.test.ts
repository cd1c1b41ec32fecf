import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readFromEngine } from './wire.ts'

const database = { database: 'ab', signatures: 7, builtAtMs: 1 }

test.each([
  { event: 'ready', database },
  { event: 'refused', message: 'no' },
  { event: 'pong', residentBytes: 5 },
  { event: 'thread-ended', thread: 1, message: 'out of memory' },
])('%j is understood', message => expect(readFromEngine(message)).toEqual(message))

test.each([
  undefined,
  null,
  'ready',
  {},
  { event: 'ready' },
  { event: 'ready', database: { ...database, signatures: '7' } },
  { event: 'refused', message: 7 },
  { event: 'pong', residentBytes: Number.NaN },
  { event: 'thread-ended', thread: '0', message: '' },
  { event: 'else' },
])('%j is not', message => expect(readFromEngine(message)).toBeUndefined())

test('anything else comes out as undefined or as what it was', () => {
  fc.assert(
    fc.property(fc.anything(), message => {
      const read = readFromEngine(message)
      if (read !== undefined) expect(message).toMatchObject(read)
    }),
  )
})
