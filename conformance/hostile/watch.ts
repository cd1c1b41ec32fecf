import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { processTree } from '../../bench/lib/memory.ts'

/** One run of a program under observation. */
export interface Watched {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
  readonly elapsedMs: number
  /** Highest resident memory of the program itself, in bytes. */
  readonly peakBytes: number
  /** Of the largest process below it. */
  readonly childPeakBytes: number
}

const POLL_MS = 25

/** Runs a program to its end and looks at the memory of everything below it on the way. */
export function watch(
  program: string,
  options: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Watched> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    const root = child.pid ?? -1
    let peakBytes = 0
    let childPeakBytes = 0
    const look = () => {
      for (const pid of processTree(root)) {
        const peak = peakOf(pid)
        if (pid === root) peakBytes = Math.max(peakBytes, peak)
        else childPeakBytes = Math.max(childPeakBytes, peak)
      }
    }
    const timer = setInterval(look, POLL_MS)
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', code => {
      clearInterval(timer)
      resolve({
        stdout,
        stderr,
        code: code ?? -1,
        elapsedMs: performance.now() - startedAt,
        peakBytes,
        childPeakBytes,
      })
    })
  })
}

function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
