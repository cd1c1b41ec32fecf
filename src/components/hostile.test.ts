import { describe, expect, it } from 'vitest'
import { numbers } from '../codecs/testing/hostile.ts'
import { hostileThread, isFound, trial } from './testing/trial.ts'
import { SEEDS } from './testing/seeds.ts'

// A reduced version of bench/hostile-containers.ts, without what needs a sandbox.

const MUTANTS = 10_000
const PER_SEED = Math.ceil(MUTANTS / SEEDS.length)

describe('damaged containers', () => {
  it('hold a payload that is found while they are sound', () => {
    const thread = hostileThread()
    expect(SEEDS.filter(seed => !isFound(thread, seed)).map(({ name }) => name)).toEqual([])
  })

  it.each(SEEDS.map(seed => [seed.name, seed] as const))('%s', (_, seed) => {
    const { counts, faults } = trial([seed], PER_SEED, numbers(seed.bytes.length))
    expect(faults).toEqual([])
    expect(counts.infected + counts.unscannable).toBeGreaterThan(PER_SEED / 10)
  })
})
