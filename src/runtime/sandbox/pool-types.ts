import type { LaunchPlan, SandboxTarget } from './launch.ts'
import type { RunEnd } from './ring.ts'

// What a pool of sandbox children is told, and what it tells.

export interface SandboxLimits {
  /** A child that has not said HELLO by then is killed, in milliseconds. */
  readonly startMs: number
  /** How long after its budget's time a child may go on: it looks at the clock itself and ends with what it has. */
  readonly graceMs: number
  /**
   * A child is replaced after this many artifacts: one that content has taken over without a fault could lie about
   * all that come after it.
   */
  readonly maxArtifacts: number
  /** The same in bytes of content; what a heap has become by then is given back, too. */
  readonly maxBytes: number
  /** Longest wait before a slot whose children die one after the other gets the next one. */
  readonly maxDelayMs: number
}

export const SANDBOX_LIMITS: SandboxLimits = {
  startMs: 10_000,
  graceMs: 500,
  maxArtifacts: 250,
  maxBytes: 512 << 20,
  maxDelayMs: 2000,
}

export interface SandboxPoolOptions {
  /** Children at once: threads that scan, and one to spare, so that a death costs nobody a wait. */
  readonly size: number
  /** Children that are started before they are needed; while all are at work, one more is. Default: all of them. */
  readonly ahead?: number
  /** Default: the production child. */
  readonly target?: SandboxTarget
  /** Walls to try. Default: all there are. */
  readonly plan?: LaunchPlan
  readonly limits?: Partial<SandboxLimits>
}

/** One run, as the pool needs to know it. */
export interface SandboxOrder {
  /** Frame of the request. */
  readonly head: Uint8Array
  /** May lie in shared memory; read until the run is over. */
  readonly content: Uint8Array
  /** The component's own time, from when a child has the request. */
  readonly timeMs: number
  /** Time until the run must be over, waiting included. */
  readonly remainingMs: number
}

/** Who takes what a run brings. After ended() nothing more comes. */
export interface Taker {
  /** False: no more until RunHandle.resume(). */
  data(bytes: Uint8Array): boolean
  /** The run has ended, and the child has not said so. */
  ended(state: RunEnd, why: string): void
}

export interface RunHandle {
  resume(): void
  /** The taker is through. @param sound - false: the child is to be killed, because `why` */
  over(sound: boolean, why: string): void
}

export interface SandboxCounters {
  /** Children started, and how many of them never said HELLO. */
  readonly started: number
  readonly failedStarts: number
  /** Runs, and how many of them ended their child or were ended with it. */
  readonly runs: number
  readonly crashed: number
  readonly time: number
  /** Runs for which there was no child. */
  readonly unavailable: number
  /** Children replaced because they had done enough. */
  readonly retired: number
  /** Children that can be given work now, and those that have it. */
  readonly idle: number
  readonly busy: number
  /** Runs that wait for a child. */
  readonly waiting: number
  /** From the start of the latest child to its HELLO. */
  readonly startMs: number
}
