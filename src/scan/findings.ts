import { sectionReport } from '../report/index.ts'
import type {
  Anomaly,
  ArtifactReport,
  Detection,
  NotSeen,
  Property,
  Reason,
  Section,
  SectionReport,
} from '../report/index.ts'

/** Detections of one artifact that are reported; a file made to match everything shall not make a report of any size. */
export const MAX_DETECTIONS = 1_000
/** Anomalies of one artifact that are reported. */
export const MAX_ANOMALIES = 64

/** Things not seen in one artifact that are listed one by one. */
const MAX_NOT_SEEN = 1_000
const MAX_SECTIONS = 64
/** Longest value of a property. */
const MAX_VALUE_CHARS = 2_000

/** Collects what is found about one artifact. */
export class Findings {
  readonly path: string
  readonly allMatches: boolean
  readonly detections: Detection[] = []
  readonly notSeen: NotSeen[] = []
  readonly anomalies: Anomaly[] = []
  readonly properties: Property[] = []
  readonly sections: SectionReport[] = []
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

  /** @param member - name of a member that is not an artifact of its own */
  missed(reason: Reason, detail: string, bytes?: number, member?: string): void {
    const path = member === undefined ? this.path : `${this.path}!/${member}`
    if (this.notSeen.length < MAX_NOT_SEEN)
      this.notSeen.push({ path, reason, detail, ...(bytes === undefined ? {} : { bytes }) })
  }

  anomaly(code: string, detail: string, offset?: number): void {
    if (this.anomalies.length >= MAX_ANOMALIES) return
    this.anomalies.push({ code, detail, ...(offset === undefined ? {} : { offset }) })
  }

  property(name: string, value: string): void {
    this.properties.push({ name, value: value.slice(0, MAX_VALUE_CHARS) })
  }

  section(section: Section): void {
    if (this.sections.length < MAX_SECTIONS) this.sections.push(sectionReport(section))
  }

  /** Nothing was found, and nothing is amiss. */
  get isEmpty(): boolean {
    return this.detections.length === 0 && this.notSeen.length === 0
  }

  /** What goes into the report of the artifact. */
  members(): Pick<ArtifactReport, 'detections' | 'notSeen' | 'anomalies' | 'properties' | 'sections'> {
    const { detections, notSeen, anomalies, properties, sections } = this
    return { detections, notSeen, anomalies, properties, ...(sections.length === 0 ? {} : { sections }) }
  }
}
