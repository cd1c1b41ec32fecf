import { join } from 'node:path'
import { run } from './run.ts'

/** What the load generator is to do. */
export interface LoadOrder {
  readonly socket: string
  /** instream: a connection per scan; session: IDSESSION; native: the native protocol, and multiplexed over one connection. */
  readonly mode: 'instream' | 'session' | 'native' | 'multiplexed'
  readonly connections: number
  /** Length of every content. */
  readonly bytes: number
  /** Files whose beginnings are the contents. */
  readonly samples: readonly string[]
  readonly warmupMs: number
  readonly measureMs: number
}

export interface LoadResult {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Scans that were not answered with "clean". */
  readonly failures: number
  readonly firstFailure: string
}

/** Runs the load generator in a process of its own. */
export async function generateLoad(order: LoadOrder): Promise<LoadResult> {
  const program = join(import.meta.dirname, '..', 'load-generator.ts')
  const { stdout, stderr, code } = await run(process.execPath, [program, JSON.stringify(order)])
  if (code !== 0) throw new Error(`load generator: ${stderr}`)
  return JSON.parse(stdout) as LoadResult
}
