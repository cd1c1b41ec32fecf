import type { Detection, NotSeen } from './model.ts'
import type { Severity, Verdict } from './vocabulary.ts'

// The verdict algebra. Verdicts form a join-semilattice under `strongest`:
//
//   infected > suspicious > unwanted > unscannable > clean
//
// `trusted` is said of an allow-listed artifact itself; for whatever contains it, it counts as clean.

/** Rank of each verdict; the higher one prevails. */
const RANK = {
  infected: 4,
  suspicious: 3,
  unwanted: 2,
  unscannable: 1,
  clean: 0,
  trusted: 0,
} as const satisfies Record<Verdict, number>

const OF_SEVERITY = { malicious: 'infected', suspicious: 'suspicious', unwanted: 'unwanted' } as const satisfies Record<
  Severity,
  Verdict
>

/** What one artifact is judged by. */
export interface Findings {
  /** Detections in the artifact itself. Those that an allow-list silences have been dropped by the caller. */
  readonly detections: readonly Pick<Detection, 'severity'>[]
  /** What was not looked at to the end in the artifact itself. */
  readonly notSeen: readonly Pick<NotSeen, 'reason'>[]
  /** Verdicts of everything directly inside it. */
  readonly children: readonly Verdict[]
  /** The artifact itself is on an allow-list. Default: false. */
  readonly trusted?: boolean
}

/** The verdict that one detection of this severity means. */
export const verdictOfSeverity = (severity: Severity): Verdict => OF_SEVERITY[severity]

/** Whether a verdict says that something was found, as opposed to nothing found or not looked at. */
export const isFinding = (verdict: Verdict): boolean => RANK[verdict] > RANK.unscannable

/** The verdict of two things together. Commutative and associative; `clean` changes nothing. */
export function strongest(a: Verdict, b: Verdict): Verdict {
  const prevailing = RANK[a] >= RANK[b] ? a : b
  return prevailing === 'trusted' ? 'clean' : prevailing
}

/**
 * The verdict of one artifact with everything inside it. `clean` only when nothing is left unseen in it or its
 * children. `trusted` needs no look inside, but does not outweigh a detection.
 */
export function verdictOf(findings: Findings): Verdict {
  let verdict: Verdict = findings.notSeen.length > 0 ? 'unscannable' : 'clean'
  for (const child of findings.children) verdict = strongest(verdict, child)
  for (const { severity } of findings.detections) verdict = strongest(verdict, OF_SEVERITY[severity])
  return findings.trusted === true && !isFinding(verdict) ? 'trusted' : verdict
}

/** One artifact of a tree that is to be judged. */
export interface TreeNode extends Omit<Findings, 'children'> {
  readonly id: number
  /** Id of the parent; absent for the root. */
  readonly parent?: number | undefined
}

/**
 * Judges a whole tree in one pass from its end. Cost: linear.
 * @param nodes - parents before children, as a report lists them
 * @returns one verdict for each node, in the same order; the first one is that of the submission
 * @throws RangeError if a node comes before its parent or two share an id: a mistake of the caller
 */
export function verdictsOf(nodes: readonly TreeNode[]): Verdict[] {
  const children = new Map<number, Verdict[]>()
  for (const { id, parent } of nodes) {
    if (children.has(id)) throw new RangeError(`artifact ${id} is listed twice`)
    if (parent !== undefined && !children.has(parent)) throw new RangeError(`artifact ${id} comes before its parent`)
    children.set(id, [])
  }
  const verdicts: Verdict[] = []
  for (const node of nodes.toReversed()) {
    const verdict = verdictOf({ ...node, children: children.get(node.id) ?? [] })
    verdicts.push(verdict)
    if (node.parent !== undefined) children.get(node.parent)?.push(verdict)
  }
  return verdicts.reverse()
}
