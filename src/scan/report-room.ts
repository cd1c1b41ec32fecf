import type { ArtifactReport } from '../report/index.ts'

// A report has to fit into one frame of the protocols, whatever names and facts content invents. What all artifacts
// say together has a room of its own; artifacts that find no place are left out, and the root tells how many.

/** Facts beyond the first detection and the first thing not seen of each artifact, over a whole report. */
const MAX_FACTS_BYTES = 8 << 20
/** A whole report: below MAX_RESULT_BYTES of the native protocol. */
const MAX_REPORT_BYTES = 15 << 20
/** Member names, brackets, numbers, type and digest of one artifact, and of one fact. */
const ARTIFACT_BYTES = 512
export const FACT_BYTES = 192

/** At most so many bytes does a text take in JSON, without its quotes. Cost: linear. */
export function jsonBytes(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20) bytes += 5
    else if (code === 0x22 || code === 0x5c) bytes++
    else if (code >= 0x80) bytes += code < 0x800 ? 1 : code < 0xd800 || code > 0xdfff ? 2 : 5
  }
  return bytes
}

/** What is left for facts in one report. */
export class ReportRoom {
  #leftBytes = MAX_FACTS_BYTES

  /** False where there is no room for it. */
  take(bytes: number): boolean {
    if (bytes > this.#leftBytes) return false
    this.#leftBytes -= bytes
    return true
  }
}

/** What is known of an artifact's place in the report. */
interface Placed {
  readonly parent: Placed | undefined
  readonly id: number
  readonly findings: {
    readonly detections: readonly { readonly severity: string }[]
    readonly notSeen: readonly unknown[]
    readonly pathBytes: number
    readonly bytes: number
  }
}

/** What matters most comes first. */
function rank({ findings: { detections, notSeen } }: Placed): number {
  if (detections.some(({ severity }) => severity === 'malicious')) return 0
  if (detections.length > 0) return 1
  return notSeen.length > 0 ? 2 : 3
}

const sizeOf = ({ findings }: Placed): number => ARTIFACT_BYTES + 2 * findings.pathBytes + findings.bytes

/**
 * Which artifacts the report lists: all of them where they fit, else those with findings and what is around them first.
 * @returns undefined where all fit
 */
export function listed(nodes: readonly Placed[]): ReadonlySet<number> | undefined {
  let bytes = 0
  for (const node of nodes) bytes += sizeOf(node)
  if (bytes <= MAX_REPORT_BYTES) return undefined
  const chosen = new Set<number>()
  let left = MAX_REPORT_BYTES
  for (const node of nodes.toSorted((a, b) => rank(a) - rank(b))) {
    const wanted: Placed[] = []
    for (let at: Placed | undefined = node; at !== undefined && !chosen.has(at.id); at = at.parent) wanted.push(at)
    const need = wanted.reduce((sum, each) => sum + sizeOf(each), 0)
    if (need > left) continue
    left -= need
    for (const { id } of wanted) chosen.add(id)
  }
  return chosen
}

/** Leaves out what is not listed, and says so. */
export function shortened(artifacts: readonly ArtifactReport[], chosen: ReadonlySet<number>): ArtifactReport[] {
  const [root, ...rest] = artifacts.filter(({ id }) => chosen.has(id))
  const left = { name: 'artifacts.unlisted', value: String(artifacts.length - chosen.size) }
  return [{ ...root, properties: [...root.properties, left] }, ...rest]
}
