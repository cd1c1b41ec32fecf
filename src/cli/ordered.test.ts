import { describe, expect, it } from 'vitest'
import { mapOrdered } from './ordered.ts'

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) yield i
}

/** Work whose pieces finish when the test says so. */
function manual() {
  const open = new Map<number, () => void>()
  let most = 0
  return {
    open,
    get most() {
      return most
    },
    work: (item: number) =>
      new Promise<number>(resolve => {
        open.set(item, () => {
          open.delete(item)
          resolve(item)
        })
        most = Math.max(most, open.size)
      }),
  }
}

const settle = () => new Promise(resolve => setImmediate(resolve))

async function collect(source: AsyncIterable<number>, into: number[]): Promise<void> {
  for await (const item of source) into.push(item)
}

describe('mapOrdered', () => {
  it('keeps the order whatever finishes first, and the limit', async () => {
    const pieces = manual()
    const results: number[] = []
    const all = collect(mapOrdered(numbers(50), { active: 4, ahead: 100 }, pieces.work), results)
    for (let i = 0; i < 50; i++) {
      await settle()
      const last = [...pieces.open.values()].at(-1)
      last?.()
    }
    await settle()
    await all
    expect(results).toEqual([...Array(50).keys()])
    expect(pieces.most).toBe(4)
  })

  it('lets the fast ones pass a slow one, but not without end', async () => {
    const pieces = manual()
    const results: number[] = []
    const all = collect(mapOrdered(numbers(20), { active: 2, ahead: 5 }, pieces.work), results)
    for (let i = 0; i < 20; i++) {
      await settle()
      for (const [item, finish] of pieces.open) if (item !== 0) finish()
    }
    expect(results).toEqual([])
    expect([...pieces.open.keys()]).toEqual([0])
    pieces.open.get(0)?.()
    for (let i = 0; i < 20; i++) {
      await settle()
      for (const finish of pieces.open.values()) finish()
    }
    await all
    expect(results).toEqual([...Array(20).keys()])
  })

  it('hands on what is done while the source is slow', async () => {
    const gate = Promise.withResolvers<void>()
    async function* slow(): AsyncGenerator<number> {
      yield 0
      yield 1
      await gate.promise
      yield 2
    }
    const results: number[] = []
    const all = collect(
      mapOrdered(slow(), { active: 1, ahead: 8 }, item => Promise.resolve(item)),
      results,
    )
    for (let i = 0; i < 5; i++) await settle()
    expect(results).toContain(0)
    gate.resolve()
    await all
    expect(results).toEqual([0, 1, 2])
  })
})
