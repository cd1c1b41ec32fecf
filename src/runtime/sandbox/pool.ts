import { layersOf, choosePlan } from './layers.ts'
import type { PlanChoice, SandboxLayer } from './layers.ts'
import { fullPlan, sandboxTarget } from './launch.ts'
import type { LaunchPlan, SandboxTarget } from './launch.ts'
import { SANDBOX_LIMITS } from './pool-types.ts'
import type {
  RunHandle,
  SandboxCounters,
  SandboxLimits,
  SandboxOrder,
  SandboxPoolOptions,
  Taker,
} from './pool-types.ts'
import { Run, Slot } from './slot.ts'
import type { SlotOwner } from './slot.ts'

// The sandbox children of one process, owned by its main thread:
//
//   pool ─┬─ slot ── child     started before it is needed, killed at its deadline, replaced when it has died, has
//         ├─ slot ── child     brought a fault, or has done enough. A slot whose children die one after the other
//         └─ slot ── child     waits longer and longer; the others serve meanwhile.
//
// A run goes to any child that is free, else it waits in line. Threads ask through channel.ts, callers with an event
// loop through async.ts.

/** Starts that fail in a row, over all slots, before waiting runs are told that there is no sandbox. */
const MAX_FAILED_STARTS = 6

export class SandboxPool implements SlotOwner {
  readonly target: SandboxTarget
  readonly limits: SandboxLimits
  readonly #size: number
  readonly #ahead: number
  #choice: PlanChoice | undefined
  #slots: Slot[] = []
  #waiting: Run[] = []
  #failedInARow = 0
  #closing = false
  readonly #ready: Promise<void>
  readonly #counts = { started: 0, failedStarts: 0, runs: 0, crashed: 0, time: 0, unavailable: 0, retired: 0 }
  #startMs = 0

  /** Starts the children at once; runs may be given at once, too, and wait until the first child is ready. */
  constructor(options: SandboxPoolOptions) {
    this.#size = options.size
    this.#ahead = Math.min(options.ahead ?? options.size, options.size)
    this.target = options.target ?? sandboxTarget()
    this.limits = { ...SANDBOX_LIMITS, ...options.limits }
    this.#ready = this.#open(options.plan ?? fullPlan())
    this.#ready.catch(() => {})
  }

  /** Resolves when it is known which walls stand; rejects where no child can be started at all. */
  get ready(): Promise<void> {
    return this.#ready
  }

  get plan(): LaunchPlan {
    if (this.#choice === undefined) throw new Error('the sandbox has not started')
    return this.#choice.plan
  }

  /** From the start of the latest child to its HELLO, in milliseconds. */
  get startMs(): number {
    return this.#startMs
  }

  /** The walls around the children, standing or missing, and what can be done; known once it is ready. */
  layers(): readonly SandboxLayer[] {
    return this.#choice === undefined ? [] : layersOf(this.#choice)
  }

  counters(): SandboxCounters {
    return {
      ...this.#counts,
      idle: this.#slots.filter(slot => slot.isFree).length,
      busy: this.#slots.filter(slot => slot.isBusy).length,
      waiting: this.#waiting.length,
      startMs: this.#startMs,
    }
  }

  /** Processes of the children, as started. */
  pids(): readonly number[] {
    return this.#slots.flatMap(slot => slot.process?.pid ?? [])
  }

  submit(order: SandboxOrder, taker: Taker): RunHandle {
    const run = new Run(order, taker)
    this.#counts.runs++
    if (this.#closing) {
      // Not before the caller has the handle.
      queueMicrotask(() => run.end('unavailable', 'the sandbox is closed'))
      return run
    }
    run.timer = setTimeout(() => this.#waitedTooLong(run), run.deadlineMs - performance.now())
    this.#waiting.push(run)
    this.#handOut()
    return run
  }

  /** Kills all children and tells waiting runs. Resolves when nothing is left. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#ready.catch(() => {})
    await Promise.all(this.#slots.map(slot => slot.close()))
    this.#tellAll('the sandbox is closed')
  }

  free(slot: Slot): void {
    this.#failedInARow = 0
    this.#startMs = slot.process?.startMs ?? 0
    this.#handOut()
  }

  started(): void {
    this.#counts.started++
  }

  failedStart(why: string): void {
    this.#counts.failedStarts++
    if (++this.#failedInARow >= MAX_FAILED_STARTS) this.#tellAll(`no sandbox can be started: ${why}`)
  }

  retired(): void {
    this.#counts.retired++
  }

  keeps(slot: Slot): boolean {
    const others = this.#slots.filter(other => other !== slot)
    if (this.#waiting.length > 0 || others.filter(other => !other.isBusy).length < this.#ahead) return true
    this.#slots = others
    return false
  }

  ranInto(state: 'crashed' | 'time'): void {
    this.#counts[state]++
  }

  async #open(plan: LaunchPlan): Promise<void> {
    try {
      const choice = await choosePlan(plan, this.target, this.limits.startMs)
      this.#choice = choice
      this.#startMs = choice.startMs
    } catch (error) {
      this.#closing = true
      this.#tellAll((error as Error).message)
      throw error
    }
    if (this.#closing) return
    this.#startAhead()
  }

  /** A child costs some twenty megabytes: those that few files need are started when these come. */
  #startAhead(): void {
    while (
      this.#choice !== undefined &&
      this.#slots.length < this.#size &&
      this.#slots.filter(slot => !slot.isBusy).length < Math.max(this.#ahead, this.#waiting.length)
    ) {
      const slot = new Slot(this)
      this.#slots.push(slot)
      slot.start()
    }
  }

  #handOut(): void {
    while (this.#waiting.length > 0) {
      const slot = this.#slots.find(candidate => candidate.isFree)
      if (slot === undefined) break
      const run = this.#waiting.shift()
      if (run?.isOver === false) slot.give(run)
    }
    if (!this.#closing) this.#startAhead()
  }

  #waitedTooLong(run: Run): void {
    this.#waiting = this.#waiting.filter(other => other !== run)
    if (!run.isOver) this.#counts.time++
    run.end('time', 'no sandbox was free in time')
  }

  #tellAll(why: string): void {
    const runs = this.#waiting
    this.#waiting = []
    for (const run of runs) {
      if (!run.isOver) this.#counts.unavailable++
      run.end('unavailable', why)
    }
  }
}
