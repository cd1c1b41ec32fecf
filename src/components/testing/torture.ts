import type { CollectOptions } from './collect.ts'
import { collect } from './collect.ts'
import type { Component } from '../../scan/index.ts'

// What a component must survive: every truncation, and thousands of changed bytes. Only ContentError and ParseError
// may be thrown, which runComponent makes `missed` of; everything else comes out here.

/** A generator of numbers that is the same on every machine (Lehmer). */
export function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state * 48_271) % 0x7fff_ffff
    return state % below
  }
}

const INTERESTING = [0, 1, 0x20, 0x30, 0x37, 0x7f, 0x80, 0xff]
const BUDGET = { outputBytes: 8 << 20, children: 2_000, timeMs: 2_000 }

/** Takes every `step`-th truncation of `bytes` apart. */
export async function truncations(
  component: Component,
  bytes: Uint8Array,
  how: CollectOptions,
  step = 1,
): Promise<void> {
  for (let size = 0; size < bytes.length; size += step)
    await collect(component, bytes.subarray(0, size), { budget: BUDGET, ...how })
}

/** Takes `count` variants of `bytes` apart that differ in one to four bytes. */
export async function mutations(
  component: Component,
  bytes: Uint8Array,
  how: CollectOptions,
  count: number,
): Promise<void> {
  const next = numbers(bytes.length + 1)
  for (let i = 0; i < count; i++) {
    const mutated = bytes.slice()
    for (let changes = 1 + next(4); changes > 0; changes--)
      mutated[next(mutated.length)] = next(2) === 0 ? next(256) : INTERESTING[next(INTERESTING.length)]
    await collect(component, mutated, { budget: BUDGET, ...how })
  }
}
