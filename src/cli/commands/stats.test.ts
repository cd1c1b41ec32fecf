import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Statistics } from '../../statistics/index.ts'
import { runCli } from '../run.ts'

const STORED = join(import.meta.dirname, '../../report/testdata/v1.0')
const folder = mkdtempSync(join(tmpdir(), 'lazaret-stats-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function run(words: readonly string[], environment: Record<string, string> = {}) {
  const out: string[] = []
  const err: string[] = []
  const stream = (into: string[]) => ({ write: (text: string) => into.push(text) > 0 }) as unknown as NodeJS.WriteStream
  const code = await runCli(['stats', ...words], {
    stdout: stream(out),
    stderr: stream(err),
    environment: { LAZARET_DATA: '/nowhere', ...environment },
  })
  return { code, out: out.join(''), err: err.join('') }
}

async function statisticsOf(...words: string[]): Promise<Statistics> {
  const { code, out } = await run([...words, '--json'])
  expect(code).toBe(0)
  return JSON.parse(out) as Statistics
}

describe('lazaret stats', () => {
  test('adds up files of both formats, and names each as a source', async () => {
    const { totals, sources } = await statisticsOf(join(STORED, 'results.json'), join(STORED, 'results.xml'))
    expect(totals).toMatchObject({ files: 8, errors: 4 })
    expect(sources.rows.map(({ source, files }) => [source, files])).toEqual([
      ['results.json', 4],
      ['results.xml', 4],
    ])
  })

  test('counts only the time asked for', async () => {
    const file = join(STORED, 'results.json')
    const all = await statisticsOf(file, '--since', '2026-11-20', '--until', '2026-11-21T00:00Z')
    expect(all.totals.files).toBe(4)
    expect((await statisticsOf(file, '--until', '2026-11-20')).totals.files).toBe(0)
    expect((await statisticsOf(file, '--since', '1m')).totals.files).toBe(0)
  })

  test.each([
    ['text', /^Scans from /],
    ['csv', /^table,row,name,measure,value\r\n/],
    ['html', /^<!doctype html>\n/],
    ['json', /^\{\n/],
  ])('--format %s', async (format, start) => {
    const { code, out } = await run(['--format', format, join(STORED, 'results.json')])
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(start) })
  })

  test('a file that holds no results costs only itself', async () => {
    const bad = join(folder, 'bad.json')
    writeFileSync(bad, '{"version":"2.0"}')
    const binary = join(folder, 'binary.json')
    writeFileSync(binary, Uint8Array.of(0xff, 0xfe, 0x80))
    const { code, out, err } = await run([bad, binary, '/nowhere/x.json', join(STORED, 'results.json'), '--json'])
    expect(code).toBe(2)
    expect(err.match(/\((not-results|file-unreadable)\)/g)).toEqual([
      '(not-results)',
      '(not-results)',
      '(file-unreadable)',
    ])
    expect((JSON.parse(out) as Statistics).totals.files).toBe(4)
  })

  test.each([
    [['--format', 'sarif', 'x'], {}, 'text, json, csv, html'],
    [['x'], { LAZARET_FORMAT: 'sarif' }, 'text, json, csv, html'],
    [['--by', 'year', 'x'], {}, 'hour, day, week'],
    [['--since', 'yesterday', 'x'], {}, 'a date such as'],
    [['--since', '2026-13-01', 'x'], {}, 'a date such as'],
    [['--top', '0', 'x'], {}, 'from 1 to'],
  ] as [string[], Record<string, string>, string][])('%j %j is refused', async (words, environment, expected) => {
    const { code, out, err } = await run(words, environment)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('(bad-value)')
    expect(err).toContain(expected)
  })
})
