import { CLAMD_RESULTS, clamdFound } from '../../protocol/index.ts'
import { isFinding } from '../../report/index.ts'
import type { ArtifactReport, Reason, Report } from '../../report/index.ts'
import { ScanFailure } from '../../scan/index.ts'
import type { ScanFailureCode } from '../../scan/index.ts'

// How a report becomes a clamd result. clamd has one word for what was not looked at, OK; here it is FOUND under the
// names that clamd uses when it is told to alert, so that nobody takes it for clean. `lax` says OK, as clamd would.

/** Names by reason. Those of clamd itself: MaxFileSize, MaxRecursion, MaxScanTime, Encrypted; the others are ours. */
const NAMES: Readonly<Record<Exclude<Reason, 'encrypted' | 'unreadable'>, string>> = {
  'too-deep': 'Heuristics.Limits.Exceeded.MaxRecursion',
  'too-large': 'Heuristics.Limits.Exceeded.MaxFileSize',
  time: 'Heuristics.Limits.Exceeded.MaxScanTime',
  malformed: 'Heuristics.Limits.Exceeded.Malformed',
  unsupported: 'Heuristics.Limits.Exceeded.Unsupported',
  ambiguous: 'Heuristics.Limits.Exceeded.Ambiguous',
  crashed: 'Heuristics.Limits.Exceeded.Crashed',
}

/** `Heuristics.Encrypted.X` by type of the artifact. */
const ENCRYPTED: Readonly<Record<string, string>> = { zip: 'Zip', rar: 'RAR', '7z': '7Zip', pdf: 'PDF', ole2: 'OLE2' }

/**
 * Results for one submission, without its name: one, or all distinct detections with `allMatches`.
 * @param lax - answer OK for what could not be scanned
 */
export const clamdResults = (report: Report, allMatches: boolean, lax: boolean): string[] => {
  if (isFinding(report.verdict)) return detectionNames(report, allMatches).map(clamdFound)
  if (report.verdict !== 'unscannable') return [CLAMD_RESULTS.ok]
  const unseen = report.artifacts.find(artifact => artifact.notSeen.length > 0)
  const reason = unseen?.notSeen[0].reason ?? 'unsupported'
  if (reason === 'unreadable') return [CLAMD_RESULTS.unreadable]
  return [lax ? CLAMD_RESULTS.ok : clamdFound(reason === 'encrypted' ? encryptedName(unseen) : NAMES[reason])]
}

/** True for a result that clamd counts as an infection. */
export const isFound = (result: string): boolean => result.endsWith(' FOUND')

const encryptedName = (artifact: ArtifactReport | undefined): string =>
  `Heuristics.Encrypted.${ENCRYPTED[artifact?.type ?? ''] ?? 'Archive'}`

const SEVERITY_OF = { infected: 'malicious', suspicious: 'suspicious', unwanted: 'unwanted' } as const

const detectionNames = (report: Report, allMatches: boolean): string[] => {
  const detections = report.artifacts.flatMap(artifact => artifact.detections)
  if (allMatches) return [...new Set(detections.map(detection => detection.name))]
  const severity = SEVERITY_OF[report.verdict as keyof typeof SEVERITY_OF]
  const first = detections.find(detection => detection.severity === severity) ?? detections[0]
  return [first?.name ?? 'Heuristics.Unnamed']
}

const FAILURES: Readonly<Record<ScanFailureCode, string>> = {
  busy: CLAMD_RESULTS.busy,
  cancelled: CLAMD_RESULTS.shuttingDown,
  'not-found': CLAMD_RESULTS.noSuchFile,
  'access-denied': CLAMD_RESULTS.accessDenied,
  'not-a-file': CLAMD_RESULTS.notSupported,
  'stream-too-large': CLAMD_RESULTS.internal,
  'shutting-down': CLAMD_RESULTS.shuttingDown,
  internal: CLAMD_RESULTS.internal,
}

/** The result for a submission without a report; what the client may not know goes to `log`. */
export const failureResult = (error: unknown, log: (line: string) => void): string => {
  if (error instanceof ScanFailure && error.code !== 'internal') return FAILURES[error.code]
  log(`clamd: a scan failed: ${error instanceof Error ? error.message : String(error)}`)
  return CLAMD_RESULTS.internal
}
