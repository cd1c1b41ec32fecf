import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a finished program left. */
export interface RunResult {
  readonly stdout: string
  readonly stderr: string
  /** Exit code; -1 where a signal ended it. */
  readonly code: number
  readonly elapsedMs: number
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: Uint8Array | string
  /** Ends the program after this time; 0: never. */
  readonly timeoutMs?: number
}

/** Runs a program to its end. An exit code is a result, not a rejection; only a program that cannot start rejects. */
export function run(program: string, options: readonly string[], how: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const start = performance.now()
    const child = spawn(program, options, {
      stdio: [how.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...how.env },
      ...(how.cwd === undefined ? {} : { cwd: how.cwd }),
    })
    const timer = how.timeoutMs ? setTimeout(() => child.kill('SIGKILL'), how.timeoutMs) : undefined
    const stdout: string[] = []
    const stderr: string[] = []
    child.stdout?.setEncoding('utf8').on('data', (text: string) => stdout.push(text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => stderr.push(text))
    child.on('error', reject)
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(how.input)
    child.on('close', code => {
      clearTimeout(timer)
      resolve({
        stdout: stdout.join(''),
        stderr: stderr.join(''),
        code: code ?? -1,
        elapsedMs: performance.now() - start,
      })
    })
  })
}

/** Asks until it is true. Throws with `what` after `timeoutMs`. */
export async function until(what: string, timeoutMs: number, isDone: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!(await isDone())) {
    if (performance.now() > end) throw new Error(`after ${timeoutMs} ms still not: ${what}`)
    await sleep(10)
  }
}

/** Ends a child with SIGTERM, after five seconds with SIGKILL, and waits for its end. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(timer)
}
