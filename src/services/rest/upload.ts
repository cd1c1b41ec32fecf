import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Principal, RequestOptions, SubmitInput } from '../../usecases/index.ts'
import { UseCaseError } from '../../usecases/index.ts'
import type { RestLimits } from './limits.ts'
import type { RequestMetrics } from './metrics.ts'
import { paced, type PacedBody } from './pace.ts'
import { HttpError } from './problems.ts'
import { UploadOptions, UploadQuery } from './schemas.ts'

// Content as it comes: the body itself, or files of a multipart body. Neither is ever held whole: the use case reads
// at its pace, and the client is not read any faster.

export interface UploadDoor {
  readonly limits: RestLimits
  readonly metrics: RequestMetrics
}

/** One submission as it stands in the request. */
export interface Upload {
  readonly input: SubmitInput
  /** What the client did wrong in the meantime. */
  readonly failure: () => Error | undefined
}

const uploadOptions = Compile(UploadOptions)
const MAX_OPTIONS_BYTES = 64 * 1024
/** Name where nobody gave one. */
const UNNAMED = 'unnamed'
const RawQuery = Type.Object(UploadQuery)

/** The files of the request, one after the other; each must be read before the next is asked for. */
export async function* uploadsOf(
  request: FastifyRequest,
  query: Static<typeof RawQuery>,
  door: UploadDoor,
  signal: AbortSignal,
): AsyncGenerator<Upload> {
  const { name = UNNAMED, notify, parent, ...options } = query
  const secret = request.headers['lazaret-notify-secret']
  const common = {
    options: { ...options, ...passwordsOf(request) },
    ...(notify === undefined ? {} : { notify: { url: notify, ...(typeof secret === 'string' ? { secret } : {}) } }),
    ...(parent === undefined ? {} : { parent }),
    ...idempotencyOf(request),
    signal,
  }
  if (request.isMultipart()) {
    yield* filesOf(request, query.name, common, door)
    return
  }
  const body = pacedBody(request, request.body as NodeJS.ReadableStream as never, door)
  yield { input: { name, content: { stream: counted(body, door) }, ...common }, failure: body.failure }
}

type Common = Omit<SubmitInput, 'name' | 'content'>

async function* filesOf(
  request: FastifyRequest,
  named: string | undefined,
  common: Common,
  door: UploadDoor,
): AsyncGenerator<Upload> {
  const { maxFiles } = door.limits
  const parts = request.parts({
    limits: { files: maxFiles, fields: 16, fieldSize: MAX_OPTIONS_BYTES, parts: maxFiles + 16, headerPairs: 20 },
  })
  let given = common
  let files = 0
  const iterator = parts[Symbol.asyncIterator]()
  for (;;) {
    const { done, value: part } = await nextPart(iterator, door)
    if (done === true) break
    if (part.type === 'field') {
      if (part.fieldname === 'options') given = { ...common, ...optionsField(part.value) }
      continue
    }
    files++
    const body = pacedBody(request, part.file, door)
    // A base name: what is before the last separator is the client's own business.
    const name = named ?? (part.filename || UNNAMED)
    const input = { ...given, name, content: { stream: counted(body, door) } }
    yield { input: files === 1 ? input : { ...input, ...numbered(given, files) }, failure: body.failure }
  } // prettier-ignore
  if (files === 0) throw new UseCaseError('invalid-input', { detail: 'The body holds no file', where: '/file' })
}

/** A key names one submission: the further files of a batch have keys of their own. */
const numbered = ({ idempotencyKey }: Common, file: number): Partial<SubmitInput> =>
  idempotencyKey === undefined ? {} : { idempotencyKey: `${idempotencyKey}#${file}` }

/** The multipart reader's refusals, in words of this door; a body that stalls between parts ends as any slow one. */
async function nextPart<T>(iterator: AsyncIterator<T>, { limits }: UploadDoor): Promise<IteratorResult<T>> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HttpError('request-timeout')), limits.rateWindowMs)
  })
  try {
    return await Promise.race([iterator.next(), late])
  } catch (error) {
    if (error instanceof HttpError) throw error
    const tooMuch = error instanceof Error && 'statusCode' in error && error.statusCode === 413
    throw tooMuch
      ? new HttpError('body-too-large', `At most ${limits.maxFiles} files, and 16 fields of ${MAX_OPTIONS_BYTES} bytes`)
      : new HttpError('malformed-request', 'The multipart body cannot be read')
  } finally {
    clearTimeout(timer)
  }
}

function optionsField(value: unknown): Partial<SubmitInput> {
  let given: unknown
  try {
    given = JSON.parse(String(value))
  } catch {
    throw new UseCaseError('invalid-input', { detail: 'The field `options` is not JSON', where: '/options' })
  }
  if (uploadOptions.Check(given)) return given as { options?: RequestOptions }
  const [error] = uploadOptions.Errors(given)
  const where = `/options${error?.instancePath ?? ''}`
  throw new UseCaseError('invalid-input', { detail: `${where} ${error?.message ?? ''}`, where })
}

function pacedBody(request: FastifyRequest, source: NodeJS.ReadableStream, { limits }: UploadDoor): PacedBody {
  const { minBytesPerSecond, rateWindowMs: windowMs, maxUploadBytes: maxBytes } = limits
  const tooLarge = (): Error => new UseCaseError('too-large', { detail: `At most ${maxBytes} bytes` })
  const claimed = Number(request.headers['content-length'] ?? 0)
  if (claimed > maxBytes && !request.isMultipart()) throw tooLarge()
  return paced(source as never, { minBytesPerSecond, windowMs, maxBytes }, tooLarge)
}

async function* counted({ stream }: PacedBody, { metrics }: UploadDoor): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    metrics.bytesReceived += chunk.length
    yield chunk
  }
}

function passwordsOf({ headers }: FastifyRequest): { readonly passwords?: readonly string[] } {
  const given = headers['lazaret-password']
  if (given === undefined) return {}
  const texts = (Array.isArray(given) ? given : given.split(',')).map(text => text.trim())
  try {
    return { passwords: texts.map(text => decodeURIComponent(text)) }
  } catch {
    throw new UseCaseError('invalid-input', {
      detail: 'Lazaret-Password is percent-encoded UTF-8',
      where: '/passwords',
    })
  }
}

function idempotencyOf({ headers }: FastifyRequest): { readonly idempotencyKey?: string } {
  const key = headers['idempotency-key']
  return typeof key === 'string' ? { idempotencyKey: key } : {}
}

/** Whose limits a request counts against. */
export const callerOf = ({ key, account, role, address }: Principal): string =>
  role === undefined ? `address ${address}` : `key ${key ?? account}`
