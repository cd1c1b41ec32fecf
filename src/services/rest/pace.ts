import type { Readable } from 'node:stream'
import { HttpError } from './problems.ts'

// Bodies that come in at a pace. Only the time in which the server waits for the client counts: a slow disk of ours is
// nobody's fault. The stream is read no faster than whoever uses it asks for more.

export interface Pace {
  readonly minBytesPerSecond: number
  readonly windowMs: number
  readonly maxBytes: number
}

/** The bytes of a body. Remembers why it ended early: use cases may wrap what a stream throws. */
export interface PacedBody {
  readonly stream: AsyncIterable<Uint8Array>
  readonly failure: () => Error | undefined
}

export function paced(source: Readable, pace: Pace, tooLarge: () => Error): PacedBody {
  let failure: Error | undefined
  const fail = (error: Error): Error => {
    failure ??= error
    return failure
  }
  async function* read(): AsyncGenerator<Uint8Array> {
    const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
    let total = 0
    let [windowBytes, windowMs] = [0, 0]
    try {
      for (;;) {
        const startedMs = performance.now()
        const step = await orTimeout(chunks.next(), pace.windowMs)
        windowMs += performance.now() - startedMs
        if (step === undefined) throw fail(new HttpError('request-timeout'))
        if (step.done === true) {
          return
        }
        total += step.value.length
        windowBytes += step.value.length
        if (total > pace.maxBytes) throw fail(tooLarge())
        if (windowMs >= pace.windowMs) {
          if (windowBytes < (pace.minBytesPerSecond * windowMs) / 1000) throw fail(new HttpError('request-timeout'))
          windowBytes = windowMs = 0
        }
        yield step.value
      }
    } catch (error) {
      throw failure ?? fail(new HttpError('malformed-request', error instanceof Error ? error.message : undefined))
    }
  }
  return { stream: read(), failure: () => failure }
}

/** Undefined where nothing came in time. */
async function orTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(resolve, timeoutMs, undefined)
  })
  // What comes after the end of the wait is of no interest any more.
  promise.catch(() => {})
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** A short body as text. @throws HttpError */
export async function collected(body: PacedBody): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body.stream) chunks.push(chunk)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    throw new HttpError('malformed-request', 'The body is not UTF-8')
  }
}
