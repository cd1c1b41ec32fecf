import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collect, missedOf } from '../src/components/testing/collect.ts'
import { zipComponent } from '../src/components/zip/index.ts'
import { missing } from './needs.ts'

// PPMd in ZIP as 7-Zip writes it: models of several orders in one MiB, with data that fill it several times. Level 5
// starts the model again when it is full, level 9 cuts it.

/** Text that repeats little, and noise: both fill a model. */
function sample(): Buffer {
  let state = 1
  const next = (below: number): number => (state = (state * 48_271) % 0x7fff_ffff) % below
  const lines = Array.from({ length: 12_000 }, () => `word${next(900)} ${'abcdefgh'.slice(next(8))} ${next(1e5)}\n`)
  const noise = Uint8Array.from({ length: 200_000 }, () => next(256))
  return Buffer.concat([
    Buffer.from(lines.join('')),
    noise,
    Buffer.from(lines.reverse().join('')),
    Buffer.alloc(50_000),
  ])
}

describe.skipIf(missing('7z').length > 0)('PPMd of 7-Zip', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lazaret-ppmd-'))
    writeFileSync(join(folder, 'sample'), sample())
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each([2, 4, 8, 16].flatMap(order => [5, 9].map(level => [order, level])))(
    'order %d, level %d',
    async (o, level) => {
      const path = join(folder, `${o}-${level}.zip`)
      const options = ['a', '-tzip', `-mx=${level}`, `-mm=PPMd:o=${o}:mem=1m`, path, join(folder, 'sample')]
      execFileSync('7z', options, { stdio: 'ignore' })
      const collected = await collect(zipComponent, readFileSync(path))
      expect(missedOf(collected)).toEqual([])
      expect(collected.children.map(({ name, bytes }) => [name, sample().equals(bytes)])).toEqual([['sample', true]])
    },
  )
})
