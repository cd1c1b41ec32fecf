import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { missing } from '../needs.ts'
import { CASES, type Case } from './cases.ts'
import { judge, writeCase } from './clamscan.ts'
import { DEVIATIONS } from './deviations.ts'
import { openSmallEngine } from './in-process.ts'

describe('the case table', () => {
  it('has unique names', () => {
    expect(new Set(CASES.map(one => one.name)).size).toBe(CASES.length)
  })

  it('names only existing cases as deviations', () => {
    const names = new Set(CASES.map(one => one.name))
    expect(Object.keys(DEVIATIONS).filter(name => !names.has(name))).toEqual([])
  })

  it.skipIf(missing('clamscan').length > 0)('is what clamscan does', async () => {
    const wrong: string[] = []
    const queue = [...CASES]
    const next = async () => {
      for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
        const said = String(await judge(one))
        const expected = String(one.expected)
        if (said !== expected) wrong.push(`${one.name}: ${said}, not ${expected}`)
      }
    }
    await Promise.all([next(), next()])
    expect(wrong).toEqual([])
  })

  it('is what Lazaret does, but for the deviations', () => {
    const wrong: string[] = []
    for (const group of byDatabase(CASES)) {
      const folder = mkdtempSync(join(tmpdir(), 'lazaret-case-'))
      const engine = openSmallEngine(writeCase(folder, group[0]).database)
      for (const one of group) {
        const found = engine.detect(one.content)
        const wanted = DEVIATIONS[one.name]?.ours ?? (one.expected === 'refused' ? [] : one.expected)
        if (found.join() !== wanted.join()) wrong.push(`${one.name}: ${found.join()}, not ${wanted.join()}`)
        if (one.expected === 'refused' && DEVIATIONS[one.name] === undefined && engine.problems.length === 0) {
          if (engine.wasEmpty) continue
          wrong.push(`${one.name}: the refused line is not reported`)
        }
      }
      engine.close()
      rmSync(folder, { recursive: true, force: true })
    }
    expect(wrong).toEqual([])
  })
})

function byDatabase(cases: readonly Case[]): Case[][] {
  const groups = new Map<string, Case[]>()
  for (const one of cases) {
    const key = JSON.stringify(one.database)
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()]
}
