import { AwsClient } from 'aws4fetch'
import type { BlobEntry, BlobName, BlobReader, Blobs, BlobWriter, Room } from './blobs.ts'
import { HEAD_BYTES } from './format.ts'
import { element, elements, escapeXml, unescapeXml } from './s3-xml.ts'

// Contents in a bucket: PREFIXintake/ID and PREFIXstore/SHA256. An object is there whole or not at all, so there is
// nothing to rename; large ones are uploaded in parts. Several servers may share a bucket.

export interface S3Options {
  /** `https://s3.eu-central-1.amazonaws.com`, or the address of another server; buckets are named in the path. */
  readonly endpoint: string
  readonly bucket: string
  /** Ends with a slash, or is empty. */
  readonly prefix: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** Smaller in tests; S3 takes no less than 5 MiB but for the last. */
  readonly partBytes?: number
  readonly firstRetryMs?: number
}

/** S3 takes 10,000 parts, 60 GiB with these. The first part waits for the head, so an upload holds two of them. */
const PART_BYTES = 6 * 2 ** 20
/** One copy inside of S3 takes no more. */
const MAX_COPY_BYTES = 5 * 2 ** 30
const FIRST_BUFFER_BYTES = 16_384
const MAX_TRIES = 5
const FIRST_RETRY_MS = 100
const REQUEST_TIMEOUT_MS = 300_000
/** Somebody may switch versions on. */
const VERSIONS_STALE_MS = 60_000
/** Each page has a thousand versions of one object. */
const MAX_VERSION_PAGES = 100
/** An upload that is older and not finished has been left. */
const STALE_UPLOAD_MS = 86_400_000

/** S3 said no. `code` is its own word for it. */
export class S3Error extends Error {
  readonly code: string
  readonly status: number
  constructor(status: number, code: string, message: string) {
    super(`S3 answers ${status} ${code}: ${message}`)
    this.name = 'S3Error'
    this.code = status === 507 ? 'InsufficientStorage' : code
    this.status = status
  }
}

/** @throws S3Error where the bucket is not there or not ours */
export async function openS3Blobs(options: S3Options): Promise<Blobs> {
  const blobs = new S3Blobs(options)
  await blobs.probe()
  return blobs
}

interface Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD'
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** An answer that is no error. */
  readonly absent?: true
}

class S3Blobs implements Blobs {
  readonly kind = 's3'
  readonly #client: AwsClient
  readonly #options: S3Options
  readonly #partBytes: number
  #versions = { askedAtMs: -Infinity, may: true }

  constructor(options: S3Options) {
    const { accessKeyId, secretAccessKey, sessionToken, region } = options
    this.#options = options
    this.#partBytes = options.partBytes ?? PART_BYTES
    this.#client = new AwsClient({
      accessKeyId,
      secretAccessKey,
      region,
      service: 's3',
      retries: 0,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    })
  }

  probe(): Promise<unknown> {
    return this.#call({ method: 'HEAD' })
  }

  #key(name: BlobName): string {
    return this.#options.prefix + name
  }

  create(name: BlobName): Promise<BlobWriter> {
    return Promise.resolve(new S3Writer(this.#uploader(this.#key(name)), this.#partBytes, { isNew: true }))
  }

  async open(name: BlobName): Promise<BlobReader | undefined> {
    const key = this.#key(name)
    const answer = await this.#call({ method: 'GET', key, headers: range(0, HEAD_BYTES), absent: true })
    if (answer === undefined) return undefined
    const head = new Uint8Array(await answer.arrayBuffer())
    const total = /\/(\d+)$/.exec(answer.headers.get('content-range') ?? '')?.[1]
    const storedBytes = total === undefined ? head.length : Number(total)
    const etag = answer.headers.get('etag')
    // What is read later must be the object that the head belongs to.
    const same: Record<string, string> = etag === null ? {} : { 'if-match': etag }
    const get = async (offset: number, length: number): Promise<Response> =>
      (await this.#call({ method: 'GET', key, headers: { ...range(offset, length), ...same } })) as Response
    return new S3Reader(get, head.subarray(0, HEAD_BYTES), storedBytes)
  }

  async has(name: BlobName): Promise<boolean> {
    return (await this.#call({ method: 'HEAD', key: this.#key(name), absent: true })) !== undefined
  }

  async move(from: BlobName, to: BlobName): Promise<boolean> {
    const size = await this.#size(from)
    if (size === undefined) return false
    if (!(await this.has(to))) {
      if (size <= MAX_COPY_BYTES) await this.#copy(from, to)
      else await this.#rewrite(from, to, undefined)
    }
    await this.delete(from)
    return true
  }

  async #size(name: BlobName): Promise<number | undefined> {
    const answer = await this.#call({ method: 'HEAD', key: this.#key(name), absent: true })
    return answer === undefined ? undefined : Number(answer.headers.get('content-length'))
  }

  async #copy(from: BlobName, to: BlobName): Promise<void> {
    const source = `/${this.#options.bucket}/${this.#key(from)}`
    const answer = await this.#call({ method: 'PUT', key: this.#key(to), headers: { 'x-amz-copy-source': source } })
    await demandNoError(answer)
  }

  /** The object is replaced by itself with another head; one that was deleted meanwhile does not come back. */
  rewriteHead(name: BlobName, steps: readonly Uint8Array[]): Promise<void> {
    return this.#rewrite(name, name, steps.at(-1))
  }

  async #rewrite(from: BlobName, to: BlobName, head: Uint8Array | undefined): Promise<void> {
    const reader = await this.open(from)
    if (reader === undefined) return
    const writer = new S3Writer(this.#uploader(this.#key(to)), this.#partBytes, { isNew: false })
    try {
      for await (const piece of reader.frames(HEAD_BYTES, reader.storedBytes - HEAD_BYTES, 2 ** 18)) {
        await writer.write([Buffer.from(piece)])
      }
      if (from === to && !(await this.has(from))) return await writer.abort()
      await writer.commit(head ?? reader.head)
    } catch (error) {
      await writer.abort()
      throw error
    }
    // In a bucket with versions the object before is still there, with the old key.
    if (from === to) await this.#deleteVersions(this.#key(to), { keepLatest: true })
  }

  async delete(name: BlobName): Promise<void> {
    const key = this.#key(name)
    await this.#call({ method: 'DELETE', key, absent: true })
    await this.#deleteVersions(key, { keepLatest: false })
  }

  /** Where the bucket keeps versions, deleting only hides: every version and every mark of a deletion goes, too. */
  async #deleteVersions(key: string, { keepLatest }: { readonly keepLatest: boolean }): Promise<void> {
    if (!(await this.#mayHaveVersions())) return
    for (let page = 0; page < MAX_VERSION_PAGES; page++) {
      const xml = await this.#ask({ versions: '', prefix: key })
      if (xml === undefined) return
      for (const entry of [...elements(xml, 'Version'), ...elements(xml, 'DeleteMarker')]) {
        const versionId = element(entry, 'VersionId')
        const isKept = keepLatest && element(entry, 'IsLatest') === 'true'
        if (element(entry, 'Key') !== key || versionId === undefined || isKept) continue
        await this.#call({ method: 'DELETE', key, query: { versionId }, absent: true })
      }
      if (element(xml, 'IsTruncated') !== 'true') return
    }
  }

  /** True also where the server does not let us ask. */
  async #mayHaveVersions(): Promise<boolean> {
    if (Date.now() - this.#versions.askedAtMs > VERSIONS_STALE_MS) {
      const answer = await this.#call({ method: 'GET', query: { versioning: '' } }).catch((error: unknown) => error)
      const xml = answer instanceof Response ? await answer.text() : undefined
      this.#versions = { askedAtMs: Date.now(), may: xml === undefined || element(xml, 'Status') !== undefined }
    }
    return this.#versions.may
  }

  /** A question that not every server knows; undefined where it does not. */
  async #ask(query: Readonly<Record<string, string>>): Promise<string | undefined> {
    try {
      return await (await this.#call({ method: 'GET', query }))?.text()
    } catch (error) {
      if (error instanceof S3Error && [400, 404, 405, 501].includes(error.status)) return undefined
      throw error
    }
  }

  async *list(room: Room): AsyncIterable<BlobEntry> {
    const prefix = `${this.#options.prefix}${room}/`
    let token: string | undefined
    do {
      const query = { 'list-type': '2', prefix, ...(token === undefined ? {} : { 'continuation-token': token }) }
      const xml = (await (await this.#call({ method: 'GET', query }))?.text()) ?? ''
      for (const entry of elements(xml, 'Contents')) {
        const id = (element(entry, 'Key') ?? '').slice(prefix.length)
        yield { id, modifiedAtMs: Date.parse(element(entry, 'LastModified') ?? '') }
      }
      const next = element(xml, 'NextContinuationToken')
      token = element(xml, 'IsTruncated') === 'true' && next !== undefined ? unescapeXml(next) : undefined
    } while (token !== undefined)
  }

  async clean(): Promise<number> {
    const xml = (await this.#ask({ uploads: '', prefix: this.#options.prefix })) ?? ''
    let removed = 0
    for (const entry of elements(xml, 'Upload')) {
      const [key, uploadId] = [element(entry, 'Key') ?? '', element(entry, 'UploadId') ?? '']
      const startedAtMs = Date.parse(element(entry, 'Initiated') ?? '')
      if (!key.startsWith(this.#options.prefix) || !(startedAtMs < Date.now() - STALE_UPLOAD_MS)) continue
      await this.#call({ method: 'DELETE', key, query: { uploadId }, absent: true })
      removed++
    }
    return removed
  }

  freeBytes(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #uploader(key: string): Uploader {
    return {
      put: async body => void (await this.#call({ method: 'PUT', key, body })),
      begin: async () => {
        const xml = (await (await this.#call({ method: 'POST', key, query: { uploads: '' }, body: '' }))?.text()) ?? ''
        return element(xml, 'UploadId') ?? ''
      },
      part: async (uploadId, number, body) => {
        const query = { partNumber: String(number), uploadId }
        return (await this.#call({ method: 'PUT', key, query, body }))?.headers.get('etag') ?? ''
      },
      complete: async (uploadId, etags) => {
        const parts = etags.map(
          (etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
        )
        const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
        const headers = { 'content-type': 'application/xml' }
        await demandNoError(await this.#call({ method: 'POST', key, query: { uploadId }, body, headers }))
      },
      abort: async uploadId => void (await this.#call({ method: 'DELETE', key, query: { uploadId }, absent: true })),
      remove: async () => void (await this.#call({ method: 'DELETE', key, absent: true })),
    }
  }

  /** Repeats what failed on the way or in the server; every call here may be repeated. */
  async #call({ method, key = '', query = {}, headers = {}, body, absent }: Call): Promise<Response | undefined> {
    const { endpoint, bucket, firstRetryMs = FIRST_RETRY_MS } = this.#options
    const url = new URL(`${endpoint.replace(/\/$/, '')}/${bucket}/${key}`)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    for (let attempt = 1; ; attempt++) {
      const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS)
      const init = { method, headers, signal, redirect: 'error' as const, ...(body === undefined ? {} : { body }) }
      const answer = await this.#client.fetch(url.href, init as RequestInit).catch((error: unknown) => {
        if (attempt >= MAX_TRIES) throw new S3Error(0, 'Unreachable', reasonOf(error))
      })
      if (answer?.ok === true) return answer
      if (answer !== undefined) {
        const text = await answer.text()
        if (absent === true && answer.status === 404) return undefined
        const mayPass =
          answer.status === 429 || (answer.status >= 500 && answer.status !== 507 && answer.status !== 501)
        if (!mayPass || attempt >= MAX_TRIES) throw errorOf(answer.status, text)
      }
      await new Promise(resolve => setTimeout(resolve, firstRetryMs * 2 ** (attempt - 1)))
    }
  }
}

const range = (offset: number, length: number): Record<string, string> => ({
  range: `bytes=${offset}-${offset + length - 1}`,
})

const reasonOf = (error: unknown): string =>
  error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error)

const errorOf = (status: number, xml: string): S3Error =>
  new S3Error(status, element(xml, 'Code') ?? 'Unknown', element(xml, 'Message') ?? '')

/** Copies and completed uploads may fail behind a status of 200. */
async function demandNoError(answer: Response | undefined): Promise<void> {
  const xml = (await answer?.text()) ?? ''
  if (xml.includes('<Error>')) throw errorOf(500, xml)
}

interface Uploader {
  put(body: Uint8Array): Promise<void>
  begin(): Promise<string>
  part(uploadId: string, number: number, body: Uint8Array): Promise<string>
  complete(uploadId: string, etags: readonly string[]): Promise<void>
  abort(uploadId: string): Promise<void>
  remove(): Promise<void>
}

class S3Writer implements BlobWriter {
  readonly #uploader: Uploader
  readonly #partBytes: number
  readonly #isNew: boolean
  /** The first part, with room for the head. */
  #first: Uint8Array | undefined
  /** Grows to a part, so that a short content takes little; used again for each one after the first. */
  #buffer = Buffer.allocUnsafe(FIRST_BUFFER_BYTES)
  #length = HEAD_BYTES
  #uploadId: string | undefined
  readonly #etags: string[] = ['']
  #isCommitting = false

  constructor(uploader: Uploader, partBytes: number, { isNew }: { readonly isNew: boolean }) {
    this.#uploader = uploader
    this.#partBytes = partBytes
    this.#isNew = isNew
  }

  async write(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      if (this.#length + piece.length > this.#buffer.length) this.#grow(this.#length + piece.length)
      this.#buffer.set(piece, this.#length)
      this.#length += piece.length
    }
    if (this.#length >= this.#partBytes) await this.#flush()
  }

  #grow(needed: number): void {
    const next = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(next, 0, 0, this.#length)
    this.#buffer = next
  }

  async #flush(): Promise<void> {
    const part = this.#buffer.subarray(0, this.#length)
    this.#length = 0
    if (this.#first === undefined) {
      this.#first = part
      this.#buffer = Buffer.allocUnsafe(this.#buffer.length)
      return
    }
    this.#uploadId ??= await this.#uploader.begin()
    this.#etags.push(await this.#uploader.part(this.#uploadId, this.#etags.length + 1, part))
  }

  async commit(head: Uint8Array): Promise<void> {
    this.#isCommitting = true
    if (this.#first !== undefined && this.#length > 0) await this.#flush()
    const first = this.#first ?? this.#buffer.subarray(0, this.#length)
    first.set(head)
    if (this.#uploadId === undefined) return this.#uploader.put(first)
    this.#etags[0] = await this.#uploader.part(this.#uploadId, 1, first)
    await this.#uploader.complete(this.#uploadId, this.#etags)
    this.#uploadId = undefined
  }

  async abort(): Promise<void> {
    if (this.#uploadId !== undefined) await this.#uploader.abort(this.#uploadId)
    // A commit whose answer was lost may have been done. What replaces an object stays: both are whole.
    if (this.#isCommitting && this.#isNew) await this.#uploader.remove()
  }
}

class S3Reader implements BlobReader {
  readonly head: Uint8Array
  readonly storedBytes: number
  readonly #get: (offset: number, length: number) => Promise<Response>

  constructor(get: (offset: number, length: number) => Promise<Response>, head: Uint8Array, storedBytes: number) {
    this.#get = get
    this.head = head
    this.storedBytes = storedBytes
  }

  async *frames(offset: number, length: number, frameBytes: number): AsyncIterable<Uint8Array> {
    if (length <= 0) return
    const { body } = await this.#get(offset, length)
    if (body === null) return
    const frame = Buffer.allocUnsafe(Math.min(frameBytes, length))
    let filled = 0
    for await (const piece of body as unknown as AsyncIterable<Uint8Array>) {
      for (let at = 0; at < piece.length;) {
        const count = Math.min(frame.length - filled, piece.length - at)
        frame.set(piece.subarray(at, at + count), filled)
        filled += count
        at += count
        if (filled < frame.length) continue
        yield frame
        filled = 0
      }
    }
    if (filled > 0) yield frame.subarray(0, filled)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
