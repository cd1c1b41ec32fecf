// The thread in which one SQLite connection lives: node:sqlite blocks, and the server's loop must not.

import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { ThreadAnswer, ThreadOptions, ThreadOrder } from './sqlite-messages.ts'

/** Prepared statements that are kept; a ledger has about a hundred texts, searches some more. */
const MAX_STATEMENTS = 500

const { path, readOnly, pragmas } = workerData as ThreadOptions
const port = parentPort as MessagePort
const database = new DatabaseSync(path, { readOnly })
for (const pragma of pragmas) database.exec(`pragma ${pragma}`)
const statements = new Map<string, StatementSync>()

port.on('message', (orders: readonly ThreadOrder[]) => {
  tell(orders.map(({ id, sql, parameters }) => (sql === undefined ? closed(id) : answer(id, sql, parameters))))
  if (orders.some(({ sql }) => sql === undefined)) port.close()
})

function closed(id: number): ThreadAnswer {
  database.close()
  return { id, rows: [], changes: 0 }
}

const tell = (answers: readonly ThreadAnswer[]): void => port.postMessage(answers)

/**
 * What made the transaction that is open fail. Orders come without waiting for each other: after a failure nothing more of
 * it is carried out, and it cannot be committed.
 */
let failure: { readonly message: string; readonly code: number } | undefined
const BEGIN = 'begin immediate'

function answer(id: number, sql: string, parameters: readonly unknown[]): ThreadAnswer {
  if (sql === 'rollback') return rolledBack(id)
  if (failure !== undefined) return { id, error: failure }
  try {
    const statement = prepared(sql)
    if (statement.columns().length > 0) {
      return { id, rows: statement.all(...(parameters as never[])), changes: 0 }
    }
    return { id, rows: [], changes: Number(statement.run(...(parameters as never[])).changes) }
  } catch (error) {
    const { message, errcode } = error as Error & { errcode?: number }
    const told = { message, code: errcode ?? 0 }
    // Some errors, such as a full disk, end the transaction by themselves; what was to follow must not stand alone.
    if (wasInTransaction || sql === BEGIN) failure = told
    return { id, error: told }
  } finally {
    wasInTransaction = database.isTransaction
  }
}

/** As it was before the order that failed. */
let wasInTransaction = false

function rolledBack(id: number): ThreadAnswer {
  failure = undefined
  if (database.isTransaction) database.exec('rollback')
  wasInTransaction = false
  return { id, rows: [], changes: 0 }
}

function prepared(sql: string): StatementSync {
  const known = statements.get(sql)
  if (known !== undefined) return known
  const statement = database.prepare(sql)
  // The oldest goes: texts that are used always come back at once.
  if (statements.size >= MAX_STATEMENTS) statements.delete(statements.keys().next().value as string)
  statements.set(sql, statement)
  return statement
}
