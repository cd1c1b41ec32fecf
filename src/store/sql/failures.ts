import { UseCaseError } from '../../usecases/index.ts'

// What databases refuse, in the words of the use cases.

const SQLITE_FULL = 13
const SQLITE_PRIMARY_CODE = 0xff
const SQLITE_CONSTRAINT = 19
const SQLITE_BUSY = 5

/** A unique key was taken by somebody else. */
export function isTaken(error: unknown): boolean {
  const code = codeOf(error)
  return code === '23505' || (typeof code === 'number' && (code & SQLITE_PRIMARY_CODE) === SQLITE_CONSTRAINT)
}

/** Two transactions were in each other's way: repeating helps. Deadlock, serialisation, busy. */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error)
  return (
    code === '40P01' || code === '40001' || (typeof code === 'number' && (code & SQLITE_PRIMARY_CODE) === SQLITE_BUSY)
  )
}

/** The error as a use case may reject with it. */
export function asUseCaseError(error: unknown): UseCaseError {
  if (error instanceof UseCaseError) return error
  const code = codeOf(error)
  const detail = error instanceof Error ? error.message : String(error)
  const isFull = code === '53100' || (typeof code === 'number' && (code & SQLITE_PRIMARY_CODE) === SQLITE_FULL)
  if (isFull) return new UseCaseError('storage-full', { detail: 'the ledger' }, { cause: error })
  if (isTaken(error)) return new UseCaseError('conflict', {}, { cause: error })
  return new UseCaseError('internal', { detail: `ledger: ${detail}` }, { cause: error })
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
