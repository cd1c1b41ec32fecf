import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { SandboxClient } from '../channel.ts'
import type { SandboxLink } from '../channel.ts'
import type { SandboxRequest } from '../wire.ts'

// A thread without a loop, as a scanning thread is: runs what it is given one after the other and tells once at the end.

export interface ThreadRun {
  readonly request: SandboxRequest
  readonly content: Uint8Array
  readonly timeMs: number
  /** The sink throws at the first piece of content. */
  readonly giveUp?: boolean
  /** The thread waits this long at each piece. */
  readonly slowMs?: number
}

export interface ThreadAnswer {
  readonly outcome: string
  readonly why: string
  readonly elapsedMs: number
  readonly emissions: readonly unknown[]
  readonly children: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[]
}

const { sandbox, runs } = workerData as { sandbox: SandboxLink; runs: readonly ThreadRun[] }
const client = new SandboxClient(sandbox)
const sleeper = new Int32Array(new SharedArrayBuffer(4))

const answer = ({ request, content, timeMs, giveUp, slowMs }: ThreadRun): ThreadAnswer => {
  const emissions: unknown[] = []
  const children: { name: string; bytes: number; sha256: string }[] = []
  let open = { name: '', bytes: 0, hash: createHash('sha256') }
  const startedAtMs = performance.now()
  let result = { outcome: 'threw', why: '' }
  try {
    result = client.run(
      request,
      content,
      {
        emission: emission => void emissions.push(emission),
        child: ({ name }) => {
          open = { name, bytes: 0, hash: createHash('sha256') }
          return true
        },
        data: piece => {
          if (giveUp === true) throw new Error('given up')
          if (slowMs !== undefined) Atomics.wait(sleeper, 0, 0, slowMs)
          open.bytes += piece.length
          open.hash.update(piece)
          return true
        },
        childEnd: () => void children.push({ name: open.name, bytes: open.bytes, sha256: open.hash.digest('hex') }),
      },
      performance.now() + timeMs,
    )
  } catch (error) {
    result = { outcome: 'threw', why: (error as Error).message }
  }
  return { ...result, elapsedMs: performance.now() - startedAtMs, emissions, children }
}

parentPort?.postMessage(runs.map(answer), [])
