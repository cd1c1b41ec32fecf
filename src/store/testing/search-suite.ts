import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseQuery, type Ledger, type ScanRecord } from '../../usecases/index.ts'
import type { Database } from '../sql/database.ts'
import { openLedger } from '../sql/ledger.ts'
import { digestsOf, finished, newJob, newScan, NOW, type ReportShape } from './samples.ts'

// Searching and statistics: one set of scans, and what each query finds of it.

const HOUR = 3_600_000
const DAY = 24 * HOUR

interface Case extends ReportShape {
  readonly content: string
  readonly name?: string
  readonly agoMs: number
  readonly size?: number
  readonly label?: string
  readonly door?: 'rest' | 'clamd'
}

const CASES: readonly Case[] = [
  { content: 'a', name: 'Invoice 2026_11.pdf', agoMs: 10 * DAY, size: 5000, type: 'pdf' },
  { content: 'b', name: 'setup.exe', agoMs: 5 * DAY, size: 2_000_000, type: 'pe', verdict: 'infected', detections: ['Win.Trojan.Agent-1', 'Win.Packed.X'] },
  { content: 'c', name: 'ÄPFEL rechnung.zip', agoMs: 3 * DAY, size: 700, type: 'zip', verdict: 'unscannable', reasons: ['encrypted'], members: [{ content: 'inner', type: 'pe' }] },
  { content: 'd', name: 'invoice.exe', agoMs: 2 * HOUR, size: 900, type: 'pe', label: 'gateway', door: 'clamd' },
  { content: 'e', name: '100%_sure.txt', agoMs: HOUR, size: 10, type: 'text', verdict: 'suspicious', detections: ['Heur.Test'], elapsedMs: 2500 },
  { content: 'a', name: 'copy of invoice.pdf', agoMs: HOUR / 2, size: 5000, type: 'pdf', label: 'gateway' },
] // prettier-ignore

export function searchSuite(name: string, open: () => Promise<Database>): void {
  describe(name, () => {
    let ledger: Ledger
    const scans: ScanRecord[] = []
    beforeAll(async () => {
      ledger = await openLedger(await open())
      for (const entry of CASES) {
        const { content, agoMs, size, door = 'rest', label } = entry
        const at = NOW - agoMs
        const source = { door, account: 'local', address: '', ...(label === undefined ? {} : { label }) }
        const scan = newScan(content, { name: entry.name ?? content, sizeBytes: size ?? 1, submittedAtMs: at, source })
        scans.push((await ledger.record(scan, finished(content, entry, at))).scan)
      }
      await ledger.submit(newJob('waiting', { name: 'waiting', sizeBytes: 1 }))
      await ledger.changeTags(digestsOf('a').sha256, ['pdf-set'], [])
    })
    afterAll(() => ledger.close())

    const order = (query: string) => ({
      node: parseQuery(query, NOW),
      sort: 'time' as const,
      descending: true,
      limit: 100,
    })
    /** Contents, oldest first. */
    const found = async (query: string): Promise<string> =>
      (await ledger.search(order(query)))
        .map(scan => CASES.find(entry => entry.name === scan.name)?.content ?? 'w')
        .reverse()
        .join('')

    it.each([
      ['', 'abcdeaw'],
      ['invoice', 'ada'],
      ['name:INVOICE', 'ada'],
      ['name:invoice*', 'ad'],
      ['name:*.exe', 'bd'],
      ['name:"copy of"', 'a'],
      ['äpfel', 'c'],
      ['name:ex', 'bd'],
      ['"100%_sure"', 'e'],
      ['"0%_"', 'e'],
      ['name:100_', ''],
      ['verdict:infected', 'b'],
      ['verdict!=infected', 'acdeaw'],
      ['NOT verdict:clean', 'bcew'],
      ['detection:Win.Trojan.Agent-1', 'b'],
      ['detection:win.*', 'b'],
      ['detection:*est', 'e'],
      ['detection:Win', ''],
      ['type:pe', 'bd'],
      ['type:p*', 'abda'],
      ['contains:pe', 'c'],
      ['reason:encrypted', 'c'],
      ['size>1KB', 'aba'],
      ['size>=5000 size<1MB', 'aa'],
      ['size:10', 'e'],
      ['size:700..900', 'cd'],
      ['time:4d', 'cdeaw'],
      ['time>=2026-11-25', 'deaw'],
      ['time:2026-11-15', 'a'],
      ['time:2026-11-14..2026-11-20', 'ab'],
      ['time<2026-11-20', 'a'],
      ['finished>=1d', 'dea'],
      ['elapsed>2s', 'e'],
      ['source:clamd', 'd'],
      ['label:gate*', 'da'],
      ['source:rest label:gateway', 'a'],
      ['account:local', 'abcdeaw'],
      ['state:queued', 'w'],
      ['state:finished', 'abcdea'],
      ['priority:normal size:1', 'w'],
      ['keep:nothing', 'abcdeaw'],
      ['tag:pdf-set', 'aa'],
      ['tag:nothing', ''],
      ['detections>1', 'b'],
      ['artifacts:2', 'c'],
      ['verdict:infected OR verdict:suspicious', 'be'],
      ['(type:pe OR type:zip) AND -verdict:clean', 'bc'],
      ['type:pe verdict:clean invoice', 'd'],
      ['NOT (type:pe OR type:pdf)', 'cew'],
      [`sha256:${digestsOf('b').sha256}`, 'b'],
      [`sha256:${digestsOf('b').sha256.slice(0, 9)}*`, 'b'],
      [`sha1:${digestsOf('c').sha1}`, 'c'],
      [digestsOf('d').md5, 'd'],
      [digestsOf('inner').sha256, 'c'],
      [`inside:${digestsOf('inner').sha256.slice(0, 7)}*`, 'c'],
      ['database:ddd*', 'abcdea'],
    ])('%s', async (query, expected) => {
      expect(await found(query)).toBe(expected)
      expect(await ledger.count(parseQuery(query, NOW), 100)).toBe(expected.length)
    })

    it('pages by keyset in every order', async () => {
      for (const sort of ['time', 'size'] as const) {
        for (const descending of [true, false]) {
          const all = await ledger.search({ ...order(''), sort, descending })
          const paged: ScanRecord[] = []
          for (;;) {
            const last = paged.at(-1)
            const after = last === undefined ? undefined : { key: last.sizeBytes, id: last.id }
            const page = await ledger.search({ ...order(''), sort, descending, limit: 2, ...(after && { after }) })
            paged.push(...page)
            if (page.length < 2) break
          }
          expect(paged).toEqual(all)
          const keys = all.map(scan => (sort === 'size' ? scan.sizeBytes : scan.submittedAtMs))
          expect(keys).toEqual([...keys].sort((a, b) => (descending ? b - a : a - b)))
        }
      }
      expect((await ledger.search({ ...order('type:pe'), sort: 'size' })).map(({ name: text }) => text)).toEqual([
        'setup.exe',
        'invoice.exe',
      ])
    })

    it('counts stop at the bound', async () => {
      expect(await ledger.count(parseQuery('', NOW), 3)).toBe(3)
      expect(await ledger.count(parseQuery('type:p*', NOW), 3)).toBe(3)
    })

    it('facets count what matches', async () => {
      const facets = await ledger.facets(
        parseQuery('', NOW),
        ['verdict', 'type', 'detection', 'source', 'label', 'state', 'tag'],
        100,
      )
      expect(facets).toMatchObject({
        verdict: [{ value: 'clean', count: 3 }, { count: 1 }, { count: 1 }, { count: 1 }],
        source: [
          { value: 'rest', count: 6 },
          { value: 'clamd', count: 1 },
        ],
        label: [{ value: 'gateway', count: 2 }],
        state: [
          { value: 'finished', count: 6 },
          { value: 'queued', count: 1 },
        ],
        tag: [{ value: 'pdf-set', count: 2 }],
      })
      expect(facets.detection?.map(({ value }) => value).sort()).toEqual([
        'Heur.Test',
        'Win.Packed.X',
        'Win.Trojan.Agent-1',
      ])
      expect(await ledger.facets(parseQuery('type:pe', NOW), ['type'], 100)).toEqual({
        type: [{ value: 'pe', count: 2 }],
      })
    })

    it('stored values are suggested', async () => {
      expect(await ledger.suggest('detection', 'win.', 5)).toEqual(['Win.Packed.X', 'Win.Trojan.Agent-1'])
      expect(await ledger.suggest('label', 'G', 5)).toEqual(['gateway'])
      expect(await ledger.suggest('size', '1', 5)).toEqual([])
    })

    describe('statistics', () => {
      const question = {
        toMs: NOW,
        unit: 'day',
        top: 10,
        dimensions: ['verdict', 'type', 'detection', 'reason', 'size', 'time'],
      } as const

      it('add up, whatever the unit', async () => {
        for (const unit of ['hour', 'day', 'week', 'total'] as const) {
          const answer = await ledger.statistics({ ...question, unit })
          expect(answer.total).toMatchObject({ scans: 6, bytes: 2_011_610, failed: 0, reused: 0 })
          expect(answer.total.elapsedMs).toBeCloseTo(2507.5)
          expect(answer.series.reduce((sum, { scans: count }) => sum + count, 0)).toBe(6)
          expect(answer.series).toHaveLength({ hour: 5, day: 4, week: 3, total: 1 }[unit])
          expect(
            answer.rankings.type
              ?.slice(0, 2)
              .map(({ value }) => value)
              .sort(),
          ).toEqual(['pdf', 'pe'])
          expect(answer.rankings.detection).toHaveLength(3)
          expect(answer.rankings.reason).toMatchObject([{ value: 'encrypted', scans: 1 }])
          expect(answer.rankings.size).toContainEqual({ value: '4096', scans: 2, bytes: 10_000, elapsedMs: 3 })
          expect(answer.sources).toMatchObject([{ door: 'rest', label: '', scans: 4 }, { scans: 1 }, { scans: 1 }])
        }
      })

      it('are for a range and a source', async () => {
        const fromMs = NOW - 5 * DAY
        expect((await ledger.statistics({ ...question, fromMs })).total.scans).toBe(5)
        expect((await ledger.statistics({ ...question, fromMs, toMs: NOW - 2 * HOUR })).total.scans).toBe(2)
        expect((await ledger.statistics({ ...question, label: 'gateway' })).total.scans).toBe(2)
        expect((await ledger.statistics({ ...question, door: 'clamd' })).total.scans).toBe(1)
        expect((await ledger.statistics({ ...question, door: 'soap' })).total.scans).toBe(0)
      })
    })
  })
}
