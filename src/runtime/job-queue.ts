import type { Job } from './job.ts'

/** The jobs that wait for a thread, first come first served. Jobs settled meanwhile are skipped. */
export class JobQueue {
  #jobs: Job[] = []
  #at = 0

  push(job: Job): void {
    this.#jobs.push(job)
  }

  /** Puts jobs back before all others. */
  putBack(jobs: readonly Job[]): void {
    this.#jobs.splice(this.#at, 0, ...jobs)
  }

  /** Hands out jobs, the first one first, until `take` refuses one; that one stays. */
  handOut(take: (job: Job) => boolean): void {
    while (this.#at < this.#jobs.length) {
      const job = this.#jobs[this.#at]
      if (job.wanted && !take(job)) break
      this.#at++
    }
    // Moved rarely, so that a long queue is not copied for every job.
    if (this.#at === this.#jobs.length || this.#at > 1024) {
      this.#jobs = this.#jobs.slice(this.#at)
      this.#at = 0
    }
  }
}
