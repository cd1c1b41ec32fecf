import { describe, expect, it } from 'vitest'
import { systemRandom } from '../store/host.ts'
import { idOf, seqOf, seqOfTime, tailOf, timeOfSeq } from '../store/sql/ids.ts'
import { createIds, ID_PATTERN, timeOfId } from './ids.ts'

const NOW = Date.UTC(2026, 10, 25, 12)

describe('ids', () => {
  it('are UUIDv7 that grow, also where the clock goes back', () => {
    const ids = createIds(systemRandom, 3)
    const times = [NOW, NOW, NOW - 50_000, NOW + 1, ...Array.from({ length: 500 }, () => NOW + 2), NOW + 3]
    const made = times.map(time => ids.next(time))
    for (const id of made) expect(id).toMatch(ID_PATTERN)
    expect([...made].sort()).toEqual(made)
    expect(new Set(made.map(seqOf)).size).toBe(made.length)
    expect(timeOfId(made[0])).toBe(NOW)
  })

  it('of two slots never meet', () => {
    const [one, other] = [createIds(systemRandom, 0), createIds(systemRandom, 31)]
    const seqs = Array.from({ length: 300 }, (_, index) => NOW + Math.floor(index / 100))
      .flatMap(time => [one.next(time), other.next(time)])
      .map(seqOf)
    expect(new Set(seqs).size).toBe(600)
  })

  it('are two columns in the ledger, and back', () => {
    const ids = createIds(systemRandom, 31)
    for (const time of [Date.UTC(2020, 0, 1), NOW, Date.UTC(2089, 0, 1)]) {
      const id = ids.next(time)
      const seq = seqOf(id)
      expect(Number.isSafeInteger(seq)).toBe(true)
      expect(idOf(seq, tailOf(id))).toBe(id)
      expect(timeOfSeq(seq)).toBe(time)
      expect(seqOfTime(time)).toBeLessThanOrEqual(seq)
      expect(seqOfTime(time + 1)).toBeGreaterThan(seq)
    }
  })
})
