import type { Node } from './tree-node.ts'
import { budgetSentence, type BudgetEnd, type TreeBudget } from './tree-budget.ts'

/** Looks at the clock after this many bytes. */
const CLOCK_BYTES = 1 << 20

/** Charges the budget of a tree, and says its end: once, of the artifact at which it came, and of what waits then. */
export class TreeEnd {
  readonly #budget: TreeBudget
  #reason: BudgetEnd | undefined

  constructor(budget: TreeBudget) {
    this.#budget = budget
  }

  /** The budget is used up. */
  get isReached(): boolean {
    return this.#reason !== undefined
  }

  reach(reason: BudgetEnd, node: Node): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.sayOf(node)
  }

  /** Says that an artifact was not looked at to its end, if the end is reached. */
  sayOf({ findings }: Node): void {
    if (this.#reason === undefined) return
    const detail = budgetSentence(this.#reason, this.#budget)
    if (findings.notSeen.some(other => other.detail === detail)) return
    findings.missed(this.#reason === 'time' ? 'time' : 'too-large', detail)
  }

  /** Takes a member of a container. False: it may not be taken. */
  takeMember(node: Node): boolean {
    if (node.depth >= this.#budget.limits.maxDepth) {
      const detail = `It lies ${node.depth} containers deep; what is inside of it was not looked at`
      if (!node.findings.notSeen.some(other => other.reason === 'too-deep')) node.findings.missed('too-deep', detail)
      return false
    }
    if (this.#budget.isLate) this.reach('time', node)
    else if (!this.#budget.takeArtifact()) this.reach('artifacts', node)
    return !this.isReached
  }

  /** Takes a piece of a member, of which `fill` bytes came before. False: no more of it. */
  takeBytes(node: Node, bytes: number, fill: number): boolean {
    if (this.isReached) return false
    if (!this.#budget.takeOutput(bytes)) this.reach('output', node)
    else if (fill % CLOCK_BYTES < bytes && this.#budget.isLate) this.reach('time', node)
    return !this.isReached
  }
}
