import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LAZARET } from '../bench/lib/servers.ts'
import type { Report } from '../src/report/index.ts'
import { BOMBS } from './hostile/bombs.ts'
import { watch, type Watched } from './hostile/watch.ts'
import { missing } from './needs.ts'

// Bombs cost neither time nor memory nor disk, and are never clean.

/** On an idle machine two seconds; this one may be busy. */
const MAX_MS = 10_000
/** Of each process, beyond what it takes to scan next to nothing. */
const MAX_BYTES = 256 << 20
const NONE = { peakBytes: 0, childPeakBytes: 0 }

describe.skipIf(missing('lazaret', '7z', 'compressors').length > 0)('a bomb', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-bombs-'))
  const database = join(folder, 'one.hdb')
  const data = join(folder, 'data')
  const temporary = join(folder, 'tmp')
  let idle: Pick<Watched, 'peakBytes' | 'childPeakBytes'> = NONE
  const lines: string[] = []

  const scan = (file: string): Promise<Watched> =>
    watch(process.execPath, [LAZARET, 'scan', '--local', '--db', database, '--data', data, '--format', 'json', file], {
      TMPDIR: temporary,
    })
  const left = () => [temporary, data].flatMap(place => readdirSync(place, { recursive: true, encoding: 'utf8' }))

  beforeAll(async () => {
    for (const place of [data, temporary]) mkdirSync(place)
    writeFileSync(database, '44d88612fea8a8f36de82e1278abb02f:68:Test\n')
    // An archive, so that a sandbox is among the processes.
    const small = BOMBS.find(({ name }) => name.includes('docx'))
    small?.make(join(folder, 'small'))
    idle = await scan(join(folder, 'small'))
  })
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
    console.log(lines.join('\n'))
  })

  it.each(BOMBS.map(bomb => [bomb.name, bomb] as const))('%s', async (name, { make, reasons }) => {
    const file = join(folder, 'bomb')
    rmSync(file, { force: true })
    make(file)
    const before = left()
    const { stdout, stderr, elapsedMs, peakBytes, childPeakBytes } = await scan(file)
    const [report] = (JSON.parse(stdout) as { reports: Report[] }).reports
    const told = [...new Set(report.artifacts.flatMap(({ notSeen }) => notSeen.map(({ reason }) => reason)))]
    const more = (peak: number, base: number) => Math.max(0, Math.round((peak - base) / 1e6))
    lines.push(
      `${name}: ${statSync(file).size} bytes, ${report.verdict} (${told.join(' ')}), ${Math.round(elapsedMs)} ms, ` +
        `${more(peakBytes, idle.peakBytes)} MB more in the process, ` +
        `${more(childPeakBytes, idle.childPeakBytes)} MB in a sandbox, ${report.artifacts.length} artifacts`,
    )
    expect(stderr).toBe('')
    if (report.verdict === 'clean') expect(reasons).toContain('clean')
    else {
      expect(report.verdict).toBe('unscannable')
      expect(told.filter(reason => (reasons as readonly string[]).includes(reason))).not.toEqual([])
    }
    expect(elapsedMs).toBeLessThan(MAX_MS)
    expect(peakBytes - idle.peakBytes).toBeLessThan(MAX_BYTES)
    expect(childPeakBytes - idle.childPeakBytes).toBeLessThan(MAX_BYTES)
    expect(left()).toEqual(before)
  })
})
