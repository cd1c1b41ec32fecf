import { NativeError } from '../../protocol/index.ts'
import type { Request } from '../../protocol/index.ts'
import type { Scanner } from '../../scan/index.ts'
import { isVerb, mayDo } from './access.ts'
import type { Role, Verb } from './access.ts'

interface RequestHost {
  readonly scanner: Scanner
  readonly software: string
  readonly log: (line: string) => void
}

const ANSWERS: Readonly<Record<Verb, (host: RequestHost) => Promise<object>>> = {
  ping: () => Promise.resolve({}),
  version: async ({ scanner, software }) => {
    const { version, database, signatures, databaseBuiltAtMs } = await scanner.status()
    return { software, version, database, signatures, databaseBuiltAtMs }
  },
  stats: ({ scanner }) => scanner.status(),
  reload: async ({ scanner, log }) => {
    try {
      return await scanner.reload()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      log(`native: reload failed: ${why}`)
      throw new NativeError('reload-failed', why)
    }
  },
}

/**
 * Answers a REQUEST.
 * @throws NativeError `unknown-verb`, `not-permitted`, `reload-failed`
 */
export const answerRequest = async (request: Request, role: Role, host: RequestHost): Promise<object> => {
  const { verb } = request
  if (!isVerb(verb)) throw new NativeError('unknown-verb', JSON.stringify(verb))
  if (!mayDo(role, verb)) throw new NativeError('not-permitted', `${verb} needs a token of an administrator`)
  return ANSWERS[verb](host)
}
