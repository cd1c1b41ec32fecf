import type { EmissionSink } from '../../scan/index.ts'
import { FrameDecoder } from './decoder.ts'
import { WireViolation } from './emission-check.ts'
import type { RunEnd } from './ring.ts'
import type { SandboxRequest } from './wire.ts'

/** How a run ended. */
export interface SandboxResult {
  readonly outcome: 'done' | RunEnd
  /** For the report's detail and the log; empty for `done`. A component's fault is told in the child's own words. */
  readonly why: string
}

const DONE: SandboxResult = { outcome: 'done', why: '' }

/** What a child says about one artifact, from its first byte to a result. */
export class Session {
  readonly #decoder: FrameDecoder

  constructor(request: SandboxRequest, sink: EmissionSink) {
    this.#decoder = new FrameDecoder(request.budget, sink)
  }

  /**
   * Takes the next bytes, borrowed for the call.
   * @returns the result once there is one; unless it is `done`, the child is to be killed
   * @throws what the sink throws; the child is to be killed
   */
  push(bytes: Uint8Array): SandboxResult | undefined {
    try {
      const end = this.#decoder.push(bytes)
      if (end === undefined) return undefined
      return end.end === 'done' ? DONE : this.end('crashed', end.message)
    } catch (error) {
      if (!(error instanceof WireViolation)) throw error
      return this.end('crashed', `the sandbox broke the protocol: ${error.message}`)
    }
  }

  /** The run has ended without a word of the child; what the sink has begun is ended, too. */
  end(outcome: RunEnd, why: string): SandboxResult {
    this.#decoder.abandon()
    return { outcome, why }
  }
}
