import type { Quota, QuotaGate } from '../accounts.ts'
import { UseCaseError } from '../errors.ts'
import type { AccountStore, Usage } from '../ports/accounts.ts'
import type { Clock, Log } from '../ports/host.ts'
import type { Principal } from '../policy.ts'
import { periodically } from '../periodic.ts'
import { BoundedMap } from './bounded.ts'
import { CACHE_MS, DAY_MS, MAX_CACHED } from './limits.ts'

// What accounts and keys may use. Counted in memory, so that a submission waits for nothing, and added to the store every
// few seconds: after kill -9, and over several servers, somebody may get that much more.

const FLUSH_MS = 2000
const MINUTE_MS = 60_000

interface Meter {
  quota: Quota
  quotaUntilMs: number
  day: number
  /** Of the day, as the store and this server know it. */
  scans: number
  bytes: number
  /** Not in the store yet. */
  newScans: number
  newBytes: number
  inFlight: number
  /** Scans that may begin at once; refills by the minute. */
  tokens: number
  filledAtMs: number
}

export interface QuotaDeps {
  readonly store: AccountStore
  readonly clock: Clock
  readonly log: Log
}

export class QuotaMeters implements QuotaGate {
  readonly #deps: QuotaDeps
  readonly #meters = new BoundedMap<string, Meter>(MAX_CACHED)
  readonly #loading = new Map<string, Promise<Meter>>()
  #lastFlush: Promise<void> = Promise.resolve()
  readonly #flushing: { stop(): Promise<void> }

  constructor(deps: QuotaDeps) {
    this.#deps = deps
    this.#flushing = periodically(deps, FLUSH_MS, 'quota', () => this.flush())
  }

  /** Nothing is charged where one of the limits does not allow it. */
  async charge(principal: Principal, sizeBytes: number): Promise<() => void> {
    const subjects = subjectsOf(principal)
    const meters = await Promise.all(subjects.map(subject => this.#meter(subject)))
    const nowMs = this.#deps.clock.now()
    for (const meter of meters) refuseOver(meter, sizeBytes, nowMs)
    for (const meter of meters) {
      meter.tokens--
      meter.scans++
      meter.newScans++
      meter.bytes += sizeBytes
      meter.newBytes += sizeBytes
      meter.inFlight++
    }
    let isOpen = true
    return () => {
      if (isOpen) for (const meter of meters) meter.inFlight--
      isOpen = false
    }
  }

  async used(subject: string): Promise<{ readonly quota: Quota; readonly used: Required<Quota> }> {
    const meter = await this.#meter(subject)
    const { quota, scans, bytes, inFlight } = meter
    const perMinute = quota.scansPerMinute ?? 0
    refill(meter, this.#deps.clock.now())
    return {
      quota,
      used: { scansPerDay: scans, bytesPerDay: bytes, inFlight, scansPerMinute: Math.max(0, Math.ceil(perMinute - meter.tokens)) }, // prettier-ignore
    }
  }

  /** Quotas that were changed hold at once. */
  forget(): void {
    for (const meter of this.#all()) meter.quotaUntilMs = 0
  }

  #all(): Meter[] {
    const all: Meter[] = []
    this.#meters.deleteWhere(meter => {
      all.push(meter)
      return false
    })
    return all
  }

  async #meter(subject: string): Promise<Meter> {
    const nowMs = this.#deps.clock.now()
    const today = Math.floor(nowMs / DAY_MS)
    const known = this.#meters.get(subject)
    if (known !== undefined && known.day === today && nowMs < known.quotaUntilMs) return known
    let loading = this.#loading.get(subject)
    if (loading === undefined) {
      loading = this.#load(subject, known, today).finally(() => this.#loading.delete(subject))
      this.#loading.set(subject, loading)
    }
    return loading
  }

  async #load(subject: string, known: Meter | undefined, today: number): Promise<Meter> {
    const { store, clock } = this.#deps
    const quota = await this.#quotaOf(subject)
    if (known === undefined || known.day !== today) {
      if (known !== undefined && known.newScans > 0) await this.flush()
      const [total] = await store.addUsage([{ subject, day: today, scans: 0, bytes: 0 }])
      const nowMs = clock.now()
      const meter: Meter = {
        quota,
        quotaUntilMs: nowMs + CACHE_MS,
        day: today,
        scans: total.scans,
        bytes: total.bytes,
        newScans: 0,
        newBytes: 0,
        inFlight: known?.inFlight ?? 0,
        tokens: known?.tokens ?? quota.scansPerMinute ?? 0,
        filledAtMs: known?.filledAtMs ?? nowMs,
      }
      // Slots that are in flight over midnight are given back to the meter they were taken from: it goes on.
      const result = known === undefined ? meter : Object.assign(known, meter)
      this.#meters.set(subject, result)
      return result
    }
    if (quota.scansPerMinute !== known.quota.scansPerMinute) known.tokens = quota.scansPerMinute ?? 0
    known.quota = quota
    known.quotaUntilMs = clock.now() + CACHE_MS
    return known
  }

  async #quotaOf(subject: string): Promise<Quota> {
    const [kind, id] = subject.split(':', 2)
    const owner = kind === 'key' ? await this.#deps.store.key(id) : await this.#deps.store.account(id)
    return owner?.quota ?? {}
  }

  /** Writes what is new, and takes over what other servers have written; never twice at once. */
  flush(): Promise<void> {
    this.#lastFlush = this.#lastFlush.catch(() => {}).then(() => this.#flush())
    return this.#lastFlush
  }

  async #flush(): Promise<void> {
    const fresh: { readonly meter: Meter; readonly usage: Usage }[] = []
    this.#meters.deleteWhere((meter, subject) => {
      const { day, newScans, newBytes, inFlight } = meter
      if (newScans > 0) fresh.push({ meter, usage: { subject, day, scans: newScans, bytes: newBytes } })
      // Nobody has used it for some minutes.
      return newScans === 0 && inFlight === 0 && this.#deps.clock.now() - meter.quotaUntilMs > 5 * MINUTE_MS
    })
    if (fresh.length === 0) return
    const totals = await this.#deps.store.addUsage(fresh.map(({ usage }) => usage))
    for (const [at, { meter, usage }] of fresh.entries()) {
      meter.newScans -= usage.scans
      meter.newBytes -= usage.bytes
      if (meter.day !== usage.day) continue
      meter.scans = totals[at].scans + meter.newScans
      meter.bytes = totals[at].bytes + meter.newBytes
    }
  }

  async close(): Promise<void> {
    await this.#flushing.stop()
    await this.flush()
  }
}

/** The one person on loopback has no quota. */
function subjectsOf({ account, key }: Principal): string[] {
  if (account === 'local' || account === '') return []
  return key === undefined ? [`account:${account}`] : [`account:${account}`, `key:${key}`]
}

function refill(meter: Meter, nowMs: number): void {
  const perMinute = meter.quota.scansPerMinute
  if (perMinute === undefined) return
  meter.tokens = Math.min(perMinute, meter.tokens + ((nowMs - meter.filledAtMs) * perMinute) / MINUTE_MS)
  meter.filledAtMs = nowMs
}

/** @throws UseCaseError quota-exceeded, rate-limited */
function refuseOver(meter: Meter, sizeBytes: number, nowMs: number): void {
  const { quota, scans, bytes, inFlight, day } = meter
  const retryAfterMs = (day + 1) * DAY_MS - nowMs
  if (quota.scansPerDay !== undefined && scans >= quota.scansPerDay)
    throw new UseCaseError('quota-exceeded', { detail: `${quota.scansPerDay} scans a day`, retryAfterMs })
  if (quota.bytesPerDay !== undefined && bytes + sizeBytes > quota.bytesPerDay)
    throw new UseCaseError('quota-exceeded', { detail: `${quota.bytesPerDay} bytes a day`, retryAfterMs })
  if (quota.inFlight !== undefined && inFlight >= quota.inFlight)
    throw new UseCaseError('rate-limited', { detail: `${quota.inFlight} scans at once`, retryAfterMs: 1000 })
  refill(meter, nowMs)
  const { scansPerMinute } = quota
  if (scansPerMinute !== undefined && meter.tokens < 1) {
    const waitMs = Math.ceil(((1 - meter.tokens) * MINUTE_MS) / Math.max(scansPerMinute, 1e-9))
    throw new UseCaseError('rate-limited', {
      detail: `${scansPerMinute} scans a minute`,
      retryAfterMs: Math.min(waitMs, DAY_MS),
    })
  }
}
