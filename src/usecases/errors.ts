// Everything a use case may refuse, one code each. REST, SOAP and the command line word their errors from this table;
// docs/errors.md lists the same codes.

interface ErrorSpec {
  /** RFC 9457 title: the kind of problem, always the same sentence. */
  readonly title: string
  /** HTTP status. */
  readonly status: number
  /** SOAP fault: whether the caller or the server is to mend it. */
  readonly fault: 'Sender' | 'Receiver'
  readonly remedy: string
}

/** Codes are stable: none is renamed or given another meaning. */
export const USE_CASE_ERRORS = {
  'not-authenticated': {
    title: 'Nobody is logged in',
    status: 401,
    fault: 'Sender',
    remedy: 'Log in, or show an API key',
  },
  'wrong-credentials': {
    title: 'The credentials are wrong',
    status: 401,
    fault: 'Sender',
    remedy: 'Check them; too many failures lock for a while',
  },
  'not-allowed': {
    title: 'The role does not allow this',
    status: 403,
    fault: 'Sender',
    remedy: 'Ask an administrator for another role',
  },
  'invalid-input': {
    title: 'The request is not valid',
    status: 400,
    fault: 'Sender',
    remedy: 'The detail names the part; docs/rest.md describes it',
  },
  'invalid-query': {
    title: 'The search query cannot be read',
    status: 400,
    fault: 'Sender',
    remedy: 'docs/search.md has the grammar; the position says where',
  },
  'invalid-cursor': {
    title: 'The cursor does not belong to this query',
    status: 400,
    fault: 'Sender',
    remedy: 'Begin again without a cursor',
  },
  'scan-not-found': { title: 'There is no such scan', status: 404, fault: 'Sender', remedy: 'Check the id' },
  'sample-not-found': { title: 'There is no such content', status: 404, fault: 'Sender', remedy: 'Check the digest' },
  'artifact-not-found': {
    title: 'There is no such artifact in this scan',
    status: 404,
    fault: 'Sender',
    remedy: 'The artifact tree lists ids and paths',
  },
  'not-found': { title: 'There is no such thing', status: 404, fault: 'Sender', remedy: 'Check the id' },
  'content-not-kept': {
    title: 'The content is not kept',
    status: 410,
    fault: 'Sender',
    remedy: 'Submit it again, with keep=everything to have it kept',
  },
  'not-finished': {
    title: 'The scan has not finished',
    status: 409,
    fault: 'Sender',
    remedy: 'Wait for it, or watch its events',
  },
  'no-report': {
    title: 'The scan ended without a report',
    status: 409,
    fault: 'Sender',
    remedy: 'The failure in its record says why; submit it again',
  },
  'already-finished': {
    title: 'The scan has finished already',
    status: 409,
    fault: 'Sender',
    remedy: 'Read its report',
  },
  'idempotency-conflict': {
    title: 'The idempotency key was used for another request',
    status: 409,
    fault: 'Sender',
    remedy: 'Use a new key for new content or options',
  },
  conflict: {
    title: 'It has changed in the meantime',
    status: 409,
    fault: 'Sender',
    remedy: 'Read it again and repeat',
  },
  'too-large': {
    title: 'The content is longer than the server accepts',
    status: 413,
    fault: 'Sender',
    remedy: 'Raise --max-upload, or send less',
  },
  'range-not-satisfiable': {
    title: 'The range lies outside of the content',
    status: 416,
    fault: 'Sender',
    remedy: 'Ask within its size',
  },
  'quota-exceeded': {
    title: 'The quota is used up',
    status: 429,
    fault: 'Sender',
    remedy: 'Wait as long as the answer says, or ask for more',
  },
  'rate-limited': {
    title: 'Too many requests',
    status: 429,
    fault: 'Sender',
    remedy: 'Wait as long as the answer says',
  },
  'url-not-allowed': {
    title: 'This URL is not fetched',
    status: 403,
    fault: 'Sender',
    remedy: 'Only public addresses are fetched, and only where the server has that switched on',
  },
  'url-failed': {
    title: 'The URL could not be fetched',
    status: 502,
    fault: 'Sender',
    remedy: 'Check it; the detail says what went wrong',
  },
  busy: { title: 'The queue is full', status: 503, fault: 'Receiver', remedy: 'Try again as the answer says' },
  'no-worker': {
    title: 'No engine can serve this scan',
    status: 503,
    fault: 'Receiver',
    remedy: 'Start the engine, or ask for options that one of them has',
  },
  'storage-full': {
    title: 'There is no room to store this',
    status: 507,
    fault: 'Receiver',
    remedy: 'Free space, or tighten the retention rules; nothing that was acknowledged is lost',
  },
  'not-configured': {
    title: 'The server has this switched off',
    status: 501,
    fault: 'Receiver',
    remedy: 'docs/options.md says how to switch it on',
  },
  cancelled: { title: 'The scan was cancelled', status: 409, fault: 'Sender', remedy: 'Submit it again' },
  'shutting-down': {
    title: 'The server is shutting down',
    status: 503,
    fault: 'Receiver',
    remedy: 'Try again, here or at another server',
  },
  internal: {
    title: 'The server failed',
    status: 500,
    fault: 'Receiver',
    remedy: 'The log of the server says why; please report it',
  },
} as const satisfies Readonly<Record<string, ErrorSpec>>

export type UseCaseErrorCode = keyof typeof USE_CASE_ERRORS

export interface ErrorDetails {
  /** One sentence about this case; safe to show to the caller. */
  readonly detail?: string
  readonly retryAfterMs?: number
  /** Which part of the request, as a JSON pointer, or a position in a query from 0. */
  readonly where?: string | number
}

/** A refusal that a door words in its own language. */
export class UseCaseError extends Error {
  readonly code: UseCaseErrorCode
  readonly detail: string | undefined
  readonly retryAfterMs: number | undefined
  readonly where: string | number | undefined

  constructor(code: UseCaseErrorCode, details: ErrorDetails = {}, options?: { readonly cause?: unknown }) {
    const { title } = USE_CASE_ERRORS[code]
    super(details.detail === undefined ? title : `${title}: ${details.detail}`, options)
    this.name = 'UseCaseError'
    this.code = code
    this.detail = details.detail
    this.retryAfterMs = details.retryAfterMs
    this.where = details.where
  }
}
