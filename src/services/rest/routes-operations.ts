import { Type } from 'typebox'
import { METRICS_TYPE, metricsText } from './metrics.ts'
import { json, NO_CONTENT, ok, route, type Route } from './route.ts'
import * as s from './schemas.ts'

const ById = s.closed({ id: s.Id })
const ByAnyId = s.closed({ id: s.AnyId })
const Page = s.closed(s.PageQuery)

export const OPERATION_ROUTES: readonly Route[] = [
  route({
    operationId: 'startRetroScan', tag: 'Retro-scans', method: 'POST', path: '/retro-scans', useCase: 'startRetroScan',
    summary: 'Scan everything kept again with the database of now',
    body: json(s.closed({ query: Type.Optional(Type.String({ maxLength: 4096, description: 'Only what it matches' })) })), example: { query: 'type:pe' },
    replies: [{ status: 202, text: 'It has begun', schema: s.RetroScan }], errors: ['invalid-query', 'conflict'],
    async handle({ useCases, principal, body, reply }) {
      const retro = await useCases.startRetroScan(principal, body)
      void reply.code(202).header('location', `/api/v1/retro-scans/${retro.id}`)
      return retro
    },
  }),
  route({
    operationId: 'listRetroScans', tag: 'Retro-scans', method: 'GET', path: '/retro-scans', useCase: 'listRetroScans',
    summary: 'Retro-scans, newest first', query: Page, replies: [ok(s.pageOf(s.RetroScan), 'One page')], errors: ['invalid-cursor'],
    handle: ({ useCases, principal, query }) => useCases.listRetroScans(principal, query),
  }),
  route({
    operationId: 'getRetroScan', tag: 'Retro-scans', method: 'GET', path: '/retro-scans/{id}', useCase: 'getRetroScan',
    summary: 'Progress of a retro-scan', params: ById, replies: [ok(s.RetroScan, 'How it stands')], errors: ['not-found'],
    handle: ({ useCases, principal, params }) => useCases.getRetroScan(principal, params),
  }),
  route({
    operationId: 'listChangedVerdicts', tag: 'Retro-scans', method: 'GET', path: '/retro-scans/{id}/changes', useCase: 'listChangedVerdicts',
    summary: 'Verdicts that a retro-scan changed', params: ById, query: Page,
    replies: [ok(s.pageOf(s.ChangedVerdict), 'One page')], errors: ['not-found', 'invalid-cursor'],
    handle: ({ useCases, principal, params, query }) => useCases.listChangedVerdicts(principal, { ...params, ...query }),
  }),
  route({
    operationId: 'cancelRetroScan', tag: 'Retro-scans', method: 'POST', path: '/retro-scans/{id}/cancel', useCase: 'cancelRetroScan',
    summary: 'Stop a retro-scan', params: ById, replies: [ok(s.RetroScan, 'How it then stands')], errors: ['not-found', 'already-finished'],
    handle: ({ useCases, principal, params }) => useCases.cancelRetroScan(principal, params),
  }),
  route({
    operationId: 'listDatabases', tag: 'Signatures', method: 'GET', path: '/databases', useCase: 'listDatabases',
    summary: 'Signature databases in use', replies: [ok(Type.Object({ databases: Type.Array(s.Database) }), 'All of them')], errors: ['not-configured'],
    handle: async ({ useCases, principal }) => ({ databases: await useCases.listDatabases(principal) }),
  }),
  route({
    operationId: 'reloadDatabase', tag: 'Signatures', method: 'POST', path: '/databases/reload', useCase: 'reloadDatabase',
    summary: 'Read the signatures again', replies: [ok(s.Reloaded, 'What came of it')],
    handle: ({ useCases, principal }) => useCases.reloadDatabase(principal),
  }),
  route({
    operationId: 'searchSignatures', tag: 'Signatures', method: 'GET', path: '/signatures', useCase: 'searchSignatures',
    summary: 'Signatures by name', query: s.closed({ ...s.PageQuery, text: Type.String({ maxLength: 256, description: 'Part of the name', examples: ['Eicar'] }) }),
    replies: [ok(s.pageOf(s.Signature), 'One page')], errors: ['invalid-cursor', 'not-configured'],
    handle: ({ useCases, principal, query }) => useCases.searchSignatures(principal, query),
  }),
  route({
    operationId: 'getSignature', tag: 'Signatures', method: 'GET', path: '/signatures/{name}', useCase: 'getSignature',
    summary: 'One signature with its source', params: s.closed({ name: Type.String({ minLength: 1, maxLength: 1024, description: 'Its whole name' }) }),
    replies: [ok(Type.Object({ signatures: Type.Array(s.Signature) }), 'All with this name')], errors: ['not-found', 'not-configured'],
    handle: async ({ useCases, principal, params }) => ({ signatures: await useCases.getSignature(principal, params) }),
  }),
  route({
    operationId: 'getEngine', tag: 'Server', method: 'GET', path: '/engine', useCase: 'getEngineInfo',
    summary: 'Version, database and load of the engines', replies: [ok(s.Engine, 'The engines')],
    handle: ({ useCases, principal }) => useCases.getEngineInfo(principal),
  }),
  route({
    operationId: 'getHealth', tag: 'Server', method: 'GET', path: '/health', useCase: 'getHealth',
    summary: 'Whether the server lives', replies: [ok(s.Health, 'It lives')],
    handle: ({ useCases, principal }) => useCases.getHealth(principal),
  }),
  route({
    operationId: 'getReadiness', tag: 'Server', method: 'GET', path: '/ready', useCase: 'getReadiness',
    summary: 'Whether the server can take work',
    replies: [ok(s.Readiness, 'It can'), { status: 503, text: 'It cannot; the checks say why', schema: s.Readiness }],
    async handle({ useCases, principal, reply }) {
      const readiness = await useCases.getReadiness(principal)
      void reply.code(readiness.ok ? 200 : 503)
      return readiness
    },
  }),
  route({
    operationId: 'getMetrics', tag: 'Server', method: 'GET', path: '/metrics', useCase: 'getMetrics',
    summary: 'Numbers for monitoring', description: 'Text format 0.0.4 of Prometheus.',
    replies: [{ status: 200, text: 'The numbers', types: ['text/plain'] }],
    async handle({ useCases, principal, reply, door }) {
      const metrics = await useCases.getMetrics(principal)
      return reply.type(METRICS_TYPE).send(metricsText([...metrics, ...door.metrics.metrics()]))
    },
  }),
  route({
    operationId: 'getQueue', tag: 'Server', method: 'GET', path: '/queue', useCase: 'getQueue',
    summary: 'State of the queue', replies: [ok(s.Queue, 'The queue')],
    handle: ({ useCases, principal }) => useCases.getQueue(principal),
  }),
  route({
    operationId: 'listDeadLetters', tag: 'Server', method: 'GET', path: '/dead-letters', useCase: 'listDeadLetters',
    summary: 'Jobs and deliveries that were given up', query: Page, replies: [ok(s.pageOf(s.DeadLetter), 'One page')], errors: ['invalid-cursor'],
    handle: ({ useCases, principal, query }) => useCases.listDeadLetters(principal, query),
  }),
  route({
    operationId: 'retryDeadLetter', tag: 'Server', method: 'POST', path: '/dead-letters/{id}/retry', useCase: 'retryDeadLetter',
    summary: 'Try one of them again', params: ByAnyId, replies: [NO_CONTENT], errors: ['not-found', 'content-not-kept'],
    handle: ({ useCases, principal, params }) => useCases.retryDeadLetter(principal, params),
  }),
  route({
    operationId: 'discardDeadLetter', tag: 'Server', method: 'DELETE', path: '/dead-letters/{id}', useCase: 'discardDeadLetter',
    summary: 'Drop one of them', params: ByAnyId, replies: [NO_CONTENT], errors: ['not-found'],
    handle: ({ useCases, principal, params }) => useCases.discardDeadLetter(principal, params),
  }),
  route({
    operationId: 'getRetention', tag: 'Server', method: 'GET', path: '/retention', useCase: 'getRetention',
    summary: 'Rules after which data is deleted', replies: [ok(s.Retention, 'The rules')],
    handle: ({ useCases, principal }) => useCases.getRetention(principal),
  }),
  route({
    operationId: 'setRetention', tag: 'Server', method: 'PUT', path: '/retention', useCase: 'setRetention',
    summary: 'Change those rules', body: json(s.Retention), example: { cleanDays: 30, contentDays: 90 }, replies: [ok(s.Retention, 'The rules as they then are')],
    handle: ({ useCases, principal, body }) => useCases.setRetention(principal, body),
  }),
  route({
    operationId: 'applyRetention', tag: 'Server', method: 'POST', path: '/retention/apply', useCase: 'applyRetention',
    summary: 'Delete what is due, now', replies: [ok(s.RetentionOutcome, 'What was deleted')],
    handle: ({ useCases, principal }) => useCases.applyRetention(principal),
  }),
  route({
    operationId: 'rotateVaultKey', tag: 'Server', method: 'POST', path: '/vault/rotate-key', useCase: 'rotateVaultKey',
    summary: 'Encrypt new content with a new key', replies: [ok(Type.Object({ key: Type.String() }), 'Id of the new key')],
    handle: ({ useCases, principal }) => useCases.rotateVaultKey(principal),
  }),
] // prettier-ignore
