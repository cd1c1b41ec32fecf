import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHash, randomUUID } from 'node:crypto'

// A bucket with versions in memory, which the test server from npm does not have, and which fails when told to.

interface Version {
  readonly id: string
  /** Undefined: the mark of a deletion. */
  readonly body: Buffer | undefined
  readonly atMs: number
}

export interface FakeS3 {
  readonly endpoint: string
  /** Oldest first; what a deletion without a version leaves is still here. */
  readonly objects: Map<string, Version[]>
  readonly uploads: Map<string, { readonly key: string; readonly parts: Map<number, Buffer> }>
  /** Answers instead of the server where it returns a status; `drop` closes the connection after the work was done. */
  fail: (method: string, key: string, query: URLSearchParams) => number | 'drop' | undefined
  requests: number
  close(): Promise<void>
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

const etagOf = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`

export async function startFakeS3(): Promise<FakeS3> {
  const objects: FakeS3['objects'] = new Map()
  const uploads: FakeS3['uploads'] = new Map()
  const put = (key: string, body: Buffer | undefined): void =>
    void objects.set(key, [...(objects.get(key) ?? []), { id: randomUUID(), body, atMs: Date.now() }])
  const latest = (key: string): Buffer | undefined => objects.get(key)?.at(-1)?.body

  const answer = (
    method: string,
    key: string,
    query: URLSearchParams,
    headers: IncomingMessage['headers'],
    body: Buffer,
  ): { status: number; body?: string | Buffer; headers?: Record<string, string> } => {
    const uploadId = query.get('uploadId') ?? ''
    const prefix = query.get('prefix') ?? ''
    if (key === '') {
      if (query.has('versioning')) return { status: 200, body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>' } // prettier-ignore
      if (query.has('uploads')) {
        const items = [...uploads].map(([id, upload]) => `<Upload><Key>${upload.key}</Key><UploadId>${id}</UploadId><Initiated>2001-01-01T00:00:00Z</Initiated></Upload>`) // prettier-ignore
        return { status: 200, body: `<ListMultipartUploadsResult>${items.join('')}</ListMultipartUploadsResult>` }
      }
      if (query.has('versions')) {
        const items = [...objects].flatMap(([name, versions]) =>
          name.startsWith(prefix)
            ? versions.map((version, at) => {
                const kind = version.body === undefined ? 'DeleteMarker' : 'Version'
                const isLatest = at === versions.length - 1
                return `<${kind}><Key>${name}</Key><VersionId>${version.id}</VersionId><IsLatest>${isLatest}</IsLatest></${kind}>`
              })
            : [],
        )
        return { status: 200, body: `<ListVersionsResult>${items.join('')}</ListVersionsResult>` }
      }
      // Two on a page, so that pages are walked through.
      const names = [...objects.keys()].filter(name => name.startsWith(prefix) && latest(name) !== undefined).sort()
      const from = Number(query.get('continuation-token') ?? 0)
      const items = names.slice(from, from + 2).map(name => `<Contents><Key>${name}</Key><LastModified>${new Date(objects.get(name)?.at(-1)?.atMs ?? 0).toISOString()}</LastModified></Contents>`) // prettier-ignore
      const more = from + 2 < names.length ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${from + 2}</NextContinuationToken>` : '<IsTruncated>false</IsTruncated>' // prettier-ignore
      return { status: 200, body: `<ListBucketResult>${items.join('')}${more}</ListBucketResult>` }
    }
    if (method === 'POST' && query.has('uploads')) {
      const id = randomUUID()
      uploads.set(id, { key, parts: new Map() })
      return { status: 200, body: `<R><UploadId>${id}</UploadId></R>` }
    }
    if (method === 'POST') {
      const upload = uploads.get(uploadId)
      if (upload === undefined) return { status: 404, body: '<Error><Code>NoSuchUpload</Code></Error>' }
      put(key, Buffer.concat([...upload.parts].sort(([one], [other]) => one - other).map(([, part]) => part)))
      uploads.delete(uploadId)
      return { status: 200, body: '<R/>' }
    }
    if (method === 'DELETE') {
      const version = query.get('versionId')
      if (uploadId !== '') uploads.delete(uploadId)
      else if (version === null) put(key, undefined)
      else {
        const rest = (objects.get(key) ?? []).filter(({ id }) => id !== version)
        if (rest.length === 0) objects.delete(key)
        else objects.set(key, rest)
      }
      return { status: 204 }
    }
    if (method === 'PUT' && uploadId !== '') {
      uploads.get(uploadId)?.parts.set(Number(query.get('partNumber')), body)
      return { status: 200, headers: { etag: etagOf(body) } }
    }
    if (method === 'PUT') {
      const source = headers['x-amz-copy-source']
      const copied = typeof source === 'string' ? latest(source.split('/').slice(2).join('/')) : body
      if (copied === undefined) return { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' }
      put(key, copied)
      return { status: 200, body: '<R/>' }
    }
    const content = latest(key)
    if (content === undefined) return { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' }
    const etag = etagOf(content)
    if (headers['if-match'] !== undefined && headers['if-match'] !== etag) return { status: 412, body: '<Error><Code>PreconditionFailed</Code></Error>' } // prettier-ignore
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
    if (method === 'HEAD') return { status: 200, headers: { etag, 'content-length': String(content.length) } }
    if (from === undefined || content.length === 0) return { status: 200, body: content, headers: { etag } }
    const part = content.subarray(Number(from), Number(to) + 1)
    return { status: 206, body: part, headers: { etag, 'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${content.length}` } } // prettier-ignore
  }

  const fake: FakeS3 = {
    endpoint: '',
    objects,
    uploads,
    requests: 0,
    fail: () => undefined,
    close: () => new Promise(resolve => void server.close(() => resolve())),
  }
  const server = createServer((request, response) => {
    void (async () => {
      fake.requests++
      const body = await bodyOf(request)
      const url = new URL(request.url ?? '', 'http://fake')
      const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'))
      const method = request.method ?? ''
      const failure = fake.fail(method, key, url.searchParams)
      if (typeof failure === 'number') {
        response.writeHead(failure).end('<Error><Code>Told</Code></Error>')
        return
      }
      const { status, body: text, headers } = answer(method, key, url.searchParams, request.headers, body)
      if (failure === 'drop') {
        request.socket.destroy()
        return
      }
      response.writeHead(status, headers)
      response.end(method === 'HEAD' ? undefined : text)
    })()
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  return Object.assign(fake, { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}
