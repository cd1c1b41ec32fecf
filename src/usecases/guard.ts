import { ScanFailure } from '../scan/index.ts'
import { callerErrorOf } from './caller-error.ts'
import { UseCaseError, USE_CASE_ERRORS, type UseCaseErrorCode } from './errors.ts'
import type { Parts } from './parts.ts'
import { isAllowed, POLICY, type PolicyName, type Principal, type Rule } from './policy.ts'
import type { UseCases } from './use-cases.ts'

// What holds for every use case: the role is checked first, refusals have a code, and what is to be audited is.

/** @throws UseCaseError not-authenticated, not-allowed */
export function demand(principal: Principal, name: PolicyName, owner?: string): void {
  if (isAllowed(principal, name, owner)) return
  if (principal.role === undefined) throw new UseCaseError('not-authenticated')
  const { least, others }: Rule = POLICY[name]
  const role = owner === undefined ? least : (others ?? least)
  throw new UseCaseError('not-allowed', { detail: `${POLICY[name].text}: that takes the role ${role}` })
}

type Call = (principal: Principal, input?: unknown) => unknown

/** The use cases as doors may call them. */
export function guarded(plain: UseCases, parts: Pick<Parts, 'audit' | 'log'>): UseCases {
  const calls = Object.keys(POLICY).map(name => {
    const call = (plain as unknown as Readonly<Record<string, Call>>)[name]
    const wrapped = name === 'watchScan' ? watched(call) : checked(name as PolicyName, call, parts)
    return [name, wrapped] as const
  })
  return Object.fromEntries(calls) as unknown as UseCases
}

function watched(call: Call): Call {
  return async function* (principal: Principal, input?: unknown) {
    demand(principal, 'watchScan')
    try {
      yield* call(principal, input) as AsyncIterable<unknown>
    } catch (error) {
      throw asUseCaseError(error)
    }
  }
}

function checked(name: PolicyName, call: Call, { audit, log }: Pick<Parts, 'audit' | 'log'>): Call {
  const { audited }: Rule = POLICY[name]
  return async (principal, input) => {
    let outcome = 'done'
    try {
      demand(principal, name)
      return await call(principal, input)
    } catch (error) {
      const own = callerErrorOf(error)
      const known = asUseCaseError(own === undefined ? error : own.error)
      outcome = known.code
      if (own !== undefined) throw own.error
      if (known.code === 'internal') log(`${name}: ${known.message}`)
      throw known === error ? error : known
    } finally {
      if (audited === true) await audit.record(principal, name, targetOf(input), outcome)
    }
  }
}

/** What an input speaks of, for the audit log; never content, passwords or tokens. */
function targetOf(input: unknown): string {
  if (typeof input !== 'object' || input === null) return ''
  const fields = input as Readonly<Record<string, unknown>>
  for (const name of ['id', 'sha256', 'digest', 'url', 'name', 'account', 'query']) {
    if (typeof fields[name] === 'string') return fields[name].slice(0, 1024)
  }
  return ''
}

const OF_SCAN_FAILURES: Readonly<Record<ScanFailure['code'], UseCaseErrorCode>> = {
  busy: 'busy',
  cancelled: 'cancelled',
  'not-found': 'invalid-input',
  'access-denied': 'invalid-input',
  'not-a-file': 'invalid-input',
  'stream-too-large': 'too-large',
  'shutting-down': 'shutting-down',
  internal: 'internal',
}

/** Any error in the words of the use cases. */
export function asUseCaseError(error: unknown): UseCaseError {
  if (error instanceof UseCaseError) return error
  if (error instanceof ScanFailure) {
    const { code, message, retryAfterMs } = error
    return new UseCaseError(
      OF_SCAN_FAILURES[code],
      { detail: message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
      { cause: error },
    )
  }
  // An adapter's own error of another copy of this class, or of a stream.
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  if (Object.hasOwn(USE_CASE_ERRORS, code)) return new UseCaseError(code as UseCaseErrorCode, {}, { cause: error })
  return new UseCaseError(
    'internal',
    { detail: error instanceof Error ? error.message : String(error) },
    { cause: error },
  )
}
