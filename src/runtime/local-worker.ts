import { Worker } from 'node:worker_threads'
import { ScanFailure } from '../scan/index.ts'
import type { Job } from './job.ts'
import type { LocalAnswer, LocalOrder } from './local-thread.ts'
import type { ThreadArguments } from './wire.ts'

/** Jobs a thread has at once: one that it scans, one that waits, so that it never does. */
const DEPTH = 2

/** A scanning thread of this process, seen from the thread that started it. */
export class LocalWorker {
  readonly #worker: Worker
  readonly #jobs = new Map<number, Job>()
  #next = 1
  #ready = false

  /**
   * @param onRoom - it has started, or a job was answered
   * @param onEnd - the thread ended; the first of the jobs was being scanned
   */
  constructor(url: URL, data: ThreadArguments, onRoom: () => void, onEnd: (jobs: readonly Job[]) => void) {
    this.#worker = new Worker(url, { workerData: data, transferList: [data.sandbox.port] })
    this.#worker.on('message', (answer: LocalAnswer) => this.#hear(answer, onRoom))
    // What ended it is told by what it was scanning.
    this.#worker.on('error', () => {})
    this.#worker.once('exit', () => {
      const jobs = [...this.#jobs.values()]
      this.#jobs.clear()
      onEnd(jobs)
    })
  }

  /** True once the thread has started. */
  get isReady(): boolean {
    return this.#ready
  }

  get hasRoom(): boolean {
    return this.#ready && this.#jobs.size < DEPTH
  }

  send(job: Job): void {
    const id = this.#next++
    this.#jobs.set(id, job)
    job.state = 'sent'
    job.sentAtMs = performance.now()
    this.#worker.postMessage(orderOf(id, job), [])
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  #hear(answer: LocalAnswer, onRoom: () => void): void {
    if ('ready' in answer) {
      this.#ready = true
      return onRoom()
    }
    const job = this.#jobs.get(answer.id)
    if ('detection' in answer) return job?.tell({ event: 'detection', detection: answer.detection })
    this.#jobs.delete(answer.id)
    if ('report' in answer) job?.succeed(answer.report)
    else job?.fail(failureOf(answer))
    onRoom()
  }
}

/** A job as a thread, or this one, is told it. */
export const orderOf = (id: number, job: Job): LocalOrder => {
  const { name, allMatches, maxTimeMs, identity, content, passwords } = job
  return { id, name, allMatches, maxTimeMs, identity, ...content, ...(passwords === undefined ? {} : { passwords }) }
}

const failureOf = (answer: { readonly code: ScanFailure['code']; readonly message: string }): ScanFailure => {
  const failure = new ScanFailure(answer.code)
  failure.message = answer.message
  return failure
}
