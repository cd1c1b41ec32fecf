import type { ArtifactReport, Report } from '../report/index.ts'
import { UseCaseError } from './errors.ts'
import { demand } from './guard.ts'
import { ID_PATTERN } from './ids.ts'
import { dropContents } from './keeping.ts'
import { limitOf, makeCursor, openCursor, pageOf } from './pages.ts'
import type { SampleRecord, ScanRecord } from './nouns.ts'
import type { Principal } from './policy.ts'
import type { Runtime } from './parts.ts'
import type { ArtifactBytes, ArtifactNode, ByteRange, SampleUseCases } from './use-cases.ts'
import type { Waiting } from './waiting.ts'

// Content and what is inside of it: trees, bytes, downloads, tags, comments, deletion.

const SCANS_SHOWN = 50
const TAG = /^[a-z0-9][a-z0-9\-_.:]{0,63}$/
const MAX_TAGS = 64
const MAX_COMMENT_CHARS = 10_000
type Input<K extends keyof SampleUseCases> = Parameters<SampleUseCases[K]>[1]

export class Samples implements SampleUseCases {
  readonly #runtime: Runtime
  readonly #waiting: Waiting

  constructor(runtime: Runtime, waiting: Waiting) {
    this.#runtime = runtime
    this.#waiting = waiting
  }

  async listArtifacts(_principal: Principal, input: Input<'listArtifacts'>) {
    const { artifacts } = await this.report(input.id)
    const children = new Map<number, number>()
    for (const { parent } of artifacts) if (parent !== undefined) children.set(parent, (children.get(parent) ?? 0) + 1)
    const nodes = artifacts
      .filter(({ parent }) => input.under === undefined || parent === input.under)
      .map<ArtifactNode>(artifact => ({ ...artifact, children: children.get(artifact.id) ?? 0 }))
    const limit = limitOf(input)
    const scope = `${input.id} ${input.under ?? ''}`
    const from = input.cursor === undefined ? 0 : Number(openCursor(input.cursor, scope)[0])
    return pageOf(nodes.slice(from, from + limit + 1), limit, () => makeCursor(scope, [String(from + limit)]))
  }

  /** The report of a scan. @throws UseCaseError scan-not-found, not-finished, no-report */
  async report(id: string): Promise<Report> {
    const scan = await this.#waiting.get(id)
    if (scan.state === 'queued' || scan.state === 'running')
      throw new UseCaseError('not-finished', { detail: scan.state })
    const report = await this.#runtime.ledger.report(id)
    if (report === undefined) throw new UseCaseError('no-report', { detail: scan.problem?.message ?? scan.state })
    return report
  }

  async readArtifact(_principal: Principal, { id, artifact, range }: Input<'readArtifact'>): Promise<ArtifactBytes> {
    const scan = await this.#waiting.get(id)
    const found = (await this.report(id)).artifacts.find(candidate => candidate.id === artifact)
    if (found === undefined) throw new UseCaseError('artifact-not-found', { detail: String(artifact) })
    const sha256 = artifact === 0 ? scan.sha256 : found.sha256
    if (sha256 !== undefined && (await this.#runtime.vault.has(sha256))) {
      const { offset, length } = rangeOf(range, artifact === 0 ? scan.sizeBytes : found.size)
      const { sizeBytes, stream } = await this.#runtime.vault.open(sha256, { offset, length })
      return { sha256, sizeBytes, offset, length, stream }
    }
    return this.#extracted(scan, found, range)
  }

  /** What lies inside is taken out again, where somebody can do that. */
  async #extracted(scan: ScanRecord, artifact: ArtifactReport, range: ByteRange | undefined): Promise<ArtifactBytes> {
    const { vault, opener } = this.#runtime
    const notKept = (detail: string): never => {
      throw new UseCaseError('content-not-kept', { detail })
    }
    if (artifact.parent === undefined || opener === undefined || !(await vault.has(scan.sha256)))
      return notKept(artifact.path)
    const root = await vault.open(scan.sha256)
    const opened = (await opener.open(root.stream, artifact.path)) ?? notKept(artifact.path)
    const { offset, length } = rangeOf(range, opened.sizeBytes)
    const stream = part(opened.stream, offset, length)
    return { sha256: artifact.sha256 ?? '', sizeBytes: opened.sizeBytes, offset, length, stream }
  }

  async download(_principal: Principal, { sha256, format }: Input<'download'>) {
    const { vault, packager, ledger } = this.#runtime
    if (packager === undefined) throw new UseCaseError('not-configured', { detail: 'download' })
    const sample = await this.#sample(sha256)
    if (!(await vault.has(sample.sha256))) throw new UseCaseError('content-not-kept', { detail: sha256 })
    const [newest] = await ledger.scansOf(sample.sha256, 1)
    const { stream, sizeBytes } = await vault.open(sample.sha256)
    return packager.pack(format, { ...sample, name: newest?.name ?? sample.sha256, sizeBytes, stream })
  }

  async getSample(_principal: Principal, { digest }: Input<'getSample'>) {
    const { ledger } = this.#runtime
    const sample = await this.#sample(digest)
    const [scans, comments] = await Promise.all([
      ledger.scansOf(sample.sha256, SCANS_SHOWN),
      ledger.comments(sample.sha256),
    ])
    return { sample, scans, comments }
  }

  async #sample(digest: string): Promise<SampleRecord> {
    const [sample] = await this.#runtime.ledger.samples([digest.toLowerCase()])
    if (sample === undefined) throw new UseCaseError('sample-not-found', { detail: digest })
    return sample
  }

  async changeTags(_principal: Principal, { sha256, add = [], remove = [] }: Input<'changeTags'>) {
    const bad = [...add, ...remove].find(tag => !TAG.test(tag))
    if (bad !== undefined || add.length + remove.length > MAX_TAGS)
      throw new UseCaseError('invalid-input', { detail: `not a tag: ${bad ?? 'too many'}`, where: '/add' })
    const tags = await this.#runtime.ledger.changeTags(sha256, [...new Set(add)], [...new Set(remove)])
    if (tags === undefined) throw new UseCaseError('sample-not-found', { detail: sha256 })
    return tags
  }

  async addComment(principal: Principal, { sha256, text }: Input<'addComment'>) {
    if (text.trim() === '' || text.length > MAX_COMMENT_CHARS)
      throw new UseCaseError('invalid-input', {
        detail: `a comment has 1 to ${MAX_COMMENT_CHARS} characters`,
        where: '/text',
      })
    const { ledger, clock, ids } = this.#runtime
    const atMs = clock.now()
    const { account, name: author } = principal
    const comment = { id: ids.next(atMs), sha256, account, author, text, atMs }
    if (!(await ledger.addComment(comment))) throw new UseCaseError('sample-not-found', { detail: sha256 })
    return comment
  }

  async deleteComment(principal: Principal, { id }: Input<'deleteComment'>): Promise<void> {
    const { ledger } = this.#runtime
    const comment = ID_PATTERN.test(id) ? await ledger.comment(id) : undefined
    if (comment === undefined) throw new UseCaseError('not-found', { detail: id })
    demand(principal, 'deleteComment', comment.account)
    await ledger.deleteComment(id)
  }

  async deleteSample(_principal: Principal, { sha256 }: Input<'deleteSample'>): Promise<void> {
    const gone = await this.#runtime.ledger.deleteSample(sha256)
    if (gone === undefined) throw new UseCaseError('sample-not-found', { detail: sha256 })
    await dropContents(this.#runtime, gone)
  }
}

/** @throws UseCaseError range-not-satisfiable */
function rangeOf(range: ByteRange | undefined, sizeBytes: number): Required<ByteRange> {
  const offset = range?.offset ?? 0
  if (!Number.isSafeInteger(offset) || offset < 0 || (offset >= sizeBytes && sizeBytes > 0))
    throw new UseCaseError('range-not-satisfiable', { detail: `the size is ${sizeBytes}` })
  return { offset, length: Math.max(0, Math.min(range?.length ?? sizeBytes, sizeBytes - offset)) }
}

async function* part(stream: AsyncIterable<Uint8Array>, offset: number, length: number): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const chunk of stream) {
    const from = Math.max(0, offset - at)
    const to = Math.min(chunk.length, offset + length - at)
    if (from < to) yield chunk.subarray(from, to)
    at += chunk.length
    if (at >= offset + length) return
  }
}
