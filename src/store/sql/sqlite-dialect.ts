import { CompiledQuery, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely'
import { SqliteThread } from './sqlite-connection.ts'
import type { ThreadOptions } from './sqlite-messages.ts'

// kysely over one SQLite connection in a thread. Who has acquired the connection has it alone until it is released.

/** A dialect of its own for each connection. */
export const sqliteDialect = (driver: ThreadDriver): Dialect => ({
  createDriver: () => driver,
  createQueryCompiler: () => new SqliteQueryCompiler(),
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: db => new SqliteIntrospector(db),
})

export class ThreadDriver implements Driver {
  readonly #options: ThreadOptions
  #connection: ThreadConnection | undefined
  /** The last in the row of those that wait for the connection. */
  #last: Promise<void> = Promise.resolve()
  #release: (() => void) | undefined

  constructor(options: ThreadOptions) {
    this.#options = options
  }

  async init(): Promise<void> {
    const thread = new SqliteThread(this.#options)
    this.#connection = new ThreadConnection(thread)
    await thread.execute('select 1')
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    this.#release = resolve
    return this.#connection as ThreadConnection
  }

  releaseConnection(): Promise<void> {
    this.#release?.()
    return Promise.resolve()
  }

  /**
   * Carries a statement out on the connection, ordered before this returns: only for who holds it. Where a transaction
   * fails, the thread refuses everything until it is rolled back, so that nobody has to wait for one statement before the
   * next.
   */
  direct(query: CompiledQuery): Promise<QueryResult<unknown>> {
    return (this.#connection as ThreadConnection).executeQuery(query)
  }

  /** Goes with the first statement; its failure is that of every other. */
  beginTransaction(connection: DatabaseConnection): Promise<void> {
    connection.executeQuery(CompiledQuery.raw('begin immediate')).catch(() => {})
    return Promise.resolve()
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  /** After some errors, such as a full disk, SQLite has rolled back already. */
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback')).catch(() => {})
  }

  async destroy(): Promise<void> {
    await this.#connection?.close()
  }
}

class ThreadConnection implements DatabaseConnection {
  readonly #thread: SqliteThread

  constructor(thread: SqliteThread) {
    this.#thread = thread
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes } = await this.#thread.execute(sql, parameters)
    return { rows: rows as R[], numAffectedRows: BigInt(changes) }
  }

  // oxlint-disable-next-line require-yield
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('Results are read in pages here')
  }

  close(): Promise<void> {
    return this.#thread.close()
  }
}
