// Why a database cannot be used. By itself, so that who only tells errors apart need not load what makes them.

/** Why a database cannot be used; docs/errors.md lists the codes with what to do. */
export type DatabaseErrorCode =
  | 'database-not-found'
  | 'database-unreadable'
  | 'database-empty'
  | 'database-mixed'
  | 'database-corrupt'
  | 'database-unwritable'
  | 'database-build-failed'

/** A database that cannot be used: which one, and the system's or the reader's own words. */
export class DatabaseError extends Error {
  readonly code: DatabaseErrorCode
  readonly path: string
  readonly detail: string

  constructor(code: DatabaseErrorCode, path: string, detail: string, options?: ErrorOptions) {
    super(`${path}: ${detail}`, options)
    this.name = 'DatabaseError'
    this.code = code
    this.path = path
    this.detail = detail
  }
}
