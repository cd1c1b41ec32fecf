import type { Socket } from 'node:net'
import multipart from '@fastify/multipart'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import {
  isAllowed, POLICY, UseCaseError, type Authenticator, type Principal, type UseCases,
} from '../../usecases/index.ts' // prettier-ignore
import { resolveLimits } from '../limits.ts'
import { ListenError } from '../listen-error.ts'
import { credentialsOf, hostNameOf, isLoopback, LOOPBACK_NAMES, refuseOtherSites } from './identity.ts'
import { REST_LIMITS, type RestLimits } from './limits.ts'
import { RequestMetrics } from './metrics.ts'
import { openApiOf } from './openapi.ts'
import { collected, paced } from './pace.ts'
import { pageOf, PAGE_POLICY } from './page.ts'
import { HttpError, problemOf, PROBLEM_TYPE } from './problems.ts'
import { rateHeaders, Rates } from './rates.ts'
import type { Route } from './route.ts'
import { ROUTES } from './routes.ts'
import { callerOf, type UploadDoor } from './upload.ts'
import { checker, parsedJson, textChecker } from './validate.ts'

export interface RestOptions {
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
  readonly useCases: UseCases
  readonly authenticator: Authenticator
  readonly version: string
  readonly limits?: Partial<RestLimits>
  /** Names in Host headers that are answered to; absent on loopback: loopback names; absent elsewhere: any. */
  readonly hosts?: readonly string[]
  /** Certificate and key in PEM form: HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string }
  readonly log: (line: string) => void
}

export interface RestListener {
  /** `http://127.0.0.1:8320` */
  readonly address: string
  close(): Promise<void>
}

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
}
const BASE = '/api/v1'

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal
  }
}

/** @throws ListenError */
export async function startRest(options: RestOptions): Promise<RestListener> {
  const limits = resolveLimits('http', REST_LIMITS, options.limits ?? {})
  const closing = new AbortController()
  const app = appOf(options, limits, closing.signal)
  try {
    await app.listen({ host: options.host, port: options.port })
  } catch (error) {
    const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    const message = error instanceof Error ? error.message : String(error)
    throw new ListenError(inUse ? 'address-in-use' : 'listen-failed', message, error)
  }
  const bound = app.server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.port
  const name = options.host.includes(':') ? `[${options.host}]` : options.host
  return {
    address: `${options.tls === undefined ? 'http' : 'https'}://${name}:${port}`,
    async close() {
      closing.abort()
      const timer = setTimeout(() => app.server.closeAllConnections(), limits.drainTimeoutMs)
      await app.close()
      clearTimeout(timer)
    },
  }
}

function appOf(options: RestOptions, limits: RestLimits, closing: AbortSignal): FastifyInstance {
  const { tls } = options
  const app = fastify({
    logger: false,
    bodyLimit: Number.MAX_SAFE_INTEGER,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveMs,
    routerOptions: { maxParamLength: 1100, ignoreTrailingSlash: false },
    http: {
      maxHeaderSize: limits.maxHeaderBytes,
      insecureHTTPParser: false,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
    },
    ...(tls === undefined ? {} : { https: { cert: tls.cert, key: tls.key, ...clientCaOf(tls.clientCa) } }),
    clientErrorHandler,
  } as never) as unknown as FastifyInstance
  app.server.maxConnections = limits.maxConnections
  app.server.maxHeadersCount = limits.maxHeaders
  const door: UploadDoor = { limits, metrics: new RequestMetrics() }
  // Each part is bounded by the pace of this door, not by the reader.
  void app.register(multipart, { limits: { fileSize: Number.MAX_SAFE_INTEGER }, throwFileSizeLimit: false })
  takeBodies(app, limits)
  guard(app, options, limits)
  refuse(app, options.log)
  app.setSerializerCompiler(() => data => JSON.stringify(data))
  const document = JSON.stringify(openApiOf(ROUTES, options.version))
  const page = pageOf(ROUTES, options.version)
  const html = (reply: FastifyReply, text: string): FastifyReply =>
    reply.headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': PAGE_POLICY }).send(text)
  app.get(`${BASE}/openapi.json`, (_, reply) => reply.type('application/json').send(document))
  app.get(`${BASE}/docs`, (_, reply) => html(reply, page))
  for (const route of ROUTES) add(app, route, options.useCases, door, closing)
  return app
}

const clientCaOf = (ca: string | undefined): object =>
  ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }

/** JSON is collected, at a pace and up to a length; anything else is content and stays a stream. */
function takeBodies(app: FastifyInstance, limits: RestLimits): void {
  const { minBytesPerSecond, rateWindowMs: windowMs, maxBodyBytes: maxBytes } = limits
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(/^application\/json(?:;|$)/, async (request: FastifyRequest, payload: unknown) => {
    if (routeOf(request)?.body?.kind === 'content') return payload
    const tooLarge = (): Error => new HttpError('body-too-large', `At most ${maxBytes} bytes`)
    return parsedJson(await collected(paced(payload as never, { minBytesPerSecond, windowMs, maxBytes }, tooLarge)))
  })
  app.addContentTypeParser('*', (request: FastifyRequest, payload: unknown, done: (error: Error | null, body?: unknown) => void) => {
    const body = routeOf(request)?.body
    if (body?.kind === 'content') done(null, payload)
    else done(new HttpError('unsupported-media-type', 'application/json'))
  })
} // prettier-ignore

const routeOf = (request: FastifyRequest): Route | undefined =>
  (request.routeOptions.config as { readonly route?: Route }).route

/** Host, site, identity, rate and role: everything before the first byte of a body is read. */
function guard(app: FastifyInstance, { authenticator, hosts, host }: RestOptions, limits: RestLimits): void {
  const rates = new Rates()
  const names = hosts ?? (LOOPBACK_NAMES.includes(host) || host === '::1' ? LOOPBACK_NAMES : undefined)
  const nobody: Principal = { account: '', name: '', role: undefined, address: '', door: 'rest' }
  app.decorateRequest('principal')
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(SECURITY_HEADERS)
    const address = request.socket.remoteAddress ?? ''
    request.principal = { ...nobody, address }
    if (names !== undefined && !names.includes(hostNameOf(request.headers.host ?? '')))
      throw new HttpError('host-not-allowed')
    refuseOtherSites(request)
    const count = (caller: string, limit: number): void => {
      const rate = rates.count(caller, limit, Date.now())
      if (rate === undefined) return
      void reply.headers(rateHeaders(rate))
      if (!rate.allowed) throw new UseCaseError('rate-limited', { retryAfterMs: rate.resetSeconds * 1000 })
    }
    const peer = { address, door: 'rest', loopback: isLoopback(address) } as const
    try {
      request.principal = await authenticator.authenticate(credentialsOf(request), peer)
    } catch (error) {
      count(`address ${address}`, limits.anonymousPerMinute)
      throw error
    }
    const { principal } = request
    count(callerOf(principal), principal.role === undefined ? limits.anonymousPerMinute : limits.requestsPerMinute)
    const useCase = routeOf(request)?.useCase
    if (useCase === undefined || isAllowed(principal, useCase)) return
    if (principal.role === undefined) throw new UseCaseError('not-authenticated')
    throw new UseCaseError('not-allowed', { detail: POLICY[useCase].text })
  })
}

function refuse(app: FastifyInstance, log: (line: string) => void): void {
  app.setErrorHandler((error: unknown, request, reply) => {
    const known = inWords(error)
    const { status, headers, body } = problemOf(known)
    if (status === 500) log(`http: ${request.method} ${request.routeOptions.url ?? ''}: ${String(error)}`)
    // What was not read of a body is not read to find the next request in it.
    if (!request.raw.complete) void reply.header('connection', 'close')
    return reply
      .code(status)
      .headers({ ...headers, 'content-type': PROBLEM_TYPE })
      .send(JSON.stringify(body))
  })
  app.setNotFoundHandler(async (request, _reply) => {
    const path = request.url.split('?', 1)[0]
    const methods = ROUTES.filter(route => matcherOf(route).test(path)).map(({ method }) => method)
    if (methods.length > 0)
      throw new HttpError('method-not-allowed', undefined, { allow: [...new Set(methods)].join(', ') })
    throw new HttpError('no-such-route')
  })
}

const matcherOf = ({ path }: Route): RegExp =>
  new RegExp(`^${BASE}${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`)

/** fastify's own refusals. */
function inWords(error: unknown): unknown {
  if (error instanceof HttpError || error instanceof UseCaseError || !(error instanceof Error)) return error
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new HttpError('unsupported-media-type')
  const status = 'statusCode' in error ? Number(error.statusCode) : 500
  return status >= 400 && status < 500 ? new HttpError('malformed-request') : error
}

function add(app: FastifyInstance, route: Route, useCases: UseCases, door: UploadDoor, closing: AbortSignal): void {
  const params = textChecker(route.params)
  const query = textChecker(route.query)
  const body = route.body?.kind === 'json' ? checker(route.body.schema) : () => undefined
  app.route({
    method: route.method,
    url: `${BASE}${route.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    config: { route } as never,
    async handler(request, reply) {
      const startedMs = performance.now()
      reply.raw.once('close', () =>
        door.metrics.add(route.operationId, reply.statusCode, (performance.now() - startedMs) / 1000),
      )
      if (route.body?.kind === 'content' && !isContent(request)) throw new HttpError('unsupported-media-type', 'application/octet-stream, multipart/form-data')
      const call = {
        useCases, principal: request.principal, request, reply, door,
        params: params(request.params), query: query(request.query),
        body: body(request.body ?? {}), signal: signalOf(request, reply, closing),
      }
      const answer = await route.handle(call as never)
      if (reply.sent || answer === reply) return reply
      if (answer === undefined) return reply.code(204).send()
      return reply.type('application/json').send(JSON.stringify(answer))
    },
  })
} // prettier-ignore

/** A body that is there; an empty file is content too. */
const isContent = ({ headers, body }: FastifyRequest): boolean =>
  headers['content-type'] !== undefined && (body !== undefined || headers['content-type'].startsWith('multipart/'))

/** Aborts when the client has gone before its answer. */
function signalOf(request: FastifyRequest, reply: FastifyReply, closing: AbortSignal): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableEnded || !request.raw.complete) gone.abort()
  })
  const stop = (): void => gone.abort()
  closing.addEventListener('abort', stop, { once: true })
  reply.raw.once('close', () => closing.removeEventListener('abort', stop))
  return gone.signal
}

/** What is no HTTP: answered, and the connection closed, so that nothing behind it is taken for a request. */
function clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const codes: Record<string, HttpError> = {
    HPE_HEADER_OVERFLOW: new HttpError('headers-too-large'),
    ERR_HTTP_REQUEST_TIMEOUT: new HttpError('request-timeout'),
  }
  const { status, body } = problemOf(codes[error.code ?? ''] ?? new HttpError('malformed-request'))
  const text = JSON.stringify(body)
  socket.end(
    `HTTP/1.1 ${status} ${status === 431 ? 'Request Header Fields Too Large' : 'Bad Request'}\r\nConnection: close\r\n` +
      `Content-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
}
