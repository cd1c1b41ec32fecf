import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  DamageError,
  HEAD_BYTES,
  layoutOf,
  makeHead,
  MissingKeyError,
  openChunk,
  openHead,
  rewrapHead,
  sealChunk,
} from './format.ts'
import type { MasterKey, Sealed } from './format.ts'

const key = (): MasterKey => ({ id: randomBytes(8).toString('hex'), secret: randomBytes(32) })
const one = key()
const two = key()
const keyOf = (id: string): MasterKey | undefined => [one, two].find(candidate => candidate.id === id)
const sealed: Sealed = { dataKey: randomBytes(32), sha256: 'ab'.repeat(32), sizeBytes: 2 ** 40 + 3 }

const failureOf = (work: () => unknown): string => {
  try {
    work()
    return 'none'
  } catch (error) {
    return error instanceof DamageError || error instanceof MissingKeyError ? error.name : `unexpected ${String(error)}`
  }
}

describe('the head of a content', () => {
  it('reads back, and no bit that counts can be changed, nor the end be missing', () => {
    const head = makeHead(sealed, one, 18)
    expect(openHead(head, keyOf)).toMatchObject({ sha256: sealed.sha256, sizeBytes: sealed.sizeBytes, chunkLog2: 18, keyId: one.id }) // prettier-ignore
    for (let at = 0; at < HEAD_BYTES; at++) {
      const changed = Uint8Array.from(head)
      changed[at] ^= 0x40
      // Reserved bytes, and the slot that is not in use, which then is one that is not authentic.
      const counts = at <= 8 || (at >= 32 && at < 32 + 112)
      const failure = failureOf(() => openHead(changed, keyOf))
      expect(`${at} ${failure === 'none'}`).toBe(`${at} ${!counts}`)
      expect(failure).not.toContain('unexpected')
      expect(failureOf(() => openHead(head.subarray(0, at), keyOf))).toBe('DamageError')
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), bytes => {
        expect(failureOf(() => openHead(bytes, keyOf))).toBe('DamageError')
      }),
    )
  })

  it('is sealed anew with the old slot beside it, then alone; each torn state opens', () => {
    let head = makeHead(sealed, one, 12)
    for (let turn = 0; turn < 5; turn++) {
      const next = turn % 2 === 0 ? two : one
      const [both, alone] = rewrapHead(head, openHead(head, keyOf), next)
      const old = turn % 2 === 0 ? one : two
      // Whatever part of the first write has reached the disk.
      for (let cut = 0; cut <= HEAD_BYTES; cut += 4) {
        const torn = Buffer.concat([both.subarray(0, cut), head.subarray(cut)])
        expect(openHead(torn, keyOf).dataKey).toEqual(sealed.dataKey)
        const tornAfter = Buffer.concat([alone.subarray(0, cut), both.subarray(cut)])
        expect(openHead(tornAfter, keyOf).keyId).toBe(next.id)
      }
      expect(openHead(both, id => (id === old.id ? old : undefined)).keyId).toBe(old.id)
      expect(failureOf(() => openHead(alone, id => (id === old.id ? old : undefined)))).toBe('MissingKeyError')
      head = Buffer.from(alone)
    }
  })
})

describe('chunks', () => {
  it('open with their index, their place at the end, and their key only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(2 ** 40), fc.boolean(), (bytes, index, last) => {
        const frame = Buffer.concat(sealChunk(sealed.dataKey, index, last, bytes))
        expect(openChunk(sealed.dataKey, index, last, frame)).toEqual(Buffer.from(bytes))
        const wrong = [
          () => openChunk(sealed.dataKey, index + 1, last, frame),
          () => openChunk(sealed.dataKey, index, !last, frame),
          () => openChunk(randomBytes(32), index, last, frame),
          () => openChunk(sealed.dataKey, index, last, frame.subarray(1)),
          () => openChunk(sealed.dataKey, index, last, frame.subarray(0, -1)),
        ]
        for (const attempt of wrong) expect(failureOf(attempt)).toBe('DamageError')
      }),
    )
  })

  it.each([
    [0, 0, 528],
    [1, 0, 529],
    [1024, 0, 1552],
    [1025, 1, 1569],
    [2 ** 32, 2 ** 22 - 1, 512 + 2 ** 32 + 2 ** 26],
  ])('of %i bytes end with %i and take %i', (size, lastIndex, storedBytes) => {
    expect(layoutOf(size, 10)).toEqual({ chunkBytes: 1024, lastIndex, storedBytes })
  })
})
