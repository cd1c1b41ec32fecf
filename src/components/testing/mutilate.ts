import type { FileTypeName } from '../../formats/index.ts'
import type { Component } from '../../scan/index.ts'
import { collect } from './collect.ts'

/** Values that break more than others do. */
const INTERESTING = [0, 1, 0x7f, 0x80, 0xfe, 0xff]
/** More children or bytes than a small sample may give, whatever is done to it. */
const BUDGET = { children: 20_000, outputBytes: 64 << 20, timeMs: 2_000 }

/**
 * Runs `component` over every `step`-th truncation of `bytes` and over mutations of them. A fault of the component is
 * thrown; time that runs out is one, too. Returns how many runs gave a `missed`.
 */
export async function mutilate(
  component: Component,
  bytes: Uint8Array,
  type: FileTypeName,
  { step = 1, mutations = 300, range = bytes.length } = {},
): Promise<number> {
  let missed = 0
  const run = async (content: Uint8Array): Promise<void> => {
    const { emissions } = await collect(component, content, { type, budget: BUDGET })
    const reasons = emissions.flatMap(emission => (emission.emit === 'missed' ? [emission.reason] : []))
    if (reasons.includes('time')) throw new Error('Takes too long')
    if (reasons.length > 0) missed++
  }
  for (let size = 0; size < bytes.length; size += step) await run(bytes.subarray(0, size))
  let state = 20_260_102
  const next = (below: number): number => (state = (state * 48_271) % 0x7fff_ffff) % below
  for (let i = 0; i < mutations; i++) {
    const content = bytes.slice()
    for (let k = 1 + next(6); k > 0; k--)
      content[next(range)] = next(2) === 0 ? INTERESTING[next(INTERESTING.length)] : next(256)
    await run(content)
  }
  return missed
}
