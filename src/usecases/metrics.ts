import { VERDICTS } from '../report/index.ts'
import type { ScannerStatus } from '../scan/index.ts'
import type { VaultStatus } from './ports/vault.ts'
import type { Metric, QueueState } from './use-cases.ts'

// Numbers for monitoring, by the conventions of Prometheus: base units, `_total` for what only grows.

interface Measured {
  readonly queue: QueueState
  readonly counts: { readonly scans: number; readonly samples: number }
  readonly status: ScannerStatus
  readonly places: VaultStatus
  readonly uptimeMs: number
}

type Row = readonly [
  name: string,
  type: Metric['type'],
  help: string,
  value: number | readonly (readonly [Record<string, string>, number])[],
]

export function metricsOf({ queue, counts, status, places, uptimeMs }: Measured): Metric[] {
  const { threads } = status
  const rows: Row[] = [
    ['lazaret_uptime_seconds', 'gauge', 'Time since the server was started', uptimeMs / 1000],
    ['lazaret_scans_stored', 'gauge', 'Scans in the ledger', counts.scans],
    ['lazaret_samples_stored', 'gauge', 'Different contents in the ledger', counts.samples],
    ['lazaret_jobs', 'gauge', 'Jobs by state', [
      [{ state: 'waiting' }, queue.waiting], [{ state: 'leased' }, queue.leased], [{ state: 'dead' }, queue.dead],
    ]],
    ['lazaret_queue_oldest_seconds', 'gauge', 'Age of the oldest job that waits', queue.oldestWaitingMs / 1000],
    ['lazaret_deliveries', 'gauge', 'Webhooks by state', [
      [{ state: 'waiting' }, queue.deliveriesWaiting], [{ state: 'dead' }, queue.deliveriesDead],
    ]],
    ['lazaret_engine_scans_total', 'counter', 'Scans of the engine since its start, by verdict',
      VERDICTS.map(verdict => [{ verdict }, status.verdicts[verdict] ?? 0])],
    ['lazaret_engine_bytes_total', 'counter', 'Bytes that the engine has scanned', status.bytes],
    ['lazaret_engine_queued', 'gauge', 'Scans that wait for a thread', status.queued],
    ['lazaret_engine_threads', 'gauge', 'Threads of the engine', [
      [{ state: 'busy' }, threads.live - threads.idle], [{ state: 'idle' }, threads.idle],
    ]],
    ['lazaret_engine_restarts_total', 'counter', 'Engines that had to be started again', status.engineRestarts],
    ['lazaret_engine_resident_bytes', 'gauge', 'Memory of the engine', status.residentBytes],
    ['lazaret_database_signatures', 'gauge', 'Signatures in use', [[{ database: status.database.slice(0, 16) }, status.signatures]]],
    ['lazaret_database_built_timestamp_seconds', 'gauge', 'When the database was built', status.databaseBuiltAtMs / 1000],
    ...(places.freeBytes === undefined ? [] : [['lazaret_vault_free_bytes', 'gauge', 'Room in the vault', places.freeBytes] as const]),
  ] // prettier-ignore
  return rows.map(([name, type, help, value]) => ({
    name,
    type,
    help,
    samples: (typeof value === 'number' ? [[{}, value] as const] : value).map(([labels, number]) => ({
      labels,
      value: number,
    })),
  }))
}
