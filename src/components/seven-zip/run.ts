import { Capture, CutOff } from './capture.ts'
import type { CaptureOptions, Segment } from './capture.ts'
import type { SevenZipModule } from './module.ts'
import { OutcomeReader } from './outcome.ts'
import type { Outcome } from './outcome.ts'

export interface RunOptions extends CaptureOptions {
  /** 7-Zip's name of the format. */
  readonly format: string
  readonly password: string
  /** What 7-Zip's heap may grow to. */
  readonly memoryBytes: number
}

export interface RunResult {
  readonly outcome: Outcome
  readonly segments: readonly Segment[]
  readonly links: number
  /** Undefined where 7-Zip did not come to its end. */
  readonly exitCode: number | undefined
  readonly cut: 'window' | 'time' | undefined
  /** Why 7-Zip itself gave up in the middle. */
  readonly crash: 'memory' | 'fault' | undefined
}

const INPUT = '/in'
/** Where nobody knows a password 7-Zip must have one nevertheless, or it asks. */
const NO_PASSWORD = '-'

/** Extracts `bytes` once, as far as the window goes. The file system lives and dies with this call. */
export async function run(module: SevenZipModule, bytes: Uint8Array, options: RunOptions): Promise<RunResult> {
  const capture = new Capture(options)
  const reader = new OutcomeReader((name, failure) => capture.fail(name, failure))
  const instance = await module.instantiate(options.memoryBytes, line => reader.line(line))
  instance.FS.writeFile(INPUT, bytes, { canOwn: true })
  capture.attach(instance.FS)
  const password = options.password === '' ? NO_PASSWORD : options.password
  let exitCode: number | undefined
  try {
    // -bd: no progress; -spd: names are no wildcards; -scc: how names are printed.
    const how = ['-y', '-bd', '-spd', '-sccUTF-8', `-t${options.format}`, `-p${password}`, '-o/out']
    exitCode = instance.run(['x', ...how, INPUT])
  } catch (error) {
    if (!(error instanceof CutOff)) throw error
  }
  const isCrash = exitCode === undefined && capture.cut === undefined
  const crash = isCrash ? (instance.wasRefusedMemory() ? 'memory' : 'fault') : undefined
  const { segments, links, cut } = capture
  return { outcome: reader.outcome, segments, links, exitCode, cut, crash }
}
