import { Worker } from 'node:worker_threads'
import { readMeta, type ListedSignature } from './database-inspect.ts'
import { siblingModule } from './modules.ts'

// The signatures of an image by name. An image keeps its names for the moment when something hits, not in an order to be
// searched: a thread reads the file, answers one question and ends, so that nothing of it stays in memory.

export interface CatalogueQuestion {
  readonly image: string
  /** Names that contain it, or that are it; letters of either case. */
  readonly text: string
  readonly whole: boolean
  /** Number of the first signature that is looked at. */
  readonly from: number
  readonly limit: number
}

export interface CatalogueAnswer {
  readonly signatures: readonly ListedSignature[]
  /** Where to go on; absent at the end. */
  readonly next?: number
}

export class CatalogueReader {
  /** One thread at a time: each holds what an engine loads. */
  #last: Promise<unknown> = Promise.resolve()

  /** Databases of an image, with the signatures used of each and the lines left out. @throws DatabaseError */
  databases(
    image: string,
  ): readonly { readonly name: string; readonly signatures: number; readonly skipped: number }[] {
    return readMeta(image).sources.map(({ name, signatures, skipped }) => ({ name, signatures, skipped }))
  }

  /** Rejects with the error of the file. Cost: reading the image, up to what is found. */
  search(question: CatalogueQuestion): Promise<CatalogueAnswer> {
    const answer = this.#last.then(() => ask(question))
    this.#last = answer.catch(() => {})
    return answer
  }
}

function ask(question: CatalogueQuestion): Promise<CatalogueAnswer> {
  const module = siblingModule(import.meta.url, { source: 'catalogue-thread', bundle: 'catalogue-thread' })
  return new Promise((resolve, reject) => {
    const worker = new Worker(module, { workerData: question })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('The thread has ended without an answer')))
  })
}
