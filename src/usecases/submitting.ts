import type { ContentSource } from '../scan/index.ts'
import { ofCaller } from './caller-error.ts'
import { UseCaseError } from './errors.ts'
import { keepIntake } from './keeping.ts'
import { MAX_NAME_CHARS, resolveOptions, type Resolved } from './options.ts'
import type { Principal } from './policy.ts'
import type { ScannerView } from './generation.ts'
import type { Digests, Priority, ScanRecord, Source } from './nouns.ts'
import type { Extras, KnownEnd, NewScan, ScanEnd } from './ports/ledger.ts'
import type { IntakeContent } from './ports/vault.ts'
import type { Runtime } from './parts.ts'
import type { Submitted, SubmitInput } from './use-cases.ts'

// Taking a submission in: content to the vault, then one transaction; or nothing of both.

/** Ids that are tried where another server has taken one. */
const MAX_IDS = 4
const MAX_KEY_CHARS = 256
const MAX_URL_CHARS = 2048
/** How long the length of the queue is believed. */
const QUEUE_FRESH_MS = 1000
const BUSY_RETRY_MS = 2000

/** What is known of a submission before its content. */
export interface Request {
  readonly principal: Principal
  readonly input: Omit<SubmitInput, 'content'>
  readonly resolved: Resolved
  readonly priority: Priority
}

export class Submitting {
  readonly #runtime: Runtime
  readonly #scanner: ScannerView
  readonly #onAccepted: (scan: ScanRecord) => void
  #waiting = 0
  #waitingAtMs = 0

  /** `onAccepted` hears of each job that is stored. */
  constructor(runtime: Runtime, scanner: ScannerView, onAccepted: (scan: ScanRecord) => void) {
    this.#runtime = runtime
    this.#scanner = scanner
    this.#onAccepted = onAccepted
  }

  /** Checks a request. @throws UseCaseError invalid-input */
  async request(principal: Principal, input: Omit<SubmitInput, 'content'>): Promise<Request> {
    const { limits, hashes } = this.#runtime
    const { name, idempotencyKey, notify, parent } = input
    const refuse = (where: string, detail: string): never => {
      throw new UseCaseError('invalid-input', { where, detail: `${where} ${detail}` })
    }
    if (name.length > MAX_NAME_CHARS) refuse('/name', `is longer than ${MAX_NAME_CHARS} characters`)
    if (idempotencyKey !== undefined && (idempotencyKey === '' || idempotencyKey.length > MAX_KEY_CHARS))
      refuse('/idempotencyKey', `must have 1 to ${MAX_KEY_CHARS} characters`)
    if (notify !== undefined && (notify.url.length > MAX_URL_CHARS || !/^https?:\/\//i.test(notify.url)))
      refuse('/notify/url', 'must be an http or https URL')
    const resolved = resolveOptions(input.options ?? {}, limits.keep, hashes)
    const inherited = parent === undefined ? undefined : (await this.#runtime.ledger.scan(parent))?.priority
    return { principal, input, resolved, priority: resolved.priority ?? inherited ?? 'normal' }
  }

  /** Content of any kind as a stream. */
  streamOf(content: ContentSource): AsyncIterable<Uint8Array> {
    if ('stream' in content) return ofCaller(content.stream)
    if ('bytes' in content) return once(content.bytes)
    const { openPath } = this.#runtime
    if (openPath === undefined) throw new UseCaseError('invalid-input', { detail: 'no path may be named here' })
    return ofCaller(openPath(content.path, content.followLinks ?? true))
  }

  /** @throws UseCaseError busy */
  async #admit(): Promise<void> {
    const { ledger, clock, limits } = this.#runtime
    if (clock.now() - this.#waitingAtMs > QUEUE_FRESH_MS) {
      this.#waitingAtMs = clock.now()
      this.#waiting = (await ledger.queue(clock.now())).waiting
    }
    if (this.#waiting >= limits.maxQueued) throw new UseCaseError('busy', { retryAfterMs: BUSY_RETRY_MS })
    this.#waiting++
  }

  /** Stores content and job. When this resolves both are durable. */
  async submit(request: Request, content: AsyncIterable<Uint8Array>): Promise<Submitted> {
    const { vault, limits, quota } = this.#runtime
    await this.#scanner.generation()
    await this.#admit()
    const { signal } = request.input
    const taken = await vault.takeIn(content, {
      maxBytes: limits.maxUploadBytes,
      ...(signal === undefined ? {} : { signal }),
    })
    try {
      ;(await quota.charge(request.principal, taken.sizeBytes))()
      const submitted = await this.#withKnown(request, taken)
      if (submitted.how !== 'accepted') await vault.discard(taken.intake)
      return submitted
    } catch (error) {
      // Where the job may be stored after all, the janitor asks the ledger whom the intake belongs to.
      if (error instanceof UseCaseError && error.code !== 'internal') await vault.discard(taken.intake)
      throw error
    }
  }

  async #withKnown(request: Request, taken: IntakeContent): Promise<Submitted> {
    const known = await this.known(request, taken.sha256)
    if (known === undefined) return this.job(request, taken, { room: 'intake', intake: taken.intake })
    const end: KnownEnd = { state: 'known', from: known.id, finishedAtMs: this.#runtime.clock.now() }
    const submitted = await unlessGone(this.record(request, taken, end))
    if (submitted === undefined) return this.job(request, taken, { room: 'intake', intake: taken.intake })
    if (submitted.how === 'known' && request.resolved.options.keep === 'everything')
      await keepIntake(this.#runtime, taken.intake, taken.sha256)
    return submitted
  }

  /** The scan whose report may be reused. */
  async known(request: Request, sha256: string): Promise<ScanRecord | undefined> {
    if (!request.resolved.reuse) return undefined
    return this.#runtime.ledger.known(sha256, request.resolved.optionsKey, await this.#scanner.generation())
  }

  /** Stores a job for content that lies in the vault. */
  async job(
    request: Request,
    content: Digests & { readonly sizeBytes: number },
    place: { readonly room: 'intake'; readonly intake: string } | { readonly room: 'store' },
    retro?: string,
  ): Promise<Submitted> {
    const { ledger } = this.#runtime
    const { resolved } = request
    const answer = await this.#withFreshId(request, content, scan =>
      ledger.submit({
        scan,
        content: place,
        passwords: resolved.passwords,
        join: resolved.reuse,
        ...this.#extras(request, content.sha256),
        ...(retro === undefined ? {} : { retro }),
      }),
    )
    if (answer.how === 'accepted') this.#onAccepted(answer.scan)
    return answer
  }

  /** Stores a scan that has ended already. */
  async record(
    request: Request,
    content: Digests & { readonly sizeBytes: number },
    end: ScanEnd | KnownEnd,
  ): Promise<Submitted> {
    const extras = this.#extras(request, content.sha256)
    const { how, scan } = await this.#withFreshId(request, content, fresh =>
      this.#runtime.ledger.record(fresh, end, extras),
    )
    return { scan, how: how === 'accepted' && end.state === 'known' ? 'known' : how }
  }

  #extras({ input, resolved }: Request, sha256: string): Extras {
    const { idempotencyKey, notify } = input
    return {
      ...(notify === undefined ? {} : { notify }),
      ...(idempotencyKey === undefined
        ? {}
        : { idempotency: { key: idempotencyKey, fingerprint: `${sha256} ${resolved.optionsKey}` } }),
    }
  }

  async #withFreshId<T>(
    request: Request,
    content: Digests & { readonly sizeBytes: number },
    store: (scan: NewScan) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await store(this.#newScan(request, content))
      } catch (error) {
        if (attempt >= MAX_IDS || !(error instanceof UseCaseError) || error.code !== 'conflict') throw error
      }
    }
  }

  #newScan(
    { principal, input, resolved, priority }: Request,
    { sha256, sha1, md5, sizeBytes }: Digests & { readonly sizeBytes: number },
  ): NewScan {
    const now = this.#runtime.clock.now()
    return {
      id: this.#runtime.ids.next(now),
      name: input.name,
      sha256,
      sha1,
      md5,
      sizeBytes,
      source: sourceOf(principal),
      options: resolved.options,
      priority,
      submittedAtMs: now,
      optionsKey: resolved.optionsKey,
      ...(input.parent === undefined ? {} : { parent: input.parent }),
    }
  }
}

/** Undefined where the known scan was deleted before it could be shared. */
export function unlessGone<T>(sharing: Promise<T>): Promise<T | undefined> {
  return sharing.catch((error: unknown) => {
    if (error instanceof UseCaseError && error.code === 'conflict') return undefined
    throw error
  })
}

const MAX_LABEL_CHARS = 64

const sourceOf = ({ door, account, key, address, label }: Principal): Source => ({
  door,
  account,
  address,
  ...(key === undefined ? {} : { key }),
  ...(label === undefined || label === '' ? {} : { label: label.slice(0, MAX_LABEL_CHARS) }),
})

// oxlint-disable-next-line require-await
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
