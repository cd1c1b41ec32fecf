import type { FileType } from '../formats/index.ts'
import type { Detection } from '../report/index.ts'
import type { ScanRequest } from './engine-thread.ts'
import { Findings } from './findings.ts'
import type { FlatResult, FlatScanner } from './flat.ts'
import { jsonBytes, ReportRoom } from './report-room.ts'
import type { Node } from './tree-node.ts'

/** Longer paths lose their beginning: every artifact says whose child it is. */
const MAX_PATH_CHARS = 2048

/** How an artifact is matched beside what is usual. */
export interface MatchOptions {
  /** ClamAV's type names of the containers around it, outermost first. */
  readonly containers: readonly string[]
  /** What it is, where its container knows. */
  readonly type?: FileType | undefined
  /** Another reading of its parent. */
  readonly isView?: boolean
}

/** Matches the artifacts of one tree, and counts what was matched and found over all of them. */
export class TreeMatch {
  readonly #flat: FlatScanner
  readonly #request: ScanRequest
  readonly #onDetection: ((detection: Detection) => void) | undefined
  readonly #room = new ReportRoom()
  #bytesMatched = 0
  #infected = false

  constructor(flat: FlatScanner, request: ScanRequest, onDetection?: (detection: Detection) => void) {
    this.#flat = flat
    this.#request = request
    this.#onDetection = onDetection
  }

  /** Bytes matched, over all artifacts. */
  get bytesMatched(): number {
    return this.#bytesMatched
  }

  /** Something malicious was found, and no more is asked for. */
  get isSettled(): boolean {
    return !this.#request.allMatches && this.#infected
  }

  /** Where goes what is found in the submission itself. */
  findings(path: string, pathBytes?: number): Findings {
    return new Findings(path, this.#request.allMatches, this.#heard, this.#room, pathBytes)
  }

  /** Where goes what is found in a member of an artifact. */
  findingsOf(name: string, { findings }: Node): Findings {
    const bytes = jsonBytes(name) + '…!/'.length * 3
    return findings.path.length > MAX_PATH_CHARS
      ? this.findings(`…!/${name}`, bytes)
      : this.findings(`${findings.path}!/${name}`, findings.pathBytes + bytes)
  }

  match(content: Uint8Array, findings: Findings, { containers, type, isView = false }: MatchOptions): FlatResult {
    this.#bytesMatched += content.length
    const { deadlineMs } = this.#request
    const forced = type === undefined ? {} : { type }
    return this.#flat.scan({ content, findings, deadlineMs, containers, isView, ...forced })
  }

  /**
   * Matches text once more in its normal form, which takes its place in the window.
   * @returns undefined where it shows nothing that the text does not
   */
  normalForm(
    { inside: { containers } }: Node,
    content: Uint8Array,
    findings: Findings,
  ): (FlatResult & { size: number }) | undefined {
    const { deadlineMs } = this.#request
    const result = this.#flat.scanNormalForm({ content, findings, containers, deadlineMs, isView: true })
    this.#bytesMatched += result?.size ?? 0
    return findings.isEmpty ? undefined : result
  }

  readonly #heard = (detection: Detection): void => {
    if (detection.severity === 'malicious') this.#infected = true
    this.#onDetection?.(detection)
  }
}
