import type { ChildProcess } from 'node:child_process'
import { finished } from 'node:stream/promises'
import { launch, nodePid } from './launch.ts'
import type { LaunchPlan, SandboxTarget } from './launch.ts'
import { openSocketPair } from './socket-pair.ts'
import type { SocketPair } from './socket-pair.ts'
import { HEADER_BYTES, KIND, MAX_PAYLOAD_BYTES } from './wire.ts'
import type { Probes } from './wire.ts'

// One child process, seen from the engine's main thread: started, heard, killed. What it says is passed on unread,
// except for its HELLO.

/** What a child's owner is told. */
export interface ProcessOwner {
  /** It has said HELLO and can be given work. */
  ready(process: SandboxProcess): void
  /** What it says about an artifact, borrowed. False: no more until resume(); until then the bytes stay as they are. */
  data(process: SandboxProcess, bytes: Buffer): boolean
  /** It is gone, with everything below it. Called once. */
  ended(process: SandboxProcess, why: string): void
}

interface Pausable {
  resume(): unknown
}

/** What is kept of its standard error, for the message. */
const MAX_STDERR_CHARS = 4096

export class SandboxProcess {
  readonly #child: ChildProcess
  readonly #output: Pausable | undefined
  readonly #plan: LaunchPlan
  readonly #owner: ProcessOwner
  readonly #startedAtMs = performance.now()
  #startMs = 0
  #probes: Probes | undefined
  #opening = Buffer.alloc(0)
  #stderr = ''
  #why = ''
  #ended = false
  readonly #closed: Promise<void>

  /** Starts a child that is heard through a socket pair where there can be one. @throws what spawn throws */
  static async start(plan: LaunchPlan, target: SandboxTarget, owner: ProcessOwner): Promise<SandboxProcess> {
    let started: SandboxProcess | undefined
    const pair = await openSocketPair(bytes => started?.hear(bytes) ?? true)
    try {
      started = new SandboxProcess(plan, target, owner, pair)
      return started
    } catch (error) {
      pair?.near.destroy()
      throw error
    } finally {
      pair?.far.destroy()
    }
  }

  /** Starts a child, heard through a pipe unless a pair is given. @throws what spawn throws */
  constructor(plan: LaunchPlan, target: SandboxTarget, owner: ProcessOwner, pair?: SocketPair) {
    this.#plan = plan
    this.#owner = owner
    this.#child = launch(plan, target, pair?.far)
    const { stdin, stdout, stderr } = this.#child
    this.#output = pair?.near ?? stdout ?? undefined
    // Broken pipes are told by the exit.
    for (const stream of [stdin, stdout, stderr]) stream?.on('error', () => {})
    stdout?.on('data', (bytes: Buffer) => {
      if (!this.hear(bytes)) stdout.pause()
    })
    // All that it said is to be heard before its end is told.
    const heard = pair === undefined ? Promise.resolve() : finished(pair.near, { writable: false }).catch(() => {})
    this.#child.once('exit', () => this.resume())
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (this.#stderr.length < MAX_STDERR_CHARS) this.#stderr += text.slice(0, MAX_STDERR_CHARS)
    })
    this.#closed = new Promise(resolve => {
      const end = (why: string): void => {
        resolve()
        if (this.#ended) return
        this.#ended = true
        owner.ended(this, this.#why || why)
      }
      // `close`, not `exit`: by then what it said has been heard, and nobody below it holds its pipes any more.
      this.#child.once('close', (code, signal) => void heard.then(() => end(this.#endedBy(code, signal))))
      this.#child.once('error', error => end(error.message))
    })
  }

  /** Milliseconds from its start to its HELLO. */
  get startMs(): number {
    return this.#startMs
  }

  /** It can be given work: it has said HELLO, and is neither gone nor being killed. */
  get isReady(): boolean {
    return this.#probes !== undefined && !this.#ended && this.#why === ''
  }

  /** What its probes met; undefined before its HELLO. */
  get probes(): Probes | undefined {
    return this.#probes
  }

  /** Process that was started: the outermost wall. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Process of its Node, in the engine's own namespace. */
  get nodePid(): number | undefined {
    const { pid } = this.#child
    return pid === undefined ? undefined : nodePid(this.#plan, pid)
  }

  /** The bytes may lie in shared memory; they are read until the child has taken them or is gone. */
  write(bytes: Uint8Array): void {
    this.#child.stdin?.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  }

  resume(): void {
    this.#output?.resume()
  }

  /** Ends it at once. @param why - what its owner is told, unless it has another reason already */
  kill(why: string): void {
    this.#why ||= why
    this.#killGroup()
    this.#child.stdin?.destroy()
    this.resume()
  }

  /** Resolves when it is gone. */
  get closed(): Promise<void> {
    return this.#closed
  }

  /**
   * bwrap forks, and until its fork has bound itself to its parent's life, it would survive that, waiting for ever for
   * a word of it. As long as that is so, both are in one group; later the fork has a session of its own, and dies with
   * its parent.
   */
  #killGroup(): void {
    const { pid, exitCode, signalCode } = this.#child
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
    } catch {
      this.#child.kill('SIGKILL')
    }
  }

  /** Takes what it says. False: no more until resume(). */
  hear(bytes: Buffer): boolean {
    if (this.#why !== '') return true
    if (this.#probes !== undefined) return this.#owner.data(this, bytes)
    this.#hearHello(bytes)
    return true
  }

  #hearHello(bytes: Buffer): void {
    const opening = Buffer.concat([this.#opening, bytes])
    this.#opening = opening
    if (opening.length < HEADER_BYTES) return
    const length = opening.readUInt32LE(0)
    if (opening[4] !== KIND.hello || length > MAX_PAYLOAD_BYTES[KIND.hello]) return this.kill('it began with no HELLO')
    if (opening.length < HEADER_BYTES + length) return
    const probes = readProbes(opening.subarray(HEADER_BYTES, HEADER_BYTES + length))
    if (probes === undefined || opening.length > HEADER_BYTES + length) return this.kill('its HELLO is wrong')
    this.#opening = Buffer.alloc(0)
    this.#probes = probes
    this.#startMs = performance.now() - this.#startedAtMs
    this.#owner.ready(this)
  }

  #endedBy(code: number | null, signal: NodeJS.Signals | null): string {
    const said = this.#stderr.trim().split('\n')
    // Node says much about its own death; the first line with a word in it says most.
    const line = said.find(text => /error|fatal|bwrap|prlimit/i.test(text)) ?? said[0]
    return `it ended by ${signal ?? `code ${code}`}${line === '' ? '' : `: ${line.slice(0, 200)}`}`
  }
}

/** A HELLO is read before any content was seen, but checked all the same. */
const readProbes = (payload: Uint8Array): Probes | undefined => {
  try {
    const { probes } = JSON.parse(Buffer.from(payload).toString()) as { probes?: unknown }
    if (typeof probes !== 'object' || probes === null) return undefined
    const entries = Object.entries(probes)
    return entries.every(([, result]) => typeof result === 'string') ? Object.fromEntries(entries) : undefined
  } catch {
    return undefined
  }
}
