import type { Report, Verdict } from '../report/index.ts'

// What of a report is kept as rows, to be searched for and counted.

/** Bounds for one scan: an archive of a million members must not make a million rows. */
export const MAX_MARKS = 64
export const MAX_MEMBERS = 256

export interface ReportFacts {
  readonly verdict: Verdict
  readonly type: string
  /** Each once, strongest first. */
  readonly detections: readonly string[]
  readonly reasons: readonly string[]
  readonly packers: readonly string[]
  /** Types of what is inside. */
  readonly contains: readonly string[]
  /** SHA-256 of what is inside. */
  readonly members: readonly string[]
  readonly notSeen: number
  readonly artifacts: number
}

const SEVERITY_ORDER = { malicious: 0, suspicious: 1, unwanted: 2 } as const
const PACKER_PROPERTIES = new Set(['packer', 'pe.packer', 'elf.packer'])

/** Cost: one pass over the report. */
export function factsOf(report: Report): ReportFacts {
  const detections = new Map<string, number>()
  const reasons = new Set<string>()
  const packers = new Set<string>()
  const contains = new Set<string>()
  const members = new Set<string>()
  let notSeen = 0
  for (const artifact of report.artifacts) {
    for (const { name, severity } of artifact.detections) {
      const order = SEVERITY_ORDER[severity]
      if (order < (detections.get(name) ?? 3) && detections.size < MAX_MARKS) detections.set(name, order)
    }
    if (artifact.notSeen.length > 0) notSeen++
    for (const { reason } of artifact.notSeen) reasons.add(reason)
    for (const { name, value } of artifact.properties)
      if (PACKER_PROPERTIES.has(name)) addUpTo(packers, value, MAX_MARKS)
    if (artifact.parent === undefined) continue
    addUpTo(contains, artifact.type, MAX_MARKS)
    if (artifact.sha256 !== undefined) addUpTo(members, artifact.sha256, MAX_MEMBERS)
  }
  const [root] = report.artifacts
  return {
    verdict: report.verdict,
    type: root.type,
    detections: [...detections].sort((a, b) => a[1] - b[1]).map(([name]) => name),
    reasons: [...reasons],
    packers: [...packers],
    contains: [...contains],
    members: [...members],
    notSeen,
    artifacts: report.artifacts.length,
  }
}

function addUpTo(set: Set<string>, value: string, most: number): void {
  if (set.size < most) set.add(value)
}
