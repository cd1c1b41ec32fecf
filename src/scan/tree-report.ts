import { strongest, verdictsOf, type ArtifactReport, type Verdict } from '../report/index.ts'
import { addHeuristics } from './heuristics.ts'
import type { Alert } from './limits.ts'
import { listed, shortened } from './report-room.ts'
import type { Node } from './tree-node.ts'

// What a scanned tree says: the artifacts of a report, with their verdicts.

/** The artifacts as the report lists them. @param alerts - circumstances that are made detections of */
export function reportedArtifacts(nodes: readonly Node[], alerts: readonly Alert[]): ArtifactReport[] {
  if (alerts.length > 0) for (const node of nodes) addHeuristics(node, alerts)
  const judged = nodes.map(({ id, parent, findings }) => ({
    id,
    parent: parent?.id,
    detections: findings.detections,
    notSeen: findings.notSeen,
    trusted: findings.trusted,
  }))
  const verdicts = withTwins(nodes, verdictsOf(judged))
  const artifacts = nodes.map((node, i) => reported(node, verdicts[i]))
  const chosen = listed(nodes)
  return chosen === undefined ? artifacts : shortened(artifacts, chosen)
}

const reported = (node: Node, verdict: Verdict): ArtifactReport => ({
  id: node.id,
  ...(node.parent === undefined ? {} : { parent: node.parent.id }),
  relation: node.relation,
  name: node.name,
  path: node.findings.path,
  size: node.size,
  ...(node.sha256 === undefined ? {} : { sha256: node.sha256 }),
  type: node.type.name,
  verdict,
  ...node.findings.members(),
})

/** A twin is not looked into again: what was found in the first one counts for it, and for what is around it. */
function withTwins(nodes: readonly Node[], verdicts: Verdict[]): Verdict[] {
  // Verdicts only grow, and there are few of them: this ends.
  for (let changed = true; changed;) {
    changed = false
    for (const { id, twin } of nodes) {
      if (twin === undefined || verdicts[id] === verdicts[twin.id]) continue
      for (let at: Node | undefined = nodes[id]; at !== undefined; at = at.parent) {
        const joined = strongest(verdicts[at.id], verdicts[twin.id])
        if (joined !== verdicts[at.id] && verdicts[at.id] !== 'trusted') {
          verdicts[at.id] = joined
          changed = true
        }
      }
    }
  }
  return verdicts
}
