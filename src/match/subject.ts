import type { ExecutableLayout } from '../formats/index.ts'

// What is being matched: one flat piece of content and what is known about it.

export interface Subject {
  /** Borrowed; must not change while it is matched. */
  readonly content: Uint8Array
  /** ClamAV target number of the type; 0 where only signatures for any type apply. */
  readonly target: number
  /** Header facts, read when the first signature asks; undefined where there are none. */
  layout(): ExecutableLayout | undefined
  /** ClamAV type names of the containers around it, outermost first. */
  readonly containers: readonly string[]
}

/** Brings pieces of the content before the kernel. */
export interface ContentWindow {
  /** Bytes that can lie before the kernel at once. */
  readonly capacity: number
  /**
   * Makes [from, to) of the content readable in the kernel's window; at most `capacity` bytes.
   * @returns the content position that lies at the window's start
   */
  bring(from: number, to: number): number
}

/** Steps that one match may take beside the prefilter: about a second of work, and more for large content. */
const MAX_STEPS = 400_000_000
/** A step of direct search covers sixteen bytes: a thousand searches through the whole content. */
const MAX_STEPS_PER_BYTE = 64

/** Thrown inside the matcher when its steps or its time are used up; match() answers it, nobody else sees it. */
export class BudgetSpent extends Error {
  readonly reason: 'steps' | 'time'
  constructor(reason: 'steps' | 'time') {
    super(`the matcher ran out of ${reason}`)
    this.name = 'BudgetSpent'
    this.reason = reason
  }
}

/** Counts steps down; one step is about one byte compared. */
export class Budget {
  #left: number
  #untilClock: number
  readonly #deadlineMs: number
  /** Steps between two looks at the clock. */
  static readonly CLOCK_STEPS = 4_000_000

  /** @param deadlineMs - when to stop, in the scale of performance.now() */
  constructor(deadlineMs: number, contentBytes: number) {
    this.#left = MAX_STEPS + contentBytes * MAX_STEPS_PER_BYTE
    this.#deadlineMs = deadlineMs
    this.#untilClock = Budget.CLOCK_STEPS
  }

  /** @throws BudgetSpent */
  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw new BudgetSpent('steps')
    this.#untilClock -= steps
    if (this.#untilClock < 0) this.checkClock()
  }

  /** @throws BudgetSpent */
  checkClock(): void {
    this.#untilClock = Budget.CLOCK_STEPS
    if (performance.now() > this.#deadlineMs) throw new BudgetSpent('time')
  }
}
