import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { DOWNLOAD_FORMATS, MAX_COUNTED, FACETS, SEARCH_SORTS, UseCaseError } from '../../usecases/index.ts'
import type { ByteRange } from '../../usecases/index.ts'
import { json, NO_CONTENT, ok, route, type Route } from './route.ts'
import * as s from './schemas.ts'

const BySha256 = s.closed({ sha256: s.Sha256 })
const ById = s.closed({ id: s.Id })
const Tags = Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9\\-_.:]{0,63}$' }), { maxItems: 64 })
const query = Type.Optional(Type.String({ maxLength: 4096, description: 'docs/search.md has the grammar; absent: everything', examples: ['verdict:infected size>1MB'] })) // prettier-ignore

/**
 * One range of bytes (RFC 9110, section 14.2); undefined where there is none, or one that is to be ignored.
 * A suffix is told by a negative offset.
 */
export function rangeOf(header: string | undefined): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  if (match[1] === '') return { offset: -Number(match[2]) }
  const offset = Number(match[1])
  if (match[2] === '') return { offset }
  const length = Number(match[2]) - offset + 1
  return length > 0 ? { offset, length } : undefined
}

export const SAMPLE_ROUTES: readonly Route[] = [
  route({
    operationId: 'listArtifacts', tag: 'Artifacts', method: 'GET', path: '/scans/{id}/artifacts', useCase: 'listArtifacts',
    summary: 'Artifact tree of a scan, in pages',
    description: 'Everything, parents first; with `under` what lies directly inside of one artifact.',
    params: ById,
    query: s.closed({ ...s.PageQuery, under: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31, description: 'Id of an artifact' })) }),
    replies: [ok(s.pageOf(s.Artifact), 'One page')],
    errors: ['scan-not-found', 'not-finished', 'no-report', 'invalid-cursor'],
    handle: ({ useCases, principal, params, query: page }) => useCases.listArtifacts(principal, { ...params, ...page }),
  }),
  route({
    operationId: 'readArtifact', tag: 'Artifacts', method: 'GET', path: '/scans/{id}/artifacts/{artifact}/content', useCase: 'readArtifact',
    summary: 'Bytes of an artifact',
    description: 'As they are, dangerous as they may be: a download that no browser opens. Takes one range.',
    params: s.closed({ id: s.Id, artifact: Type.Integer({ minimum: 0, maximum: 2 ** 31, description: 'Id of the artifact' }) }),
    headers: Type.Object({
      range: Type.Optional(Type.String({ description: 'bytes=FIRST-LAST', examples: ['bytes=0-511'] })),
      'if-range': Type.Optional(Type.String({ description: 'ETag that the range is of' })),
    }),
    replies: [
      { status: 200, text: 'All bytes', types: ['application/octet-stream'] },
      { status: 206, text: 'The range', types: ['application/octet-stream'] },
    ],
    errors: ['scan-not-found', 'artifact-not-found', 'content-not-kept', 'range-not-satisfiable', 'not-finished', 'no-report'],
    async handle({ useCases, principal, params, request, reply }) {
      let range = rangeOf(request.headers.range)
      const ifRange = request.headers['if-range']
      if (range !== undefined && (range.offset < 0 || ifRange !== undefined)) {
        const whole = await useCases.readArtifact(principal, params)
        await whole.stream[Symbol.asyncIterator]().return?.()
        if (ifRange !== undefined && ifRange !== `"${whole.sha256}"`) range = undefined
        else if (range.offset < 0) range = lastOf(whole.sizeBytes, -range.offset)
      }
      const bytes = await useCases.readArtifact(principal, { ...params, ...(range === undefined ? {} : { range }) })
      const last = bytes.offset + bytes.length - 1
      void reply.headers({
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="${bytes.sha256}.bin"`,
        'content-length': String(bytes.length),
        'accept-ranges': 'bytes',
        etag: `"${bytes.sha256}"`,
        'cache-control': 'private, no-store',
        ...(range === undefined ? {} : { 'content-range': `bytes ${bytes.offset}-${last}/${bytes.sizeBytes}` }),
      })
      return reply.code(range === undefined ? 200 : 206).send(Readable.from(bytes.stream, { objectMode: false }))
    },
  }),
  route({
    operationId: 'getSample', tag: 'Samples', method: 'GET', path: '/samples/{digest}', useCase: 'getSample',
    summary: 'One content with its tags, comments and scans', params: s.closed({ digest: s.Digest }),
    replies: [ok(s.SampleAnswer, 'The content')], errors: ['sample-not-found'],
    handle: ({ useCases, principal, params }) => useCases.getSample(principal, params),
  }),
  route({
    operationId: 'download', tag: 'Samples', method: 'GET', path: '/samples/{sha256}/download', useCase: 'download',
    summary: 'Content as an encrypted archive', params: BySha256,
    query: s.closed({ format: Type.Optional(s.oneOf(DOWNLOAD_FORMATS, 'Default: zip')) }),
    replies: [{ status: 200, text: 'The archive', types: ['application/zip', 'application/octet-stream'] }],
    errors: ['sample-not-found', 'content-not-kept', 'not-configured'],
    async handle({ useCases, principal, params, query: { format = 'zip' }, reply }) {
      const { filename, mediaType, stream } = await useCases.download(principal, { ...params, format })
      const safe = filename.replaceAll(/[^\w.-]/g, '_')
      return reply.headers({ 'content-type': mediaType, 'content-disposition': `attachment; filename="${safe}"`, 'cache-control': 'private, no-store' })
        .send(Readable.from(stream, { objectMode: false }))
    },
  }),
  route({
    operationId: 'changeTags', tag: 'Samples', method: 'POST', path: '/samples/{sha256}/tags', useCase: 'changeTags',
    summary: 'Add and remove tags of content', params: BySha256,
    body: json(s.closed({ add: Type.Optional(Tags), remove: Type.Optional(Tags) })),
    example: { add: ['emotet'], remove: ['unknown'] },
    replies: [ok(Type.Object({ tags: Type.Array(Type.String()) }), 'The tags as they then are')],
    errors: ['sample-not-found'],
    handle: async ({ useCases, principal, params, body }) => ({ tags: await useCases.changeTags(principal, { ...params, ...body }) }),
  }),
  route({
    operationId: 'addComment', tag: 'Samples', method: 'POST', path: '/samples/{sha256}/comments', useCase: 'addComment',
    summary: 'Comment on content', params: BySha256,
    body: json(s.closed({ text: Type.String({ minLength: 1, maxLength: 10_000 }) })), example: { text: 'Seen in a mail.' },
    replies: [{ status: 201, text: 'The comment', schema: s.Comment }], errors: ['sample-not-found'],
    async handle({ useCases, principal, params, body, reply }) {
      const comment = await useCases.addComment(principal, { ...params, ...body })
      void reply.code(201)
      return comment
    },
  }),
  route({
    operationId: 'deleteComment', tag: 'Samples', method: 'DELETE', path: '/comments/{id}', useCase: 'deleteComment',
    summary: 'Delete a comment', params: s.closed({ id: s.AnyId }), replies: [NO_CONTENT], errors: ['not-found'],
    handle: ({ useCases, principal, params }) => useCases.deleteComment(principal, params),
  }),
  route({
    operationId: 'deleteSample', tag: 'Samples', method: 'DELETE', path: '/samples/{digest}', useCase: 'deleteSample',
    summary: 'Delete content with every scan of it', params: s.closed({ digest: s.Sha256 }), replies: [NO_CONTENT], errors: ['sample-not-found'],
    handle: ({ useCases, principal, params }) => useCases.deleteSample(principal, { sha256: params.digest }),
  }),
  route({
    operationId: 'rescan', tag: 'Samples', method: 'POST', path: '/samples/{digest}/rescan', useCase: 'rescan',
    summary: 'Scan kept content again', params: s.closed({ digest: s.Digest }),
    body: json(s.closed({ options: Type.Optional(s.Options), notify: Type.Optional(s.Notify) })), example: { options: { profile: 'thorough' } },
    replies: [{ status: 202, text: 'Stored and queued', schema: s.Submitted }],
    errors: ['sample-not-found', 'content-not-kept', 'busy', 'quota-exceeded', 'no-worker'],
    async handle({ useCases, principal, params, body, reply }) {
      const submitted = await useCases.rescan(principal, { ...params, ...body })
      void reply.code(202).header('location', `/api/v1/scans/${submitted.scan.id}`)
      return submitted
    },
  }),
  route({
    operationId: 'search', tag: 'Search', method: 'GET', path: '/search', useCase: 'search',
    summary: 'Scans that a query matches',
    description: `Newest first. Counts and facets only where asked for; counting stops at ${MAX_COUNTED}.`,
    query: s.closed({
      query, ...s.PageQuery,
      sort: Type.Optional(s.oneOf(SEARCH_SORTS, 'Default: time')),
      order: Type.Optional(s.oneOf(['ascending', 'descending'], 'Default: descending')),
      count: Type.Optional(Type.Boolean({ description: 'Count what matches' })),
      facets: Type.Optional(Type.Array(s.oneOf(FACETS), { maxItems: FACETS.length, description: 'Most frequent values of these' })),
    }),
    replies: [ok(s.SearchAnswer, 'One page')], errors: ['invalid-query', 'invalid-cursor'],
    handle: ({ useCases, principal, query: { query: text = '', order = 'descending', ...more } }) =>
      useCases.search(principal, { query: text, descending: order === 'descending', ...more }),
  }),
  route({
    operationId: 'completeQuery', tag: 'Search', method: 'GET', path: '/search/completions', useCase: 'completeQuery',
    summary: 'How a query may go on',
    query: s.closed({ query, position: Type.Optional(Type.Integer({ minimum: 0, maximum: 4096, description: 'Place of the cursor; default: the end' })) }),
    replies: [ok(Type.Object({ completions: Type.Array(s.Completion) }), 'At most 20')],
    handle: async ({ useCases, principal, query: { query: text = '', ...more } }) =>
      ({ completions: await useCases.completeQuery(principal, { query: text, ...more }) }),
  }),
  route({
    operationId: 'getStatistics', tag: 'Search', method: 'GET', path: '/statistics', useCase: 'getStatistics',
    summary: 'Counts by time, source, verdict and more', query: s.closed(s.StatisticsQuery), replies: [ok(s.Statistics, 'The counts')],
    handle: ({ useCases, principal, query: question }) => useCases.getStatistics(principal, question),
  }),
] // prettier-ignore

function lastOf(sizeBytes: number, length: number): ByteRange {
  if (length === 0 || sizeBytes === 0) throw new UseCaseError('range-not-satisfiable', { detail: `the size is ${sizeBytes}` })
  return { offset: Math.max(0, sizeBytes - length) }
} // prettier-ignore
