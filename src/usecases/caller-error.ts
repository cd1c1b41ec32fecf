// What a stream of the caller's throws is the caller's: it goes back as it is, whatever it passes on its way.

class CallerError extends Error {
  constructor(cause: unknown) {
    super('the stream of the caller failed', { cause })
    this.name = 'CallerError'
  }
}

/** The same stream, whose failures are known again. */
export async function* ofCaller(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = stream[Symbol.asyncIterator]()
  let isEnded = false
  try {
    for (;;) {
      const next = await iterator.next().catch((error: unknown) => {
        isEnded = true
        throw new CallerError(error)
      })
      isEnded = next.done === true
      if (isEnded) return
      yield next.value
    }
  } finally {
    if (!isEnded) await iterator.return?.()
  }
}

/** Errors wrap each other no deeper than that. */
const MAX_CAUSES = 8

/** What the caller's stream threw, where an error comes of that. */
export function callerErrorOf(error: unknown): { readonly error: unknown } | undefined {
  for (let depth = 0, at = error; depth < MAX_CAUSES && at instanceof Error; depth++, at = at.cause)
    if (at instanceof CallerError) return { error: at.cause }
  return undefined
}
