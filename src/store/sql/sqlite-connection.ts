import { Worker } from 'node:worker_threads'
import type { ThreadAnswer, ThreadOptions, ThreadOrder } from './sqlite-messages.ts'

/** What SQLite refused, with its extended result code (https://www.sqlite.org/rescode.html). */
export class SqliteError extends Error {
  readonly code: number
  constructor(message: string, code: number) {
    super(message)
    this.name = 'SqliteError'
    this.code = code
  }
}

interface Waiting {
  readonly resolve: (answer: { rows: Record<string, unknown>[]; changes: number }) => void
  readonly reject: (error: Error) => void
}

const THREAD = import.meta.url.endsWith('.ts')
  ? new URL('sqlite-thread.ts', import.meta.url)
  : new URL('ledger-thread.js', import.meta.url)

/** One connection in a thread of its own. Orders are carried out one after the other, in their order. */
export class SqliteThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  /** Those of this turn of the loop; they go together, because a message costs more than most orders. */
  readonly #orders: ThreadOrder[] = []
  #next = 1
  #broken: Error | undefined

  constructor(options: ThreadOptions) {
    this.#worker = new Worker(THREAD, { workerData: options })
    this.#worker.on('message', (answers: readonly ThreadAnswer[]) => {
      for (const answer of answers) this.#settle(answer)
    })
    this.#worker.on('error', error => this.#fail(error as Error))
    this.#worker.on('exit', () => this.#fail(new SqliteError('The thread of the database has ended', 0)))
  }

  execute(
    sql: string | undefined,
    parameters: readonly unknown[] = [],
  ): Promise<{ rows: Record<string, unknown>[]; changes: number }> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken)
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#orders.push({ id, sql, parameters })
      if (this.#orders.length === 1) setImmediate(() => this.#send(this.#orders.splice(0)))
    })
  }

  async close(): Promise<void> {
    if (this.#broken !== undefined) return
    await this.execute(undefined)
    await this.#worker.terminate()
  }

  /**
   * Bytes go in one buffer that is given away: a view would be sent with the whole of its buffer, and small Buffers are
   * views of a shared one of 8 KiB.
   */
  #send(orders: readonly ThreadOrder[]): void {
    let length = 0
    for (const { parameters } of orders)
      for (const value of parameters) if (value instanceof Uint8Array) length += value.length
    if (length === 0) {
      this.#worker.postMessage(orders, [])
      return
    }
    const bytes = new Uint8Array(length)
    let at = 0
    const moved = (value: unknown): unknown => {
      if (!(value instanceof Uint8Array)) return value
      bytes.set(value, at)
      at += value.length
      return bytes.subarray(at - value.length, at)
    }
    const sent = orders.map(order => ({ ...order, parameters: order.parameters.map(moved) }))
    this.#worker.postMessage(sent, [bytes.buffer])
  }

  #settle(answer: ThreadAnswer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if ('error' in answer) waiting?.reject(new SqliteError(answer.error.message, answer.error.code))
    else waiting?.resolve(answer)
  }

  #fail(error: Error): void {
    this.#broken ??= error
    for (const { reject } of this.#waiting.values()) reject(this.#broken)
    this.#waiting.clear()
  }
}
