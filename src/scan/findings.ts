import type { Anomaly, ArtifactReport, Detection, NotSeen, Property, Reason } from '../report/index.ts'
import { verdictOf } from '../report/index.ts'
import type { FileType } from '../formats/index.ts'

/** Detections of one artifact that are reported; a file made to match everything shall not make a report of any size. */
export const MAX_DETECTIONS = 1_000
/** Anomalies of one artifact that are reported. */
export const MAX_ANOMALIES = 64

/** Collects what is found about one artifact. */
export class Findings {
  readonly path: string
  readonly allMatches: boolean
  readonly detections: Detection[] = []
  readonly notSeen: NotSeen[] = []
  readonly anomalies: Anomaly[] = []
  readonly properties: Property[] = []
  trusted = false
  readonly #onDetection: ((detection: Detection) => void) | undefined

  constructor(path: string, allMatches: boolean, onDetection?: (detection: Detection) => void) {
    this.path = path
    this.allMatches = allMatches
    this.#onDetection = onDetection
  }

  get #hasMalicious(): boolean {
    return this.detections.some(detection => detection.severity === 'malicious')
  }

  /** True when nothing that may still be found would change what is reported. */
  get settled(): boolean {
    const full = this.detections.length >= MAX_DETECTIONS
    return (full || !this.allMatches) && this.#hasMalicious
  }

  /** Beyond MAX_DETECTIONS only one that changes the verdict is noted, in place of the last. */
  detect(detection: Omit<Detection, 'where'>, offset?: number, length?: number): void {
    if (this.settled) return
    if (this.detections.length >= MAX_DETECTIONS) {
      if (detection.severity !== 'malicious') return
      this.detections.pop()
    }
    const place = offset === undefined || offset < 0 ? {} : { offset, ...(length === undefined ? {} : { length }) }
    const full: Detection = { ...detection, where: { path: this.path, ...place } }
    this.detections.push(full)
    this.#onDetection?.(full)
  }

  missed(reason: Reason, detail: string, bytes?: number): void {
    this.notSeen.push({ path: this.path, reason, detail, ...(bytes === undefined ? {} : { bytes }) })
  }

  anomaly(code: string, detail: string, offset?: number): void {
    if (this.anomalies.length >= MAX_ANOMALIES) return
    this.anomalies.push({ code, detail, ...(offset === undefined ? {} : { offset }) })
  }

  property(name: string, value: string): void {
    this.properties.push({ name, value })
  }

  /** The root artifact of a report. */
  root(name: string, type: FileType, size: number, sha256: string | undefined): ArtifactReport {
    const { detections, notSeen, trusted } = this
    return {
      id: 0,
      relation: 'root',
      name,
      path: this.path,
      size,
      ...(sha256 === undefined ? {} : { sha256 }),
      type: type.name,
      verdict: verdictOf({ detections, notSeen, children: [], trusted }),
      detections,
      notSeen,
      anomalies: this.anomalies,
      properties: this.properties,
    }
  }
}
