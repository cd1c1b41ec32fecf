/** Most keys of one question. */
const MAX_KEYS = 256

interface Waiting<V> {
  readonly key: string
  readonly resolve: (value: V | undefined) => void
  readonly reject: (error: unknown) => void
}

/** Asks for many keys in one question: what is asked while a question is under way goes into the next one. */
export class Loader<V> {
  readonly #load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>
  #waiting: Waiting<V>[] = []
  #isRunning = false

  constructor(load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>) {
    this.#load = load
  }

  get(key: string): Promise<V | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject })
      if (!this.#isRunning) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    await new Promise<void>(resolve => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const part = this.#waiting.splice(0, MAX_KEYS)
      try {
        const found = await this.#load([...new Set(part.map(({ key }) => key))])
        for (const { key, resolve } of part) resolve(found.get(key))
      } catch (error) {
        for (const { reject } of part) reject(error)
      }
    }
    this.#isRunning = false
  }
}
