import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ScanEvent, Scanner } from '../scan/index.ts'
import { openLedger, openSqlite, systemClock } from '../store/index.ts'
import { createUseCases, parseQuery, type Ledger, type UseCaseServer } from '../usecases/index.ts'
import { testParts, type TestParts } from '../usecases/testing/parts.ts'
import { recording } from './recording.ts'
import { openPath } from './use-cases.ts'

describe('scans of doors that speak to the scanner', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-recording-'))
  let ledger: Ledger
  let parts: TestParts
  let server: UseCaseServer
  let scanner: Scanner
  beforeAll(async () => {
    ledger = await openLedger(openSqlite(join(folder, 'ledger.db')))
    parts = testParts(ledger, { clock: systemClock, openPath })
    server = await createUseCases(parts)
    scanner = recording(parts.scanner, server.useCases, 'clamd')
  })
  afterAll(async () => {
    await server.close()
    await ledger.close()
    rmSync(folder, { recursive: true })
  })
  const options = { allMatches: false }

  it('are answered as ever, and stored', async () => {
    const events: ScanEvent[] = []
    const content = { bytes: Buffer.from('infected') }
    const report = await scanner.scan({ name: 'mail', content, options, onEvent: event => void events.push(event) })
    expect(report).toMatchObject({ verdict: 'infected', name: 'mail' })
    expect(events.map(({ event }) => event)).toEqual(['progress', 'detection'])
    expect(events[1]).toMatchObject({ detection: { name: 'Test.Infected', kind: 'body' } })
    const order = { sort: 'time', descending: true, limit: 5 } as const
    const [scan] = await ledger.search({ ...order, node: parseQuery('source:clamd', Date.now()) })
    expect(scan).toMatchObject({ name: 'mail', verdict: 'infected', source: { door: 'clamd' } })
    expect(parts.vault.store.has(scan.sha256)).toBe(true)
  })

  it('read files themselves', async () => {
    const path = join(folder, 'file')
    writeFileSync(path, 'plain')
    expect((await scanner.scan({ name: 'file', content: { path }, options })).verdict).toBe('clean')
    const link = join(folder, 'link')
    symlinkSync(path, link)
    expect((await scanner.scan({ name: 'link', content: { path: link }, options })).verdict).toBe('clean')
    const refused = { path: link, followLinks: false }
    await expect(scanner.scan({ name: 'link', content: refused, options })).rejects.toMatchObject({
      code: 'not-a-file',
    })
    for (const [wrong, code] of [
      [join(folder, 'none'), 'not-found'],
      [folder, 'not-a-file'],
      ['/dev/null', 'not-a-file'],
    ])
      await expect(scanner.scan({ name: 'x', content: { path: wrong }, options })).rejects.toMatchObject({ code })
  })

  it('fail as the scanner fails', async () => {
    const content = { bytes: Buffer.from('fail') }
    await expect(scanner.scan({ name: 'x', content, options })).rejects.toMatchObject({ code: 'internal' })
    const signal = AbortSignal.abort()
    await expect(
      scanner.scan({ name: 'x', content: { bytes: Buffer.from('y') }, options, signal }),
    ).rejects.toMatchObject({ code: 'cancelled' })
    parts.scanner.threads = 0
    const gone = new Error('gone')
    const chunks = [Buffer.from('x'), gone]
    const streams = {
      stream: (async function* () {
        for (const chunk of chunks) {
          if (chunk instanceof Error) throw chunk
          yield chunk
        }
      })(),
    }
    await expect(scanner.scan({ name: 'x', content: streams, options })).rejects.toBe(gone)
  })
})
