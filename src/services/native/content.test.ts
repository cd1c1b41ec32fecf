import { describe, expect, test } from 'vitest'
import { IncomingContent } from './content.ts'

const createContent = () => {
  const granted: number[] = []
  let held = 0
  const content = new IncomingContent({
    grant: bytes => granted.push(bytes),
    held: bytes => {
      held += bytes
    },
  })
  return { content, granted, held: () => held }
}

const streamOf = (content: IncomingContent): AsyncIterator<Uint8Array> => {
  const source = content.stream(undefined)
  if (!('stream' in source)) throw new Error('no stream')
  return source.stream[Symbol.asyncIterator]()
}

describe('content on its way in', () => {
  test.each([1, 100, 5000, 20_000])('in pieces of %i bytes is whole at the end', length => {
    const { content, held } = createContent()
    const whole = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251))
    for (let at = 0; at < whole.length; at += length) {
      const piece = Uint8Array.from(whole.subarray(at, at + length))
      content.push(piece, at + length >= whole.length)
      if (length < 16_384) piece.fill(0) // small pieces are copied
    }
    expect(held()).toBe(whole.length)
    const source = content.whole()
    expect('bytes' in source && Buffer.from(source.bytes).equals(whole)).toBe(true)
    expect(held()).toBe(0)
  })

  test('gives credit back for what was taken, in steps, and none after the end', async () => {
    const { content, granted } = createContent()
    const stream = streamOf(content)
    for (let count = 0; count < 3; count++) content.push(new Uint8Array(20_000), false)
    for (let count = 0; count < 3; count++) expect((await stream.next()).value).toHaveLength(20_000)
    expect(granted).toEqual([40_000])
    content.push(new Uint8Array(20_000), true)
    await stream.next()
    expect(await stream.next()).toMatchObject({ done: true })
    expect(granted).toEqual([40_000])
  })

  test('wakes its reader for more, for the end and for a failure', async () => {
    const { content } = createContent()
    const stream = streamOf(content)
    const first = stream.next()
    content.push(Uint8Array.of(1), false)
    expect((await first).value).toEqual(Uint8Array.of(1))
    const second = stream.next()
    content.push(new Uint8Array(0), true)
    expect(await second).toMatchObject({ done: true })
    const other = createContent()
    const waiting = streamOf(other.content).next()
    other.content.fail(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
  })

  test('holds nothing after a failure and takes no more', async () => {
    const { content, held } = createContent()
    content.push(new Uint8Array(50_000), false)
    content.fail(undefined)
    content.push(new Uint8Array(50_000), false)
    expect(held()).toBe(0)
    await expect(streamOf(content).next()).rejects.toMatchObject({ code: 'cancelled' })
  })
})
