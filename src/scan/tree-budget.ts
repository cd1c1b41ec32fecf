import type { ComponentBudget } from './component.ts'
import type { TreeLimits } from './limits.ts'

// One budget for a whole tree: absolute, shared by everything inside of one submission, charged before anything is kept.

/** Whatever its size, a submission may grow to this. */
const FREE_OUTPUT_BYTES = 32 << 20
/** A component may give this much beyond what is left: the end is noticed here, by whoever charges it. */
const SLACK_BYTES = 2 << 20

/** Why no more is taken apart. */
export type BudgetEnd = 'artifacts' | 'output' | 'time'

export class TreeBudget {
  readonly limits: TreeLimits
  readonly deadlineMs: number
  /** What comes out may not be more than this. */
  readonly maxOutputBytes: number
  #artifacts = 1
  #outputBytes = 0

  /** @param deadlineMs - in the scale of performance.now() */
  constructor(limits: TreeLimits, rootBytes: number, deadlineMs: number) {
    this.limits = limits
    this.deadlineMs = deadlineMs
    this.maxOutputBytes = Math.min(limits.maxOutputBytes, FREE_OUTPUT_BYTES + limits.maxExpansion * rootBytes)
  }

  get outputBytes(): number {
    return this.#outputBytes
  }

  /** Takes one artifact; false where there is none left. */
  takeArtifact(): boolean {
    if (this.#artifacts >= this.limits.maxArtifacts) return false
    this.#artifacts++
    return true
  }

  /** Takes bytes of output; false where they are more than there are left. */
  takeOutput(bytes: number): boolean {
    if (this.#outputBytes + bytes > this.maxOutputBytes) return false
    this.#outputBytes += bytes
    return true
  }

  get isLate(): boolean {
    return performance.now() > this.deadlineMs
  }

  /**
   * What one component may use of what is left.
   * @param isLinear - what comes out of it is charged here alone
   * @param taken - what an earlier run gave already, and this one gives once more
   */
  share(
    own: ComponentBudget,
    isLinear: boolean,
    taken: { readonly children: number; readonly bytes: number },
  ): ComponentBudget {
    return {
      timeMs: Math.max(1, Math.min(own.timeMs, Math.ceil(this.deadlineMs - performance.now()))),
      memoryBytes: own.memoryBytes,
      outputBytes: isLinear
        ? own.outputBytes
        : Math.min(own.outputBytes, this.maxOutputBytes - this.#outputBytes + taken.bytes + SLACK_BYTES),
      children: Math.min(own.children, this.limits.maxArtifacts - this.#artifacts + taken.children + 1),
    }
  }
}

/** Says in a sentence that the budget ended. */
export function budgetSentence(end: BudgetEnd, budget: TreeBudget): string {
  if (end === 'artifacts')
    return `It holds more than ${budget.limits.maxArtifacts} members; only these were looked at. Allow more with --max-members`
  if (end === 'output')
    return `More than ${budget.maxOutputBytes} bytes come out of it; what is beyond was not looked at. Allow more with --max-expansion and --max-unpacked`
  return 'The time for this scan was used up; allow more with --max-time'
}
