import { describe, expect, it } from 'vitest'
import { ContentError, ParseError } from '../bytes/index.ts'
import type { Component, Emission } from '../scan/index.ts'
import { collect, missedOf } from './testing/collect.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

function made(process: () => Iterable<Emission> | AsyncIterable<Emission>): Component {
  return {
    manifest: { name: 'made', version: '1', description: 'For tests', accepts: ['*'], stage: 'extract' },
    process,
  }
}

describe('runComponent', () => {
  it('takes the pieces of a child before it asks for the next emission', async () => {
    const buffer = bytes(0)
    const { children } = await collect(
      made(function* () {
        const pieces = function* () {
          for (const value of [1, 2, 3]) {
            buffer[0] = value
            yield buffer
          }
        }
        yield { emit: 'child', name: 'a', content: pieces() }
        buffer[0] = 9
        yield { emit: 'child', name: 'b', content: buffer }
      }),
      bytes(),
    )
    expect(children.map(child => [child.name, ...child.bytes])).toEqual([
      ['a', 1, 2, 3],
      ['b', 9],
    ])
  })

  it.each([
    [new ContentError('encrypted', 'needs a password'), 'encrypted a'],
    [new ContentError('malformed', 'no such block type', 7), 'malformed a'],
    [new ParseError('size', 4, 4, 1), 'malformed a'],
  ])('keeps what came before an error in content: %s', async (error, missed) => {
    const collected = await collect(
      made(function* () {
        const pieces = function* () {
          yield bytes(1, 2)
          throw error
        }
        yield { emit: 'child', name: 'a', content: pieces() }
        yield { emit: 'child', name: 'b', content: bytes(3) }
      }),
      bytes(),
    )
    expect(collected.children.map(child => [...child.bytes])).toEqual([[1, 2], [3]])
    expect(missedOf(collected)).toEqual([missed])
  })

  it('makes a reason of an error that ends the component, and nothing of a fault', async () => {
    const ends = (error: Error) =>
      collect(
        made(function* () {
          yield { emit: 'property', name: 'x', value: '1' }
          throw error
        }),
        bytes(),
      )
    expect(missedOf(await ends(new ContentError('unsupported', 'version 9')))).toEqual(['unsupported'])
    await expect(ends(new TypeError('a fault'))).rejects.toThrow('a fault')
  })

  it('ends at the number of children, at the bytes that come out, and at the time', async () => {
    const flood = made(async function* () {
      for (;;) yield { emit: 'child', name: 'a', content: new Uint8Array(10) }
    })
    const few = await collect(flood, bytes(), { budget: { children: 3 } })
    expect([few.children.length, ...missedOf(few)]).toEqual([3, 'too-large'])
    const short = await collect(flood, bytes(), { budget: { outputBytes: 25 } })
    expect([short.children.map(child => child.bytes.length), ...missedOf(short)]).toEqual([[10, 10, 0], 'too-large'])
    const slow = await collect(flood, bytes(), { budget: { timeMs: 20, outputBytes: Infinity, children: Infinity } })
    expect(missedOf(slow)).toEqual(['time'])
  })
})
