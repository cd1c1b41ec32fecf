import type { LaunchPlan, SandboxTarget } from './launch.ts'
import type { RunHandle, SandboxLimits, SandboxOrder, Taker } from './pool-types.ts'
import { SandboxProcess } from './process.ts'
import type { ProcessOwner } from './process.ts'
import type { RunEnd } from './ring.ts'

// A place for one child after the other. It gives its child work, kills it in time, and starts the next one.

export interface SlotOwner {
  readonly plan: LaunchPlan
  readonly target: SandboxTarget
  readonly limits: SandboxLimits
  /** A child can be given work. */
  free(slot: Slot): void
  /** A child was started; a child died before its HELLO. */
  started(): void
  failedStart(why: string): void
  retired(): void
  /** False: there are enough without this place, which has no child now; it is given up. */
  keeps(slot: Slot): boolean
  ranInto(state: 'crashed' | 'time'): void
}

/** Longest time that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** One run, waiting or running. */
export class Run implements RunHandle {
  readonly order: SandboxOrder
  readonly taker: Taker
  readonly deadlineMs: number
  slot: Slot | undefined
  timer: NodeJS.Timeout | undefined
  isOver = false

  constructor(order: SandboxOrder, taker: Taker) {
    this.order = order
    this.taker = taker
    this.deadlineMs = performance.now() + Math.min(order.remainingMs, MAX_TIMER_MS)
  }

  resume(): void {
    this.slot?.resume()
  }

  over(sound: boolean, why: string): void {
    this.slot?.over(this, sound, why)
    this.settle()
  }

  /** Tells the taker, once. */
  end(state: RunEnd, why: string): void {
    if (this.isOver) return
    this.settle()
    this.taker.ended(state, why)
  }

  settle(): void {
    this.isOver = true
    clearTimeout(this.timer)
  }
}

/** The second death in a row waits this long, each further one twice as long. */
const FIRST_DELAY_MS = 25

export class Slot implements ProcessOwner {
  readonly #owner: SlotOwner
  #process: SandboxProcess | undefined
  #run: Run | undefined
  #starting: Promise<void> | undefined
  #artifacts = 0
  #bytes = 0
  /** The child was given an artifact: what ends it then is that, and not the host. */
  #given = false
  /** Children in a row that died without having been given anything. */
  #deaths = 0
  #timer: NodeJS.Timeout | undefined
  #closing = false

  constructor(owner: SlotOwner) {
    this.#owner = owner
  }

  get isFree(): boolean {
    return this.#process?.isReady === true && this.#run === undefined
  }

  get isBusy(): boolean {
    return this.#run !== undefined
  }

  get process(): SandboxProcess | undefined {
    return this.#process
  }

  start(): void {
    this.#artifacts = 0
    this.#bytes = 0
    this.#given = false
    const { plan, target, limits } = this.#owner
    this.#owner.started()
    this.#starting = SandboxProcess.start(plan, target, this).then(
      process => {
        this.#process = process
        if (this.#closing) return process.kill('the sandbox is closed')
        this.#timer = setTimeout(() => process.kill(`it was not ready after ${limits.startMs} ms`), limits.startMs)
      },
      (error: unknown) => {
        if (!this.#closing) this.#failed((error as Error).message)
      },
    )
  }

  give(run: Run): void {
    const process = this.#process
    if (process === undefined) throw new Error('the slot has no child')
    this.#run = run
    this.#given = true
    run.slot = this
    const { head, content, timeMs } = run.order
    this.#bytes += content.length
    clearTimeout(run.timer)
    const leftMs = run.deadlineMs - performance.now()
    const killMs = Math.max(0, Math.min(leftMs, timeMs + this.#owner.limits.graceMs))
    run.timer = setTimeout(() => this.#kill('time', 'it did not end in time'), killMs)
    process.write(head)
    if (content.length > 0) process.write(content)
  }

  resume(): void {
    this.#process?.resume()
  }

  /** The run is over; its child lives on, is retired, or is killed. */
  over(run: Run, sound: boolean, why: string): void {
    if (this.#run !== run) return
    this.#run = undefined
    run.slot = undefined
    if (!sound) {
      if (!run.isOver) this.#owner.ranInto('crashed')
      return this.#process?.kill(why)
    }
    const { maxArtifacts, maxBytes } = this.#owner.limits
    if (++this.#artifacts < maxArtifacts && this.#bytes < maxBytes) return this.#owner.free(this)
    this.#owner.retired()
    this.#process?.kill('it has done enough')
  }

  /** Kills the child and starts no other. Resolves when it is gone. */
  async close(): Promise<void> {
    this.#closing = true
    clearTimeout(this.#timer)
    await this.#starting
    this.#process?.kill('the sandbox is closed')
    await this.#process?.closed
  }

  ready(_process: SandboxProcess): void {
    clearTimeout(this.#timer)
    this.#owner.free(this)
  }

  data(process: SandboxProcess, bytes: Buffer): boolean {
    if (this.#run !== undefined) return this.#run.taker.data(bytes)
    process.kill('it spoke without being asked')
    return true
  }

  ended(process: SandboxProcess, why: string): void {
    clearTimeout(this.#timer)
    const wasReady = process.probes !== undefined
    this.#process = undefined
    if (this.#run !== undefined) this.#kill('crashed', why)
    if (this.#closing) return
    if (this.#given) this.#deaths = 0
    if (wasReady && !this.#owner.keeps(this)) return
    if (!wasReady) return this.#failed(why)
    this.#startAgain()
  }

  #failed(why: string): void {
    this.#owner.failedStart(why)
    this.#startAgain()
  }

  /** At once, unless this place has seen too many deaths in a row. */
  #startAgain(): void {
    this.#deaths++
    const waitMs = this.#deaths < 2 ? 0 : FIRST_DELAY_MS * 2 ** Math.min(this.#deaths - 2, 20)
    if (waitMs === 0) return this.start()
    this.#timer = setTimeout(() => this.start(), Math.min(waitMs, this.#owner.limits.maxDelayMs))
  }

  /** Ends the run that its child will not end, and the child. */
  #kill(state: 'crashed' | 'time', why: string): void {
    const run = this.#run
    this.#run = undefined
    this.#process?.kill(why)
    if (run === undefined) return
    run.slot = undefined
    if (!run.isOver) this.#owner.ranInto(state)
    run.end(state, why)
  }
}
