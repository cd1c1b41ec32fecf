import { Type } from 'typebox'
import {
  createWriter,
  FORMATS,
  MEDIA_TYPES,
  createSummary,
  type Report,
  type ReportFormat,
} from '../../report/index.ts'
import { isFinal, MAX_LOOKUPS, UseCaseError, type ScanRecord, type Submitted } from '../../usecases/index.ts'
import { sendEvents } from './events.ts'
import { negotiate } from './negotiate.ts'
import { HttpError, problemOf } from './problems.ts'
import { json, NO_CONTENT, ok, route, type Call, type Route } from './route.ts'
import * as s from './schemas.ts'
import { uploadsOf, type Upload } from './upload.ts'

const ById = s.closed({ id: s.Id })
const UploadHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ maxLength: 200, description: 'The same key within a day makes no second scan' }),
  ),
  'lazaret-password': Type.Optional(
    Type.String({ description: 'Passwords to try on encrypted content: percent-encoded, separated by commas' }),
  ),
  'lazaret-notify-secret': Type.Optional(Type.String({ maxLength: 1024, description: 'Key of the webhook signature' })),
})
const TAKING = ['too-large', 'body-too-large', 'unsupported-media-type', 'request-timeout', 'quota-exceeded', 'busy',
  'no-worker', 'storage-full', 'idempotency-conflict', 'shutting-down'] as const // prettier-ignore
const Format = s.oneOf(FORMATS as readonly [ReportFormat, ...ReportFormat[]], 'Format; comes before the header Accept')
const REPORT_TYPES = [...new Set(FORMATS.map(format => MEDIA_TYPES[format]))]
const REPORTS = FORMATS.toSorted((a, b) => Number(b === 'json') - Number(a === 'json')).map(
  format => [format, MEDIA_TYPES[format]] as const,
)

/** One upload through a use case; what the client did wrong comes before what the use case made of it. */
async function taken<T>({ failure }: Upload, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw failure() ?? error
  }
}

async function theOnly(call: Call<unknown, never>): Promise<Upload> {
  const { value } = await uploadsOf(call.request, call.query, call.door, call.signal).next()
  if (value === undefined) throw new UseCaseError('invalid-input', { detail: 'The body holds no file' })
  return value
}

/** 201 or 202 as it stands, and where it is. */
function accepted({ reply }: Call<unknown, unknown, unknown>, submitted: Submitted): Submitted {
  const { id, state } = submitted.scan
  void reply.code(isFinal(state) ? 200 : 202).header('location', `/api/v1/scans/${id}`)
  return submitted
}

/** A report by itself in the format asked for, always whole: the writers make documents of one report each. */
export function reportText(report: Report, format: ReportFormat): string {
  const writer = createWriter(format)
  const summary = createSummary()
  summary.report(report)
  return writer.begin() + writer.report(report) + writer.end(summary.summary(report.elapsedMs))
}

const formatOf = (call: Call<unknown, { format?: ReportFormat }>): ReportFormat =>
  call.query.format ?? negotiate<ReportFormat>(call.request.headers.accept, REPORTS)

const sharesTag = (given: string | undefined, etag: string): boolean =>
  given !== undefined && given.split(',').some(tag => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)

export const SCAN_ROUTES: readonly Route[] = [
  route({
    operationId: 'scanContent', tag: 'Scans', method: 'POST', path: '/scan', useCase: 'scan',
    summary: 'Scan content and wait for the result',
    description: 'The body is the content itself, or multipart with one file. The answer has record and report in JSON, or the report alone in the format that Accept or `format` names.',
    query: s.closed({ ...s.UploadQuery, format: Type.Optional(Format) }),
    headers: UploadHeaders,
    body: { kind: 'content', types: ['raw', 'multipart'] },
    replies: [{ status: 200, text: 'The result', schema: s.Scanned, types: REPORT_TYPES }],
    errors: [...TAKING, 'cancelled', 'not-acceptable'],
    async handle(call) {
      const format = formatOf(call)
      const { format: _, ...query } = call.query
      const upload = await theOnly({ ...call, query } as never)
      const result = await taken(upload, call.useCases.scan(call.principal, upload.input))
      void call.reply.header('location', `/api/v1/scans/${result.scan.id}`)
      if (format === 'json') return { how: result.how, scan: result.scan, report: result.report }
      if (result.report === undefined) throw new UseCaseError('no-report', { detail: result.scan.problem?.message ?? '' })
      return call.reply.type(MEDIA_TYPES[format]).send(reportText(result.report, format))
    },
  }),
  route({
    operationId: 'submitContent', tag: 'Scans', method: 'POST', path: '/scans', useCase: 'submit',
    summary: 'Take content in and scan it later',
    description: 'When the answer comes, content and job are stored: the scan will be made, whatever happens to the server. 200 where the result is known already.',
    query: s.closed(s.UploadQuery),
    headers: UploadHeaders,
    body: { kind: 'content', types: ['raw', 'multipart'] },
    replies: [
      { status: 202, text: 'Stored and queued', schema: s.Submitted },
      { status: 200, text: 'Known already: the scan is finished', schema: s.Submitted },
    ],
    errors: TAKING,
    async handle(call) {
      const upload = await theOnly(call as never)
      return accepted(call, await taken(upload, call.useCases.submit(call.principal, upload.input)))
    },
  }),
  route({
    operationId: 'submitBatch', tag: 'Scans', method: 'POST', path: '/scans/batch', useCase: 'submit',
    summary: 'Take many files in',
    description: 'A multipart body with files; `options` may be given by a field of JSON before them. Each file is stored for itself: an entry of the answer has a scan or a problem.',
    query: s.closed(s.UploadQuery),
    headers: UploadHeaders,
    body: { kind: 'content', types: ['multipart'], many: true },
    replies: [ok(Type.Object({ submissions: Type.Array(s.BatchEntry) }), 'What became of each file')],
    errors: TAKING,
    async handle(call) {
      if (!call.request.isMultipart()) throw new HttpError('unsupported-media-type', 'multipart/form-data')
      const submissions: unknown[] = []
      for await (const upload of uploadsOf(call.request, call.query, call.door, call.signal)) {
        const { name } = upload.input
        try {
          const { how, scan } = await taken(upload, call.useCases.submit(call.principal, upload.input))
          submissions.push({ name, how, scan })
        } catch (error) {
          // What broke the body broke all that would come; a refusal concerns one file.
          if (error instanceof HttpError) throw error
          submissions.push({ name, problem: problemOf(error).body })
          await drained(upload)
        }
      }
      return { submissions }
    },
  }),
  route({
    operationId: 'submitUrl', tag: 'Scans', method: 'POST', path: '/scans/url', useCase: 'submitUrl',
    summary: 'Fetch content from a URL and scan it later',
    description: 'Only where the server has it switched on. Private, loopback, link-local and other special addresses are refused, also behind redirects.',
    headers: Type.Object({ 'idempotency-key': UploadHeaders.properties['idempotency-key'] }),
    body: json(s.closed({
      url: Type.String({ maxLength: 2048, pattern: '^[Hh][Tt][Tt][Pp][Ss]?://', description: 'http or https' }),
      name: Type.Optional(s.Name),
      options: Type.Optional(s.Options),
      notify: Type.Optional(s.Notify),
      parent: Type.Optional(s.Id),
    })),
    example: { url: 'https://example.org/file.zip', options: { profile: 'thorough' } },
    replies: [
      { status: 202, text: 'Stored and queued', schema: s.Submitted },
      { status: 200, text: 'Known already', schema: s.Submitted },
    ],
    errors: [...TAKING, 'url-not-allowed', 'url-failed', 'not-configured'],
    async handle(call) {
      const { url, name = '', ...more } = call.body
      const key = call.request.headers['idempotency-key']
      const idempotency = typeof key === 'string' ? { idempotencyKey: key } : {}
      const input = { url, name, ...more, ...idempotency, signal: call.signal }
      return accepted(call, await call.useCases.submitUrl(call.principal, input))
    },
  }),
  route({
    operationId: 'getScan', tag: 'Scans', method: 'GET', path: '/scans/{id}', useCase: 'awaitScan',
    summary: 'State and outcome of one scan',
    description: 'With `wait` the answer comes when the scan has ended, or after so many seconds.',
    params: ById,
    query: s.closed({ wait: Type.Optional(Type.Integer({ minimum: 0, maximum: 300, description: 'Seconds' })) }),
    replies: [ok(s.Scan, 'The record')],
    errors: ['scan-not-found'],
    async handle({ useCases, principal, params, query, signal }): Promise<ScanRecord> {
      const { wait = 0 } = query
      return wait === 0
        ? useCases.getScan(principal, params)
        : useCases.awaitScan(principal, { ...params, timeoutMs: wait * 1000, signal })
    },
  }),
  route({
    operationId: 'watchScan', tag: 'Scans', method: 'GET', path: '/scans/{id}/events', useCase: 'watchScan',
    summary: 'Events of a scan until its end',
    description: 'Server-sent events: queued, running, progress, detection, finished, failed, cancelled. A comment comes as a heartbeat. With Last-Event-ID what was told is not told again; after the last event the answer is 204.',
    params: ById,
    headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ maxLength: 64, description: 'Last id that was seen' })) }),
    replies: [{ status: 200, text: 'Events', types: ['text/event-stream'] }, { status: 204, text: 'Everything was told' }],
    errors: ['scan-not-found', 'too-many-streams'],
    handle: call => sendEvents(call as never),
  }),
  route({
    operationId: 'cancelScan', tag: 'Scans', method: 'POST', path: '/scans/{id}/cancel', useCase: 'cancelScan',
    summary: 'Stop a scan', params: ById, replies: [ok(s.Scan, 'The record as it then is')],
    errors: ['scan-not-found', 'already-finished'],
    handle: ({ useCases, principal, params }) => useCases.cancelScan(principal, params),
  }),
  route({
    operationId: 'deleteScan', tag: 'Scans', method: 'DELETE', path: '/scans/{id}', useCase: 'deleteScan',
    summary: 'Delete a scan and its report', params: ById, replies: [NO_CONTENT], errors: ['scan-not-found'],
    handle: ({ useCases, principal, params }) => useCases.deleteScan(principal, params),
  }),
  route({
    operationId: 'getReport', tag: 'Scans', method: 'GET', path: '/scans/{id}/report', useCase: 'getReport',
    summary: 'Report of a finished scan',
    description: 'In the format that Accept names, or `format`. It never changes: If-None-Match with its ETag is answered 304. JSON is the report alone; XML, CSV, SARIF, JUnit and STIX are documents of results.',
    params: ById,
    query: s.closed({ format: Type.Optional(Format) }),
    headers: Type.Object({ 'if-none-match': Type.Optional(Type.String({ description: 'ETag of what is at hand' })) }),
    replies: [
      { status: 200, text: 'The report', schema: s.Report, types: REPORT_TYPES },
      { status: 304, text: 'The report at hand is the same' },
    ],
    errors: ['scan-not-found', 'not-finished', 'no-report', 'not-acceptable'],
    async handle(call) {
      const format = formatOf(call)
      const { scan, report } = await call.useCases.getReport(call.principal, call.params)
      const etag = `"${scan.id}-${format}-${report.version}"`
      void call.reply.headers({ etag, vary: 'Accept', 'cache-control': 'private, no-cache' })
      if (sharesTag(call.request.headers['if-none-match'], etag)) return call.reply.code(304).send()
      if (format === 'json') return report
      return call.reply.type(MEDIA_TYPES[format]).send(reportText(report, format))
    },
  }),
  route({
    operationId: 'lookUp', tag: 'Scans', method: 'GET', path: '/lookup/{digest}', useCase: 'lookUp',
    summary: 'What is known about content, by digest, without sending it',
    params: s.closed({ digest: s.Digest }), replies: [ok(s.LookUp, 'What is known; no sample where it was never seen')],
    async handle({ useCases, principal, params }) {
      const [answer] = await useCases.lookUp(principal, { digests: [params.digest] })
      return answer
    },
  }),
  route({
    operationId: 'lookUpMany', tag: 'Scans', method: 'POST', path: '/lookup', useCase: 'lookUp',
    summary: 'What is known about many contents',
    body: json(s.closed({ digests: Type.Array(s.Digest, { minItems: 1, maxItems: MAX_LOOKUPS }) })),
    example: { digests: ['275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f'] },
    replies: [ok(Type.Object({ answers: Type.Array(s.LookUp) }), 'Answers in the order of the digests')],
    async handle({ useCases, principal, body }) {
      return { answers: await useCases.lookUp(principal, body) }
    },
  }),
] // prettier-ignore

/** Reads what is left of a refused file, so that the next one can come. */
async function drained({ input }: Upload): Promise<void> {
  if (!('stream' in input.content)) return
  try {
    for await (const chunk of input.content.stream) void chunk
  } catch {
    // its end is what counts
  }
}
