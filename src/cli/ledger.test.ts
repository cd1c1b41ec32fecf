import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openLedger, openSqlite } from '../store/index.ts'
import { finished, newScan } from '../store/testing/samples.ts'
import { withoutPassword } from './ledger.ts'
import { runCli } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'lazaret-cli-ledger-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function run(data: string, ...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' }
  const stream = (name: 'out' | 'err') =>
    ({ write: (text: string) => ((written[name] += text), true) }) as unknown as NodeJS.WriteStream
  const environment = { LAZARET_DATA: join(folder, data) }
  const code = await runCli(words, { stdout: stream('out'), stderr: stream('err'), environment })
  return { code, ...written }
}

describe('the ledger from the command line', () => {
  const saved = join(folder, 'saved.gz')
  beforeAll(async () => {
    await run('other', 'restore', '/nowhere')
    const ledger = await openLedger(openSqlite(join(folder, 'source.db')))
    await ledger.record(
      newScan('a', { name: 'a\u001b[31m.exe' }),
      finished('a', { verdict: 'infected', detections: ['X.Y'] }),
    )
    await ledger.record(newScan('b'), finished('b'))
    await ledger.close()
  })
  const source = ['--store', `sqlite:${join(folder, 'source.db')}`]

  it('is searched', async () => {
    const { code, out } = await run('x', 'search', 'verdict:infected', ...source)
    expect(code).toBe(0)
    expect(out).toMatch(/^2026-11-25T12:00:00\.\d{3}Z {2}infected .* X\.Y\n$/)
    expect(out).not.toContain('\u001b')
    const all = JSON.parse((await run('x', 'search', '', '--json', ...source)).out) as { scans: { name: string }[] }
    expect(all.scans.map(({ name }) => name)).toEqual(['b.bin', 'a\u001b[31m.exe'])
    expect((await run('x', 'search', '', '--limit', '1', ...source)).out.split('\n')).toHaveLength(2)
  })

  it('is backed up and restored', async () => {
    expect(await run('x', 'backup', saved, ...source)).toMatchObject({ code: 0, err: '' })
    expect(statSync(saved).mode & 0o777).toBe(0o600)
    expect(await run('new', 'restore', saved)).toMatchObject({ code: 0, err: '' })
    expect(statSync(join(folder, 'new', 'ledger.db')).mode & 0o777).toBe(0o600)
    expect((await run('new', 'search', 'a')).out).toContain('X.Y')
    expect((await run('new', 'restore', saved)).err).toContain('(backup-unusable)')
  })

  it('says what is wrong', async () => {
    const cut = join(folder, 'cut.gz')
    writeFileSync(cut, readFileSync(saved).subarray(0, 200))
    const plain = join(folder, 'plain')
    writeFileSync(plain, 'no backup')
    const store = ['--store', `sqlite:${join(folder, 'wrong.db')}`]
    for (const [words, code] of [
      [['search', 'x'], 'store-absent'],
      [['search', 'verdict:red', ...source], 'query-refused'],
      [['search', 'x', '--store', 'mysql:x'], 'store-unknown'],
      [['backup', join(folder, 'b.gz')], 'store-absent'],
      [['backup', '/nowhere/at/all/b.gz', ...source], 'file-unwritable'],
      [['restore', join(folder, 'missing'), ...store], 'file-unreadable'],
      [['restore', cut, ...store], 'backup-unusable'],
      [['restore', plain, ...store], 'backup-unusable'],
    ] as const) {
      const { code: exit, err } = await run('empty', ...words)
      expect(err).toContain(`(${code})`)
      expect(exit).toBe(2)
    }
  })

  it('shows no password', () => {
    expect(withoutPassword('postgres://me:secret@host/db')).toBe('postgres://me:…@host/db')
    expect(withoutPassword('postgres://me@host/db')).toBe('postgres://me@host/db')
    expect(withoutPassword('sqlite:/a')).toBe('sqlite:/a')
  })
})
