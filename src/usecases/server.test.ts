import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLedger } from '../store/sql/ledger.ts'
import { openSqlite } from '../store/sql/database.ts'
import type { ScanUpdate } from './nouns.ts'
import type { Parts } from './parts.ts'
import type { Ledger } from './ports/ledger.ts'
import { createUseCases, type UseCaseServer } from './server.ts'
import { principal, testParts, type TestParts } from './testing/parts.ts'
import { MAX_INLINE_BYTES, type SubmitInput } from './use-cases.ts'

const folder = mkdtempSync(join(tmpdir(), 'lazaret-usecases-'))
afterAll(() => rmSync(folder, { recursive: true }))

const admin = principal('administrator')
const bytes = (text: string): Uint8Array => Buffer.from(text)
const input = (text: string, more: Partial<SubmitInput> = {}): SubmitInput => ({
  name: 'a.bin',
  content: { bytes: bytes(text) },
  ...more,
})
async function collect(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

let ledger: Ledger
let parts: TestParts
let server: UseCaseServer
let runs = 0
const start = async (more: Partial<Parts> = {}): Promise<void> => {
  ledger = await openLedger(openSqlite(join(folder, `${runs++}.db`)))
  parts = testParts(ledger, more)
  server = await createUseCases(parts)
}
const stop = async (): Promise<void> => {
  await server.close()
  await ledger.close()
}
beforeEach(() => start())
afterEach(stop)
const restartedWith = async (more: Partial<Parts>): Promise<void> => {
  await stop()
  await start(more)
}

describe('submitting', () => {
  it('ends in a report, and the intake is empty', async () => {
    const { useCases } = server
    const { scan, how } = await useCases.submit(admin, input('hello'))
    expect({ how, state: scan.state }).toEqual({ how: 'accepted', state: 'queued' })
    const done = await useCases.awaitScan(admin, { id: scan.id, timeoutMs: 5000 })
    expect(done).toMatchObject({ state: 'finished', verdict: 'clean', sizeBytes: 5, attempts: 1 })
    expect((await useCases.getReport(admin, { id: scan.id })).report.verdict).toBe('clean')
    expect([parts.vault.intakes.size, parts.vault.store.size]).toEqual([0, 0])
  })

  it('keeps what the rule says', async () => {
    const { useCases } = server
    for (const [text, keep, kept] of [
      ['infected 1', 'detections', true], ['clean 1', 'detections', false], ['clean 2', 'everything', true],
      ['infected 2', 'nothing', false],
    ] as const) {
      const { scan } = await useCases.submit(admin, input(text, { options: { keep } }))
      await useCases.awaitScan(admin, { id: scan.id, timeoutMs: 5000 })
      expect((await useCases.getSample(admin, { digest: scan.sha256 })).sample.kept).toBe(kept)
      expect(parts.vault.store.has(scan.sha256)).toBe(kept)
      expect(parts.vault.intakes.size).toBe(0)
      const inline = await useCases.scan(admin, input(`inline ${text}`, { options: { keep } }))
      expect(parts.vault.store.has(inline.scan.sha256)).toBe(kept)
    }
  }) // prettier-ignore

  it('reuses what is known until the database changes', async () => {
    const { useCases } = server
    const first = await useCases.scan(admin, input('known infected'))
    expect(first).toMatchObject({ how: 'accepted', scan: { verdict: 'infected', attempts: 1 } })
    const again = await useCases.scan(admin, input('known infected', { name: 'b.bin' }))
    expect(again).toMatchObject({
      how: 'known',
      scan: { verdict: 'infected', reusedFrom: first.scan.id, name: 'b.bin' },
    })
    expect(again.report?.name).toBe('b.bin')
    expect((await useCases.submit(admin, input('known infected'))).how).toBe('known')
    expect((await useCases.scan(admin, input('known infected', { options: { reuse: false } }))).how).toBe('accepted')
    expect((await useCases.scan(admin, input('known infected', { options: { passwords: ['x'] } }))).how).toBe(
      'accepted',
    )
    parts.scanner.database = 'e'.repeat(64)
    await useCases.reloadDatabase(admin)
    expect((await useCases.scan(admin, input('known infected'))).how).toBe('accepted')
    expect(parts.vault.intakes.size).toBe(0)
  })

  it('the same content at once is scanned once', async () => {
    const { useCases } = server
    const answers = await Promise.all(Array.from({ length: 8 }, () => useCases.scan(admin, input('slow one'))))
    expect(answers.filter(({ how }) => how === 'accepted')).toHaveLength(1)
    expect(parts.scanner.jobs).toHaveLength(1)
    const submitted = await Promise.all(Array.from({ length: 8 }, () => useCases.submit(admin, input('slow two'))))
    expect(submitted.filter(({ how }) => how === 'accepted')).toHaveLength(1)
    for (const { scan } of submitted)
      expect((await useCases.awaitScan(admin, { id: scan.id, timeoutMs: 5000 })).state).toBe('finished')
    expect(parts.scanner.jobs).toHaveLength(2)
    expect(parts.vault.intakes.size).toBe(0)
  })

  it('who joined a scan that was cancelled is scanned all the same', async () => {
    const abort = new AbortController()
    const first = server.useCases.scan(admin, input('hang together', { signal: abort.signal }))
    await expect.poll(() => parts.scanner.jobs.length, { interval: 2 }).toBe(1)
    const second = server.useCases.scan(admin, input('hang together'))
    abort.abort()
    await expect(first).rejects.toMatchObject({ code: 'cancelled' })
    await expect.poll(() => parts.scanner.jobs.length, { interval: 2 }).toBe(2)
    parts.scanner.release()
    expect((await second).scan.verdict).toBe('clean')
  })

  it('long content goes through the queue, with events', async () => {
    const long = `infected ${'x'.repeat(MAX_INLINE_BYTES)}`
    const heard: string[] = []
    const onUpdate = (update: ScanUpdate): void => void heard.push(update.event)
    const stream = (async function* () {
      for (let at = 0; at < long.length; at += 65_536) yield bytes(long.slice(at, at + 65_536))
    })()
    const { scan, report } = await server.useCases.scan(admin, { ...input(''), content: { stream }, onUpdate })
    expect(scan).toMatchObject({ state: 'finished', verdict: 'infected', sizeBytes: long.length })
    expect(report?.artifacts[0].sha256).toBe(scan.sha256)
    expect(heard).toContain('detection')
    expect(parts.scanner.jobs[0].content).toHaveProperty('stream')
  })

  it('an idempotency key of another request is refused, and leaves no intake', async () => {
    const { useCases } = server
    const first = await useCases.submit(admin, input('idem', { idempotencyKey: 'k' }))
    const second = await useCases.submit(admin, input('idem', { idempotencyKey: 'k' }))
    expect([second.how, second.scan.id]).toEqual(['repeated', first.scan.id])
    await expect(useCases.submit(admin, input('idem 2', { idempotencyKey: 'k' }))).rejects.toMatchObject({
      code: 'idempotency-conflict',
    })
    await useCases.awaitScan(admin, { id: first.scan.id, timeoutMs: 5000 })
    expect(parts.vault.intakes.size).toBe(0)
  })

  it('what its stream throws comes back as it is, and leaves no intake', async () => {
    const gone = new Error('the client has gone')
    const broken = async function* (after: string): AsyncGenerator<Uint8Array> {
      yield bytes(after)
      throw gone
    }
    for (const after of ['x', 'x'.repeat(MAX_INLINE_BYTES + 1)]) {
      await expect(server.useCases.submit(admin, input('', { content: { stream: broken(after) } }))).rejects.toBe(gone)
      await expect(server.useCases.scan(admin, input('', { content: { stream: broken(after) } }))).rejects.toBe(gone)
    }
    expect(parts.vault.intakes.size).toBe(0)
  })

  it('no worker: refused at once, with the reason', async () => {
    parts.scanner.threads = 0
    await expect(server.useCases.submit(admin, input('x'))).rejects.toMatchObject({ code: 'no-worker' })
    expect(parts.vault.intakes.size).toBe(0)
  })

  it('too long, too many, wrong', async () => {
    await restartedWith({ limits: { ...parts.limits, maxUploadBytes: 10, maxQueued: 0 } })
    const { useCases } = server
    await expect(useCases.submit(admin, input('x'))).rejects.toMatchObject({ code: 'busy' })
    await restartedWith({ limits: { ...parts.limits, maxUploadBytes: 10, maxQueued: 10 } })
    await expect(server.useCases.submit(admin, input('12345678901'))).rejects.toMatchObject({ code: 'too-large' })
    const bad: Partial<SubmitInput>[] = [
      { name: 'x'.repeat(5000) }, { idempotencyKey: '' }, { notify: { url: 'file:///etc/passwd' } },
      { options: { profile: 'never' as never } }, { options: { maxTimeMs: 0 } }, { options: { passwords: ['x'.repeat(300)] } },
      { content: { path: '/etc/passwd' } },
    ] // prettier-ignore
    for (const more of bad)
      await expect(server.useCases.submit(admin, input('x', more))).rejects.toMatchObject({ code: 'invalid-input' })
    await expect(server.useCases.submitUrl(admin, { name: '', url: 'http://a' })).rejects.toMatchObject({
      code: 'not-configured',
    })
  })

  it('a priority is inherited from the parent', async () => {
    const { useCases } = server
    const parent = await useCases.submit(admin, input('parent', { options: { priority: 'bulk' } }))
    const child = await useCases.submit(admin, input('child', { parent: parent.scan.id }))
    expect(child.scan).toMatchObject({ priority: 'bulk', parent: parent.scan.id })
  })
})

describe('what goes wrong', () => {
  it('is tried again, then given up, and can be retried', async () => {
    await restartedWith({ limits: { ...parts.limits, maxAttempts: 1 } })
    const { useCases } = server
    const { scan } = await useCases.submit(admin, input('fail please'))
    const done = await useCases.awaitScan(admin, { id: scan.id, timeoutMs: 5000 })
    expect(done).toMatchObject({ state: 'failed', problem: { code: 'internal' } })
    await expect(useCases.getReport(admin, { id: scan.id })).rejects.toMatchObject({ code: 'no-report' })
    const { items } = await useCases.listDeadLetters(admin, {})
    expect(items).toMatchObject([{ kind: 'scan', scan: scan.id, reason: { code: 'internal' } }])
    expect(parts.vault.intakes.size).toBe(1)
    await useCases.retryDeadLetter(admin, { id: items[0].id })
    await expect.poll(async () => (await useCases.listDeadLetters(admin, {})).items.length, { interval: 5 }).toBe(1)
    await useCases.discardDeadLetter(admin, { id: items[0].id })
    expect(parts.vault.intakes.size).toBe(0)
  })

  it('a busy scanner costs no attempt', async () => {
    const { scan } = await server.useCases.submit(admin, input('busy'))
    const done = await server.useCases.awaitScan(admin, { id: scan.id, timeoutMs: 5000 })
    expect(done).toMatchObject({ state: 'finished', attempts: 1 })
    expect(parts.scanner.jobs).toHaveLength(2)
  })

  it('a server that stops gives its jobs back', async () => {
    const { scan } = await server.useCases.submit(admin, input('hang on'))
    await expect.poll(() => server.running(), { interval: 2 }).toBe(1)
    await server.close()
    expect(await ledger.scan(scan.id)).toMatchObject({ state: 'queued' })
    server = await createUseCases(parts)
    await expect.poll(() => server.running(), { interval: 2 }).toBe(1)
    parts.scanner.release()
    const done = await server.useCases.awaitScan(admin, { id: scan.id, timeoutMs: 5000 })
    expect(done.state).toBe('finished')
  })

  it('a server that was killed is followed at once by one that is alone', async () => {
    // As a server leaves it that dies in the middle.
    await restartedWith({ limits: { ...parts.limits, maxRunning: 0 }, exclusive: true })
    const left = await server.useCases.submit(admin, input('left behind'))
    await ledger.lease({ worker: 'gone', nowMs: Date.now(), leaseMs: parts.limits.leaseMs, limit: 1 })
    await server.close()
    server = await createUseCases({ ...parts, limits: { ...parts.limits, maxRunning: 4 } })
    expect((await server.useCases.awaitScan(admin, { id: left.scan.id, timeoutMs: 5000 })).state).toBe('finished')
  })

  it('cancelling stops the scan', async () => {
    const { useCases } = server
    const { scan } = await useCases.submit(admin, input('hang'))
    await expect.poll(() => server.running(), { interval: 2 }).toBe(1)
    expect((await useCases.cancelScan(admin, { id: scan.id })).state).toBe('cancelled')
    await expect.poll(() => server.running(), { interval: 2 }).toBe(0)
    await expect(useCases.cancelScan(admin, { id: scan.id })).rejects.toMatchObject({ code: 'already-finished' })
    expect(parts.vault.intakes.size).toBe(0)
    const abort = new AbortController()
    const scanning = useCases.scan(admin, input('hang small', { signal: abort.signal }))
    await expect.poll(() => parts.scanner.jobs.length, { interval: 2 }).toBe(2)
    abort.abort()
    await expect(scanning).rejects.toMatchObject({ code: 'cancelled' })
  })
})

describe('watching', () => {
  it('tells everything from now to the end', async () => {
    const { useCases } = server
    const { scan } = await useCases.submit(admin, input('hang infected'))
    const heard: ScanUpdate[] = []
    const watched = (async () => {
      for await (const update of useCases.watchScan(admin, { id: scan.id })) heard.push(update)
    })()
    await expect.poll(() => server.running(), { interval: 2 }).toBe(1)
    parts.scanner.release()
    await watched
    const events = heard.map(({ event }) => event)
    expect(events.at(-1)).toBe('finished')
    expect(events.filter(event => event !== 'queued')).toEqual(['running', 'progress', 'detection', 'finished'])
    const late: string[] = []
    for await (const { event } of useCases.watchScan(admin, { id: scan.id })) late.push(event)
    expect(late).toEqual(['finished'])
    const missing = useCases.watchScan(admin, { id: 'nonsense' })[Symbol.asyncIterator]()
    await expect(missing.next()).rejects.toMatchObject({ code: 'scan-not-found' })
  })

  it('awaiting ends with its time', async () => {
    const { scan } = await server.useCases.submit(admin, input('hang'))
    expect((await server.useCases.awaitScan(admin, { id: scan.id, timeoutMs: 10 })).state).not.toBe('finished')
  })
})

describe('webhooks', () => {
  it('are signed, and tried again', async () => {
    const posts: { url: string; headers: Readonly<Record<string, string>>; body: string }[] = []
    const sender = {
      post(url: string, headers: Readonly<Record<string, string>>, body: string) {
        posts.push({ url, headers, body })
        return Promise.resolve(204)
      },
    }
    await restartedWith({ sender })
    const { scan } = await server.useCases.scan(
      admin,
      input('hook', { notify: { url: 'https://a.example/x', secret: 's' } }),
    )
    await expect.poll(() => posts.length, { interval: 20, timeout: 3000 }).toBe(1)
    const [{ headers, body }] = posts
    const signed = createHmac('sha256', 's').update(`${headers['lazaret-timestamp']}.${body}`).digest('hex')
    expect(headers['lazaret-signature']).toBe(`sha256=${signed}`)
    expect(JSON.parse(body)).toMatchObject({ event: 'finished', scan: { id: scan.id, verdict: 'clean' } })
  })
})

describe('samples', () => {
  it('artifacts, ranges, tags, comments, deletion', async () => {
    const { useCases } = server
    const { scan } = await useCases.scan(admin, input('infected body', { options: { keep: 'everything' } }))
    const tree = await useCases.listArtifacts(admin, { id: scan.id })
    expect(tree).toMatchObject({ items: [{ id: 0, children: 0 }] })
    const part = await useCases.readArtifact(admin, { id: scan.id, artifact: 0, range: { offset: 9, length: 100 } })
    expect(await collect(part.stream)).toBe('body')
    expect(part).toMatchObject({ offset: 9, length: 4, sizeBytes: 13 })
    await expect(
      useCases.readArtifact(admin, { id: scan.id, artifact: 0, range: { offset: 13 } }),
    ).rejects.toMatchObject({ code: 'range-not-satisfiable' })
    await expect(useCases.readArtifact(admin, { id: scan.id, artifact: 7 })).rejects.toMatchObject({
      code: 'artifact-not-found',
    })
    expect(await useCases.changeTags(admin, { sha256: scan.sha256, add: ['x', 'x'] })).toEqual(['x'])
    await expect(useCases.changeTags(admin, { sha256: scan.sha256, add: ['Not A Tag'] })).rejects.toMatchObject({
      code: 'invalid-input',
    })
    const comment = await useCases.addComment(principal('analyst', 'ann'), { sha256: scan.sha256, text: 'odd' })
    await expect(useCases.deleteComment(principal('analyst', 'bob'), { id: comment.id })).rejects.toMatchObject({
      code: 'not-allowed',
    })
    expect(await useCases.getSample(admin, { digest: scan.md5 })).toMatchObject({
      sample: { tags: ['x'], kept: true },
      comments: [{ text: 'odd', author: 'ann' }],
    })
    await useCases.deleteSample(admin, { sha256: scan.sha256 })
    expect(parts.vault.store.size).toBe(0)
    await expect(useCases.getScan(admin, { id: scan.id })).rejects.toMatchObject({ code: 'scan-not-found' })
    expect(parts.audits).toContain(`local deleteSample ${scan.sha256} done`)
    expect(parts.audits).toContain(`bob deleteComment ${comment.id} not-allowed`)
  })

  it('are looked up without content', async () => {
    const { scan } = await server.useCases.scan(admin, input('looked up'))
    const answers = await server.useCases.lookUp(admin, {
      digests: [scan.sha1, scan.md5.toUpperCase(), 'f'.repeat(64)],
    })
    expect(answers).toMatchObject([
      { scan: { id: scan.id } },
      { scan: { id: scan.id } },
      { digest: 'f'.repeat(64), within: [] },
    ])
    expect(answers[2].sample).toBeUndefined()
    await expect(server.useCases.lookUp(admin, { digests: ['zz'] })).rejects.toMatchObject({ code: 'invalid-input' })
  })
})

describe('retro-scans', () => {
  it('scan everything kept again and list what changed', async () => {
    const { useCases } = server
    for (const text of ['one', 'two', 'three'])
      await useCases.scan(admin, input(text, { options: { keep: 'everything' } }))
    await expect(useCases.rescan(admin, { digest: 'f'.repeat(64) })).rejects.toMatchObject({ code: 'sample-not-found' })
    parts.scanner.database = 'e'.repeat(64)
    await useCases.reloadDatabase(admin)
    const retro = await useCases.startRetroScan(admin, {})
    await expect
      .poll(async () => (await useCases.getRetroScan(admin, { id: retro.id })).state, { interval: 50, timeout: 6000 })
      .toBe('finished')
    expect(await useCases.getRetroScan(admin, { id: retro.id })).toMatchObject({
      total: 3,
      done: 3,
      failed: 0,
      changed: 0,
    })
    expect((await useCases.listRetroScans(admin, {})).items).toHaveLength(1)
    expect((await useCases.listChangedVerdicts(admin, { id: retro.id })).items).toEqual([])
    expect(parts.vault.store.size).toBe(3)
  })
})

describe('asking', () => {
  it('searches in pages, with counts and facets when asked', async () => {
    const { useCases } = server
    for (let index = 0; index < 5; index++)
      await useCases.scan(admin, input(`page ${index}`, { name: `page-${index}` }))
    const first = await useCases.search(admin, { query: 'page', limit: 3 })
    expect(first.items.map(({ name }) => name)).toEqual(['page-4', 'page-3', 'page-2'])
    expect(first).not.toHaveProperty('total')
    const second = await useCases.search(admin, {
      query: 'page',
      limit: 3,
      cursor: first.next ?? '',
      count: true,
      facets: ['verdict'],
    })
    expect(second.items.map(({ name }) => name)).toEqual(['page-1', 'page-0'])
    expect(second).toMatchObject({
      total: { count: 5, exact: true },
      facets: { verdict: [{ value: 'clean', count: 5 }] },
    })
    expect(second.next).toBeUndefined()
    await expect(useCases.search(admin, { query: 'other', cursor: first.next ?? '' })).rejects.toMatchObject({
      code: 'invalid-cursor',
    })
    await expect(useCases.search(admin, { query: 'verdict:' })).rejects.toMatchObject({
      code: 'invalid-query',
      where: 8,
    })
    expect(await useCases.completeQuery(admin, { query: 'verdict:in' })).toMatchObject([
      { text: 'infected', from: 8, to: 10 },
    ])
    expect((await useCases.getStatistics(admin, {})).total.scans).toBe(5)
  })

  it('health, readiness, metrics, engine, queue, retention', async () => {
    const { useCases } = server
    const nobody = principal(undefined)
    expect(await useCases.getHealth(nobody)).toMatchObject({ ok: true, version: '0.1.0' })
    expect(await useCases.getReadiness(nobody)).toMatchObject({ ok: true })
    parts.scanner.threads = 0
    expect(await useCases.getReadiness(nobody)).toMatchObject({ ok: false })
    const metrics = await useCases.getMetrics(admin)
    expect(new Set(metrics.map(({ name }) => name)).size).toBe(metrics.length)
    expect(await useCases.getQueue(admin)).toMatchObject({ waiting: 0 })
    expect((await useCases.getEngineInfo(admin)).engines).toHaveLength(1)
    expect(await useCases.setRetention(admin, { cleanDays: 0 })).toEqual({ cleanDays: 0 })
    await expect(useCases.setRetention(admin, { cleanDays: -1 })).rejects.toMatchObject({ code: 'invalid-input' })
    expect(await useCases.applyRetention(admin)).toMatchObject({ scans: 0 })
    await expect(useCases.listDatabases(admin)).rejects.toMatchObject({ code: 'not-configured' })
  })
})
