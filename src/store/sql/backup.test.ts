import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseQuery, type Ledger } from '../../usecases/index.ts'
import { digestsOf, finished, newJob, newScan, NOW } from '../testing/samples.ts'
import { openPglite } from '../testing/pglite.ts'
import { backupLines, restoreLines } from './backup.ts'
import { openDatabase, openSqlite, type Database } from './database.ts'
import { inspectLedger } from './inspect.ts'
import { openLedger } from './ledger.ts'
import { migrate, SchemaError } from './migrate.ts'
import { MIGRATIONS } from './migrations/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'lazaret-backup-'))
afterAll(() => rmSync(folder, { recursive: true }))
const pathOf = (name: string): string => join(folder, `${name}.db`)

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = []
  for await (const line of lines) all.push(line)
  return all
}
async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

describe('a backup', () => {
  let lines: string[]
  beforeAll(async () => {
    const ledger = await openLedger(openSqlite(pathOf('source')))
    await ledger.record(
      newScan('bad', { name: 'Rechnung ÄÖ.exe' }),
      finished('bad', { verdict: 'infected', detections: ['X'] }),
    )
    await ledger.changeTags(digestsOf('bad').sha256, ['t'], [])
    await ledger.submit(newJob('waits', {}, { passwords: ['p'] }))
    // While it is open, as a running server has it.
    lines = await collect(backupLines(`sqlite:${pathOf('source')}`))
    await ledger.close()
  })

  const check = async (ledger: Ledger): Promise<void> => {
    const found = await ledger.search({ node: parseQuery('äö tag:t', NOW), sort: 'time', descending: true, limit: 5 })
    expect(found).toMatchObject([{ name: 'Rechnung ÄÖ.exe', verdict: 'infected', detections: ['X'] }])
    expect((await ledger.report(found[0].id))?.verdict).toBe('infected')
    expect(await ledger.lease({ worker: 'w', nowMs: NOW, leaseMs: 1, limit: 5 })).toMatchObject([{ passwords: ['p'] }])
    await ledger.record(newScan('later'), finished('later', { type: 'never seen before' }))
    await ledger.close()
  }

  it.each<[string, () => Promise<Database>]>([
    ['SQLite', () => openDatabase(`sqlite:${pathOf('restored')}`)],
    ['PGlite', openPglite],
  ])('is restored into %s, and the ledger goes on', async (_name, open) => {
    const database = await open()
    expect(await restoreLines(database, each(lines))).toBe(
      lines.length - 2 - lines.filter(line => line.startsWith('{"table"')).length,
    )
    await expect(restoreLines(database, each(lines))).rejects.toThrow('the ledger is not empty')
    await check(await openLedger(database))
  })

  it('that is cut, changed or of something else is refused, and nothing stays', async () => {
    const database = openSqlite(pathOf('refused'))
    const bad: [string[], string][] = [
      [lines.slice(0, -1), 'ends too early'],
      [[...lines.slice(0, -2), lines.at(-1) ?? ''], 'should have'],
      [[lines[0], 'nonsense'], 'cannot be read'],
      [[lines[0], '[1]'], 'before its table'],
      [[lines[0], '{"table":"x\\"; drop","columns":["a"]}'], 'cannot be read'],
      [['{"lazaret":"ledger","format":1,"schema":99}'], 'schema 99'],
      [['{}'], 'no backup'],
      [[], 'cannot be read'],
    ]
    for (const [text, message] of bad) await expect(restoreLines(database, each(text))).rejects.toThrow(message)
    await check(await (await restoreLines(database, each(lines)), openLedger(database)))
  })
})

describe('a schema', () => {
  it('that is newer is refused and left alone', async () => {
    const database = openSqlite(pathOf('newer'))
    await migrate(database)
    await database.write.insertInto('schema_version').values({ version: 99, name: 'future', applied_at: 1 }).execute()
    await expect(migrate(database)).rejects.toBeInstanceOf(SchemaError)
    await database.close()
    expect(await inspectLedger(`sqlite:${pathOf('newer')}`)).toMatchObject({ state: 'newer' })
  })

  it('that is older is brought up to date by what is missing, once', async () => {
    const database = openSqlite(pathOf('older'))
    const next = MIGRATIONS.length + 1
    await migrate(database)
    const later = { version: next, name: 'later', up: () => Promise.reject(new Error('half way')) }
    await expect(migrate(database, [...MIGRATIONS, later])).rejects.toThrow('half way')
    expect(await migrate(database)).toBe(MIGRATIONS.at(-1)?.version)
    await database.close()
  })

  it('is what doctor asks for', async () => {
    expect(await inspectLedger(`sqlite:${pathOf('never')}`)).toMatchObject({ state: 'absent' })
    expect(await inspectLedger('postgres://nobody@127.0.0.1:1/none')).toMatchObject({ state: 'unreachable' })
    const database = openSqlite(pathOf('inspected'))
    await migrate(database)
    await database.close()
    expect(await inspectLedger(`sqlite:${pathOf('inspected')}`)).toMatchObject({ state: 'ok' })
  })
})
