// Group commit: what arrives while one transaction runs goes into the next one together. A lone write waits for nobody.

/** Writes of one transaction at most: bounds how long a lease or a search waits behind it. */
const MAX_GROUP = 256
/** Repetitions of a transaction that was in the way of another one. */
const MAX_TRIES = 6

interface Entry<W, R> {
  readonly write: W
  readonly resolve: (result: R) => void
  readonly reject: (error: unknown) => void
}

/** The outcome of one write in a group: its result, or a refusal that spoils nothing for the others. */
export type Settled<R> = { readonly result: R } | { readonly refused: Error }

export interface GroupStore<W, R> {
  /** One transaction; on rejection nothing was stored. */
  store(writes: readonly W[]): Promise<readonly Settled<R>[]>
  /** Whether repeating may help. */
  isPassing(error: unknown): boolean
}

export class GroupCommit<W, R> {
  readonly #store: GroupStore<W, R>
  readonly #queue: Entry<W, R>[] = []
  #running: Promise<void> | undefined

  constructor(store: GroupStore<W, R>) {
    this.#store = store
  }

  /** Resolves when the write is stored. */
  add(write: W): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      this.#queue.push({ write, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Resolves when nothing is left to write. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    // What the same turn of the loop brings belongs to the first group already.
    await new Promise<void>(resolve => setImmediate(resolve))
    while (this.#queue.length > 0) await this.#storeGroup(this.#queue.splice(0, MAX_GROUP))
    this.#running = undefined
  }

  async #storeGroup(group: readonly Entry<W, R>[]): Promise<void> {
    try {
      const outcomes = await this.#tried(group)
      for (const [index, { resolve, reject }] of group.entries()) {
        const outcome = outcomes[index]
        if ('refused' in outcome) reject(outcome.refused)
        else resolve(outcome.result)
      }
    } catch (error) {
      if (group.length === 1) group[0].reject(error)
      // One of them spoils it for all: each on its own.
      else for (const entry of group) await this.#storeGroup([entry])
    }
  }

  async #tried(group: readonly Entry<W, R>[]): Promise<readonly Settled<R>[]> {
    const writes = group.map(({ write }) => write)
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#store.store(writes)
      } catch (error) {
        if (attempt >= MAX_TRIES || !this.#store.isPassing(error)) throw error
        await new Promise<void>(resolve => setTimeout(resolve, 2 ** attempt * (0.5 + Math.random())))
      }
    }
  }
}
