import { USE_CASE_ERRORS, UseCaseError } from '../../usecases/index.ts'

// RFC 9457: what went wrong, as application/problem+json. The codes of the use cases, and those that only HTTP has.

interface ProblemSpec {
  readonly title: string
  readonly status: number
  readonly remedy: string
}

/** Refusals before a use case is reached. Codes are stable, as those of the use cases are. */
export const HTTP_ERRORS = {
  'malformed-request': {
    title: 'The request cannot be read',
    status: 400,
    remedy: 'Send HTTP/1.1 as RFC 9112 has it; JSON must be whole and UTF-8',
  },
  'no-such-route': { title: 'There is no such address', status: 404, remedy: 'GET /api/v1/openapi.json lists all' },
  'method-not-allowed': {
    title: 'The address does not take this method',
    status: 405,
    remedy: 'The header Allow names those it takes',
  },
  'not-acceptable': {
    title: 'No acceptable format',
    status: 406,
    remedy: 'Accept one of the media types that the detail names',
  },
  'request-timeout': { title: 'The request came too slowly', status: 408, remedy: 'Send it faster, in one go' },
  'body-too-large': {
    title: 'The body is too long',
    status: 413,
    remedy: 'Content goes to /scans; other bodies are short',
  },
  'unsupported-media-type': {
    title: 'The body has a type that is not taken here',
    status: 415,
    remedy: 'Send one of the types that the detail names',
  },
  'host-not-allowed': {
    title: 'This server does not answer to that name',
    status: 421,
    remedy: 'Use the address it listens on, or name the host with --http-host',
  },
  'cross-site': {
    title: 'The request comes from another site',
    status: 403,
    remedy: 'Browsers must send it from a page of this server, with the header X-CSRF-Token',
  },
  'headers-too-large': { title: 'The headers are too long', status: 431, remedy: 'Send fewer or shorter headers' },
  'too-many-streams': {
    title: 'Too many streams of events are open',
    status: 503,
    remedy: 'Ask again later, or poll',
  },
} as const satisfies Readonly<Record<string, ProblemSpec>>

export type HttpErrorCode = keyof typeof HTTP_ERRORS

/** A refusal of this door. */
export class HttpError extends Error {
  readonly code: HttpErrorCode
  readonly detail: string | undefined
  readonly headers: Readonly<Record<string, string>>
  constructor(code: HttpErrorCode, detail?: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail ?? HTTP_ERRORS[code].title)
    this.code = code
    this.detail = detail
    this.headers = headers
  }
}

export const PROBLEM_TYPE = 'application/problem+json'

/** An answer that says what went wrong. */
export interface Problem {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: {
    readonly type: string
    readonly title: string
    readonly status: number
    readonly code: string
    readonly detail?: string
    readonly where?: string | number
    readonly remedy: string
  }
}

/** Longest text of a request that comes back in an answer. */
const MAX_DETAIL_CHARS = 1000

/** Any error as an answer; what nobody expected says nothing of the inside. */
export function problemOf(error: unknown): Problem {
  if (error instanceof HttpError) return made(error.code, HTTP_ERRORS[error.code], error.detail, error.headers)
  if (!(error instanceof UseCaseError)) return made('internal', USE_CASE_ERRORS.internal)
  const spec = USE_CASE_ERRORS[error.code]
  const detail = error.code === 'internal' ? undefined : error.detail
  const retry =
    error.retryAfterMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))) }
  const login = spec.status === 401 ? { 'www-authenticate': 'Bearer realm="lazaret"' } : {}
  return made(error.code, spec, detail, { ...retry, ...login }, error.where)
}

function made(
  code: string,
  { title, status, remedy }: ProblemSpec,
  detail?: string,
  headers: Readonly<Record<string, string>> = {},
  where?: string | number,
): Problem {
  return {
    status,
    headers,
    body: {
      type: `urn:lazaret:problem:${code}`,
      title,
      status,
      code,
      ...(detail === undefined ? {} : { detail: detail.toWellFormed().slice(0, MAX_DETAIL_CHARS) }),
      ...(where === undefined ? {} : { where }),
      remedy,
    },
  }
}
