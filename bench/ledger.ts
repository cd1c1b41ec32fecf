// The ledger with a million scans: finished scans stored per second, searches, statistics.
// usage: node bench/ledger.ts [--scans 1000000] [--store sqlite|postgres://…] [--keep]
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createHash } from 'node:crypto'
import type { Report, Verdict } from '../src/report/index.ts'
import { openLedger, openPostgres, openSqlite, systemRandom } from '../src/store/index.ts'
import { createIds, DIMENSIONS, MAX_COUNTED, parseQuery } from '../src/usecases/index.ts'
import type { NewScan } from '../src/usecases/index.ts'
import { SCRATCH } from './lib/folders.ts'
import { lessIsBetter, moreIsBetter, record, type Row } from './lib/record.ts'
import { median, short } from './lib/statistics.ts'

const { values } = parseArgs({
  options: {
    scans: { type: 'string', default: '1000000' },
    store: { type: 'string', default: 'sqlite' },
    keep: { type: 'boolean', default: false },
  },
})
const total = Number(values.scans)
const STORED_PER_SECOND = 1500
const SEARCH_MS = 150
const STATISTICS_MS = 300
/** Scans that are being stored at the same time, as that many connections would. */
const IN_FLIGHT = 256
const DAYS = 90
const END = Date.UTC(2026, 10, 25)
const HOUR_MS = 3_600_000

// A generator of its own, so that two runs store the same.
let seed = 1
const random = (): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() ** 2 * list.length)]

const TYPES = [
  'pdf',
  'pe',
  'text',
  'zip',
  'html',
  'ole2',
  'jpeg',
  'png',
  'elf',
  'rtf',
  'eml',
  'xml',
  'gzip',
  'data',
] as const
const WORDS = [
  'invoice',
  'report',
  'setup',
  'image',
  'scan',
  'contract',
  'offer',
  'backup',
  'update',
  'photo',
  'draft',
  'notes',
  'order',
  'letter',
  'budget',
] as const
const FAMILIES = Array.from(
  { length: 3000 },
  (_, index) => `${pick(['Win.Trojan', 'Win.Malware', 'Doc.Dropper', 'Unix.Miner'])}.Family${index}-${index * 7}`,
)
const LABELS = ['mail', 'web', 'share', ''] as const

function make(index: number, atMs: number): { scan: NewScan; report: Report } {
  // One of five was seen before.
  const content = random() < 0.2 ? Math.floor(random() * index) : index
  const hash = (algorithm: string): string => createHash(algorithm).update(String(content)).digest('hex')
  const sha256 = hash('sha256')
  const type = pick(TYPES)
  const chance = random()
  const verdict: Verdict =
    chance < 0.04 ? 'infected' : chance < 0.05 ? 'suspicious' : chance < 0.09 ? 'unscannable' : 'clean'
  const name = `${pick(WORDS)} ${pick(WORDS)}-${Math.floor(random() * 100_000)}.${type}`
  const size = Math.floor(2 ** (8 + random() * 16))
  const detections = verdict === 'infected' || verdict === 'suspicious' ? [pick(FAMILIES)] : []
  const members = random() < 0.1 ? 3 : 0
  const database = createHash('sha256')
    .update(`database ${Math.floor((END - atMs) / (7 * 24 * HOUR_MS))}`)
    .digest('hex')
  const artifact = (id: number) => ({
    id, relation: id === 0 ? ('root' as const) : ('extracted' as const), name, path: name, size, verdict,
    ...(id === 0 ? {} : { parent: 0 }), type: id === 0 ? type : pick(TYPES),
    sha256: id === 0 ? sha256 : createHash('sha256').update(`${content} ${id}`).digest('hex'),
    detections: id > 0 ? [] : detections.map(found => ({
      name: found, kind: 'body' as const, severity: 'malicious' as const, source: { database: 'main.ndb', line: 77 },
      where: { path: name, offset: 1234 },
    })),
    notSeen: verdict === 'unscannable' && id === 0 ? [{ path: name, reason: 'encrypted' as const, detail: 'The archive needs a password' }] : [],
    anomalies: [], properties: [{ name: 'identified.by', value: 'magic' }],
  }) // prettier-ignore
  return {
    scan: {
      id: ids.next(atMs), name, sha256, sha1: hash('sha1'), md5: hash('md5'), sizeBytes: size, submittedAtMs: atMs,
      source: { door: random() < 0.7 ? 'rest' : 'clamd', account: 'local', address: '192.0.2.7', label: pick(LABELS) },
      options: { profile: 'standard', allMatches: false, passwordCount: 0, keep: 'detections' },
      priority: 'normal', optionsKey: 'standard',
    }, // prettier-ignore
    report: {
      version: '1.1',
      scanner: { name: 'lazaret', version: '0.1.0', database, signatures: 3_300_000 },
      name,
      startedAt: new Date(atMs).toISOString(),
      elapsedMs: 0.2 + random() * 20,
      bytesScanned: size,
      verdict,
      artifacts: Array.from({ length: 1 + members }, (_, id) => artifact(id)),
    },
  }
}

const folder = join(SCRATCH, 'ledger')
const file = join(folder, 'ledger.db')
const isPostgres = values.store !== 'sqlite'
if (!isPostgres && !values.keep) rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const fresh = isPostgres || !existsSync(file)
const ledger = await openLedger(isPostgres ? await openPostgres(values.store) : openSqlite(file))
const ids = createIds(systemRandom, 0)
const rows: Row[] = []

if (fresh) {
  const rates: number[] = []
  let next = 0
  let stored = 0
  let sinceMs = performance.now()
  const step = Math.ceil(total / 20)
  const worker = async (): Promise<void> => {
    while (next < total) {
      const index = next++
      const atMs = Math.floor(END - DAYS * 24 * HOUR_MS + (index / total) * DAYS * 24 * HOUR_MS)
      const { scan, report } = make(index, atMs)
      await ledger.record(scan, { state: 'finished', report, startedAtMs: atMs, finishedAtMs: atMs + 5 })
      if (++stored % step !== 0) continue
      rates.push((step / (performance.now() - sinceMs)) * 1000)
      sinceMs = performance.now()
      console.log(`${stored} stored, ${short(rates.at(-1) ?? 0)} a second`)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  const last = rates.slice(-4)
  rows.push(moreIsBetter('finished scans stored, the last fifth', 'scans/s', STORED_PER_SECOND, median(last), 1))
}

const order = { sort: 'time', descending: true, limit: 50 } as const
const QUERIES = [
  '', 'verdict:infected', 'type:pe verdict:infected', 'invoice', 'name:"budget-12"', 'name:*99999*', 'name:invoice*.pdf', 'name:zzzzz',
  `detection:${FAMILIES[7]}`, `detection:${FAMILIES[2900]}`, 'detection:Win.Trojan.*', 'reason:encrypted', 'contains:pe', 'contains:elf verdict:suspicious',
  `sha256:${createHash('sha256').update('77').digest('hex')}`, createHash('md5').update('500').digest('hex'), 'sha256:00ab*',
  'size>10MB', 'size<300', 'size:1KB..2KB type:zip', 'time:2026-10-01', 'time:2026-10-01..2026-10-03 verdict:infected', 'time<2026-09-01 type:elf',
  'source:clamd', 'label:web', 'source:clamd label:share verdict:infected', 'state:failed', 'elapsed>20ms', 'detections>0', 'artifacts>3',
  'NOT verdict:clean', 'verdict:suspicious OR type:elf', '(type:pe OR type:elf) -verdict:clean invoice', 'tag:nothing', 'database:00*',
  'verdict:infected type:data label:web budget', 'verdict:trusted', 'account:nobody', 'backup draft', 'priority:bulk',
] // prettier-ignore
const times: number[] = []
const slow: [number, string][] = []
for (const query of QUERIES) {
  const node = parseQuery(query, END)
  const own: number[] = []
  for (let run = 0; run < 5; run++) {
    const start = performance.now()
    const page = await ledger.search({ ...order, node })
    // The second page too, as people turn pages.
    const last = page.at(-1)
    own.push(performance.now() - start)
    if (last === undefined) continue
    const again = performance.now()
    await ledger.search({ ...order, node, after: { key: last.sizeBytes, id: last.id } })
    own.push(performance.now() - again)
  }
  times.push(...own)
  slow.push([Math.max(...own), query])
}
const percentile = (list: readonly number[], part: number): number =>
  [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))]
slow.sort(([a], [b]) => b - a)
for (const [ms, query] of slow.slice(0, 8)) console.log(`${short(ms)} ms  ${query}`)
rows.push(lessIsBetter('search, 95th percentile', 'ms', SEARCH_MS, percentile(times, 0.95), 1))
rows.push(lessIsBetter('search, median', 'ms', SEARCH_MS, median(times)))

const timed = async (what: string, promised: number | undefined, call: () => Promise<unknown>): Promise<void> => {
  const own: number[] = []
  for (let run = 0; run < 5; run++) {
    const start = performance.now()
    await call()
    own.push(performance.now() - start)
  }
  rows.push(lessIsBetter(what, 'ms', STATISTICS_MS, Math.max(...own), promised))
}
const question = { toMs: END, top: 20, dimensions: DIMENSIONS } as const
await timed('statistics of everything, by day', 1, () => ledger.statistics({ ...question, unit: 'day' }))
await timed('statistics of everything, by week', 1, () => ledger.statistics({ ...question, unit: 'week' }))
await timed('statistics of 2 days, by hour', 1, () =>
  ledger.statistics({ ...question, unit: 'hour', fromMs: END - 48 * HOUR_MS }),
)
await timed('statistics of one source', 1, () => ledger.statistics({ ...question, unit: 'day', label: 'web' }))
await timed('count of infected', undefined, () => ledger.count(parseQuery('verdict:infected', END), MAX_COUNTED))
await timed('facets of infected', undefined, () =>
  ledger.facets(parseQuery('verdict:infected', END), ['verdict', 'type', 'detection'], MAX_COUNTED),
)
await ledger.close()
const bytes = isPostgres ? 0 : statSync(file).size
const kept = record('ledger', rows, {
  scans: total,
  store: isPostgres ? 'postgres' : 'sqlite',
  bytesPerScan: Math.round(bytes / total),
})
if (!values.keep && !isPostgres) rmSync(folder, { recursive: true, force: true })
process.exitCode = kept ? 0 : 1
