import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { LAZARET } from '../bench/lib/servers.ts'
import type { Statistics } from '../src/statistics/index.ts'
import { missing } from './needs.ts'

// The examples of docs/ over result files, in another language, beside the project's own counts.

const ROOT = join(import.meta.dirname, '..')
const RESULTS = join(ROOT, 'src/report/testdata/golden/results.xml')
const folder = mkdtempSync(join(tmpdir(), 'lazaret-statistics-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The Python programs of a page, in order. */
const programsOf = (page: string): string[] =>
  [...readFileSync(join(ROOT, 'docs', page), 'utf8').matchAll(/^```python\n(.*?)^```$/gms)].map(([, text]) => text)

function python(program: string): string {
  const path = join(folder, 'example.py')
  writeFileSync(path, program)
  return execFileSync('python3', [path, RESULTS], { encoding: 'utf8' })
}

describe.skipIf(missing('python3', 'lazaret').length > 0)('Python over results in XML', () => {
  const statistics = JSON.parse(
    execFileSync(process.execPath, [LAZARET, 'stats', '--json', RESULTS], { encoding: 'utf8' }),
  ) as Statistics

  test('counts verdicts and reasons as lazaret stats does', () => {
    const counts = new Map([
      ...statistics.verdicts.map(({ verdict, files }) => [verdict, files] as const),
      ...statistics.notSeen.map(({ reason, times }) => [reason, times] as const),
    ])
    const lines = [...counts].filter(([, count]) => count > 0).map(([word, count]) => `${word} ${count}`)
    expect(python(programsOf('statistics.md')[0]).trim().split('\n')).toEqual(lines.sort())
  })

  test('lists every detection', () => {
    const listed = python(programsOf('report.md')[0])
    expect(statistics.detections.rows.length).toBeGreaterThan(0)
    for (const { name } of statistics.detections.rows) expect(listed).toContain(name)
  })

  test('every Python program of docs/ over results is run here', () => {
    const pages = globSync('docs/*.md', { cwd: ROOT }).map(path => path.slice('docs/'.length))
    const reading = pages.filter(page => programsOf(page).some(text => text.includes('ElementTree')))
    expect(reading.sort()).toEqual(['report.md', 'statistics.md'])
  })
})
