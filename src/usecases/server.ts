import { deliver } from './deliveries.ts'
import { Dispatcher } from './dispatcher.ts'
import { UseCaseError } from './errors.ts'
import { ScannerView } from './generation.ts'
import { demand, guarded } from './guard.ts'
import { Hub } from './hub.ts'
import { createIds } from './ids.ts'
import { dropContents } from './keeping.ts'
import { Operations } from './operations.ts'
import type { Parts, Runtime } from './parts.ts'
import { periodically } from './periodic.ts'
import type { Principal } from './policy.ts'
import { applyRetention, cleanIntake } from './retention.ts'
import { Retro } from './retro.ts'
import { Samples } from './samples.ts'
import { Scanning } from './scanning.ts'
import { SearchingUseCases } from './searching.ts'
import { Submitting } from './submitting.ts'
import { MAX_AWAIT_MS, type ScanUseCases, type UseCases } from './use-cases.ts'
import { updateOfScan, Waiting } from './waiting.ts'

/** The use cases, with what goes on behind them. */
export interface UseCaseServer {
  readonly useCases: UseCases
  /** Scans of this server that are in the scanner on behalf of jobs. */
  readonly running: () => number
  /** Takes no more jobs and gives back those that run. Parts stay open: they belong to whoever made them. */
  close(): Promise<void>
}

const SLOT_MS = 60_000
const DELIVER_MS = 1000
const RETRO_MS = 1000
const HOUR_MS = 3_600_000

/** Everything a server does, over its parts. Starts taking jobs at once. */
export async function createUseCases(parts: Parts): Promise<UseCaseServer> {
  const { ledger, clock, random } = parts
  const worker = [...random.bytes(8)].map(byte => byte.toString(16).padStart(2, '0')).join('')
  const claim = (): Promise<number> => ledger.claimSlot(worker, clock.now(), clock.now() + SLOT_MS)
  const runtime: Runtime = { ...parts, worker, ids: createIds(random, await claim()) }
  const view = new ScannerView(parts.scanner, clock)
  const hub = new Hub()
  const dispatcher = new Dispatcher(runtime, view, hub)
  const waiting = new Waiting(runtime, hub, id => void dispatcher.cancelled(id).catch(() => {}))
  const submitting = new Submitting(runtime, view, scan => {
    hub.tell(scan.id, updateOfScan(scan))
    dispatcher.look()
  })
  const scanning = new Scanning(runtime, view, submitting, waiting, hub)
  const samples = new Samples(runtime, waiting)
  const searching = new SearchingUseCases(runtime)
  const retro = new Retro(runtime, view, submitting, waiting)
  const operations = new Operations(runtime, view, () => dispatcher.look())

  const scans: ScanUseCases = {
    async submit(principal, { content, ...input }) {
      return submitting.submit(await submitting.request(principal, input), submitting.streamOf(content))
    },
    async submitUrl(principal, { url, ...input }) {
      if (parts.fetcher === undefined) throw new UseCaseError('not-configured', { detail: 'submission by URL' })
      const request = await submitting.request(principal, input)
      const { name, stream } = await parts.fetcher.fetch(url, input.signal)
      return submitting.submit(input.name === '' ? { ...request, input: { ...input, name } } : request, stream)
    },
    async scan(principal, input) {
      const { content: _, onUpdate: __, ...rest } = input
      return scanning.scan(await submitting.request(principal, rest), input)
    },
    getScan: (_principal, { id }) => waiting.get(id),
    awaitScan: (_principal, { id, timeoutMs, signal }) =>
      waiting.until(id, Math.max(0, Math.min(timeoutMs, MAX_AWAIT_MS)), signal),
    watchScan: (_principal, { id, signal }) => waiting.watch(id, signal),
    async cancelScan(principal, { id }) {
      const { source } = await waiting.get(id)
      demand(principal, 'cancelScan', source.account)
      return waiting.cancel(id)
    },
    async getReport(_principal: Principal, { id }) {
      const report = await samples.report(id)
      return { scan: await waiting.get(id), report }
    },
    lookUp: (principal, input) => searching.lookUp(principal, input),
    async deleteScan(_principal, { id }) {
      await waiting.get(id)
      const gone = await ledger.deleteScan(id)
      if (gone === undefined) throw new UseCaseError('scan-not-found', { detail: id })
      await dropContents(runtime, gone)
    },
  }
  const plain = Object.assign({}, scans, ...[samples, searching, retro, operations].map(methodsOf), parts.accounts)
  const useCases = guarded(plain as UseCases, parts)

  const deliveries = periodically(parts, DELIVER_MS, 'webhooks', async () => {
    for (let more = true; more;) more = await deliver(runtime)
  })
  const tasks = [
    deliveries,
    periodically(parts, SLOT_MS / 3, 'slot', claim),
    periodically(parts, RETRO_MS, 'retro-scan', async () => {
      for (let more = true; more;) more = await retro.step()
    }),
    periodically(parts, HOUR_MS, 'retention', async () => {
      await applyRetention(runtime)
      await cleanIntake(runtime)
    }),
  ]
  dispatcher.start()
  return {
    useCases,
    running: () => dispatcher.running,
    async close() {
      await dispatcher.stop()
      await Promise.all(tasks.map(task => task.stop()))
    },
  }
}

/** What may be asked of a ledger alone, without a server. */
export function createQueries(
  parts: Pick<Parts, 'ledger' | 'clock' | 'hashes' | 'audit' | 'log'>,
): Pick<UseCases, 'search' | 'completeQuery' | 'getStatistics' | 'lookUp'> {
  return guarded(methodsOf(new SearchingUseCases(parts)) as unknown as UseCases, parts)
}

/** The methods of an object as functions that need no object. */
function methodsOf(object: object): Readonly<Record<string, unknown>> {
  const prototype = Object.getPrototypeOf(object) as Readonly<Record<string, (...rest: unknown[]) => unknown>>
  const names = Object.getOwnPropertyNames(prototype).filter(name => name !== 'constructor')
  return Object.fromEntries(names.map(name => [name, prototype[name].bind(object)]))
}
