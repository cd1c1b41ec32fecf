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
import { FACT_BYTES, jsonBytes, ReportRoom } from './report-room.ts'

/** Detections of one artifact that are reported; a file made to match everything shall not make a report of any size. */
export const MAX_DETECTIONS = 1_000
/** Anomalies of one artifact that are reported. */
export const MAX_ANOMALIES = 64

/** Things not seen in one artifact that are listed one by one. */
const MAX_NOT_SEEN = 1_000
const MAX_SECTIONS = 64
/** Longest value of a property, longest sentence, longest name of a member or of a detection, in UTF-16 units. */
const MAX_VALUE_CHARS = 2_000
const MAX_DETAIL_CHARS = 2_000
const MAX_MEMBER_CHARS = 1_024
const MAX_DETECTION_CHARS = 512

/** Shared by all that have nothing. */
const NONE: never[] = []
Object.freeze(NONE)

/** Collects what is found about one artifact. */
export class Findings {
  readonly path: string
  readonly allMatches: boolean
  // Most artifacts have nothing in most lists: they share an empty one until there is something.
  #detections: Detection[] | undefined
  #notSeen: NotSeen[] | undefined
  #anomalies: Anomaly[] | undefined
  #properties: Property[] | undefined
  #sections: SectionReport[] | undefined
  trusted = false
  /** What the path, and what all that is listed here, takes in JSON at most. */
  readonly pathBytes: number
  bytes = 0
  readonly #onDetection: ((detection: Detection) => void) | undefined
  readonly #room: ReportRoom

  /** @param room - shared by all artifacts of a report */
  constructor(
    path: string,
    allMatches: boolean,
    onDetection?: (detection: Detection) => void,
    room = new ReportRoom(),
    pathBytes = jsonBytes(path),
  ) {
    this.path = path
    this.allMatches = allMatches
    this.#onDetection = onDetection
    this.#room = room
    this.pathBytes = pathBytes
  }

  get detections(): readonly Detection[] {
    return this.#detections ?? NONE
  }

  get notSeen(): readonly NotSeen[] {
    return this.#notSeen ?? NONE
  }

  get anomalies(): readonly Anomaly[] {
    return this.#anomalies ?? NONE
  }

  get properties(): readonly Property[] {
    return this.#properties ?? NONE
  }

  get sections(): readonly SectionReport[] {
    return this.#sections ?? NONE
  }

  /** @param isNeeded - the verdict rests on it: there is always room. False where there is none */
  #take(isNeeded: boolean, bytes: number): boolean {
    if (!isNeeded && !this.#room.take(bytes + FACT_BYTES)) return false
    this.bytes += bytes + FACT_BYTES
    return true
  }

  get #hasMalicious(): boolean {
    return this.detections.some(detection => detection.severity === 'malicious')
  }

  /** True when nothing that may still be found would change what is reported. */
  get settled(): boolean {
    const full = this.detections.length >= MAX_DETECTIONS
    return (full || !this.allMatches) && this.#hasMalicious
  }

  /** Beyond MAX_DETECTIONS, or without room, only one that changes the verdict is noted, in place of the last. */
  detect(found: Omit<Detection, 'where'>, offset?: number, length?: number): void {
    if (this.settled) return
    const detection = { ...found, name: found.name.slice(0, MAX_DETECTION_CHARS) }
    const bytes = this.pathBytes + jsonBytes(detection.name)
    const isFirst = this.detections.length === 0
    if (this.detections.length >= MAX_DETECTIONS || !this.#take(isFirst, bytes)) {
      if (detection.severity !== 'malicious' || this.#hasMalicious) return
      this.#detections?.pop()
    }
    const place = offset === undefined || offset < 0 ? {} : { offset, ...(length === undefined ? {} : { length }) }
    const full: Detection = { ...detection, where: { path: this.path, ...place } }
    ;(this.#detections ??= []).push(full)
    this.#onDetection?.(full)
  }

  /** @param member - name of a member that is not an artifact of its own */
  missed(reason: Reason, detail: string, bytes?: number, member?: string): void {
    if (this.notSeen.length >= MAX_NOT_SEEN) return
    const sentence = detail.slice(0, MAX_DETAIL_CHARS)
    const name = member?.slice(0, MAX_MEMBER_CHARS)
    const size = this.pathBytes + jsonBytes(sentence) + (name === undefined ? 0 : jsonBytes(name))
    if (!this.#take(this.notSeen.length === 0, size)) return
    const path = name === undefined ? this.path : `${this.path}!/${name}`
    ;(this.#notSeen ??= []).push({ path, reason, detail: sentence, ...(bytes === undefined ? {} : { bytes }) })
  }

  anomaly(code: string, detail: string, offset?: number): void {
    if (this.anomalies.length >= MAX_ANOMALIES) return
    const sentence = detail.slice(0, MAX_DETAIL_CHARS)
    if (!this.#take(false, jsonBytes(code) + jsonBytes(sentence))) return
    ;(this.#anomalies ??= []).push({ code, detail: sentence, ...(offset === undefined ? {} : { offset }) })
  }

  property(name: string, value: string): void {
    const short = value.slice(0, MAX_VALUE_CHARS)
    if (this.#take(false, jsonBytes(name) + jsonBytes(short))) (this.#properties ??= []).push({ name, value: short })
  }

  section(section: Section): void {
    if (this.sections.length >= MAX_SECTIONS) return
    const report = sectionReport(section)
    if (this.#take(false, jsonBytes(JSON.stringify(report)))) (this.#sections ??= []).push(report)
  }

  /** Nothing was found, and nothing is amiss. */
  get isEmpty(): boolean {
    return this.detections.length === 0 && this.notSeen.length === 0
  }

  /** What goes into the report of the artifact. */
  members(): Pick<ArtifactReport, 'detections' | 'notSeen' | 'anomalies' | 'properties' | 'sections'> {
    return {
      detections: this.#detections ?? NONE,
      notSeen: this.#notSeen ?? NONE,
      anomalies: this.#anomalies ?? NONE,
      properties: this.#properties ?? NONE,
      ...(this.#sections === undefined ? {} : { sections: this.#sections }),
    }
  }
}
