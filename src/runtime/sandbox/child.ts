import { readSync, writeSync, writevSync } from 'node:fs'
import { runComponent } from '../../scan/index.ts'
import type { ChildHead, Component, EmissionSink, PlainEmission } from '../../scan/index.ts'
import { componentContext } from '../component-context.ts'
import { clipEmission, clipHead } from './emission-clip.ts'
import { maxEmissions } from './emission-check.ts'
import { probe } from './probes.ts'
import { HEADER_BYTES, KIND, MAX_PAYLOAD_BYTES, writeHeader } from './wire.ts'
import type { Hello, ReceivedRequest } from './wire.ts'

// The life of a sandbox child: a request in, what the component says out, the next request. Reading and writing block.
// It ends when its input ends, or at the first fault: an exception may have left anything behind.

const INPUT = 0
const OUTPUT = 1
/**
 * Frames are collected up to this many bytes, or this long: each system call wakes the engine's main thread, and that a
 * scanning thread. With 64 KiB the walls cost 14 % of a scan, with this 10 % (2026-11). A socket takes 208 KiB.
 */
const COLLECT_BYTES = 192 * 1024
const COLLECT_MS = 20
/** Pieces from this length on are written from where they lie. */
const DIRECT_BYTES = 96 * 1024
const RETRY_MS = 1

const sleeper = new Int32Array(new SharedArrayBuffer(4))
const encoder = new TextEncoder()

/** Standard input and output block; should they not, this waits and tries again. */
const patiently = (call: () => number): number => {
  for (;;) {
    try {
      return call()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // The end of a pipe, as Windows tells it.
      if (code === 'EOF') return 0
      if (code !== 'EAGAIN') throw error
      Atomics.wait(sleeper, 0, 0, RETRY_MS)
    }
  }
}

/** Fills `target`. False: the input has ended. */
const readWhole = (target: Uint8Array): boolean => {
  for (let at = 0; at < target.length;) {
    const from = at
    const count = patiently(() => readSync(INPUT, target, from, target.length - from, null))
    if (count === 0) return false
    at += count
  }
  return true
}

const readRequest = (): { request: ReceivedRequest; content: Uint8Array } | undefined => {
  const header = new Uint8Array(HEADER_BYTES)
  if (!readWhole(header)) return undefined
  const payload = new Uint8Array(new DataView(header.buffer).getUint32(0, true))
  if (!readWhole(payload)) return undefined
  const request = JSON.parse(new TextDecoder().decode(payload)) as ReceivedRequest
  // Zeroed, and new for each artifact: nothing of an earlier one is left in it.
  const content = new Uint8Array(request.contentBytes)
  return readWhole(content) ? { request, content } : undefined
}

/** Writes frames to the engine. */
class FrameWriter {
  readonly #buffer = new Uint8Array(COLLECT_BYTES)
  #fill = 0
  #flushedAtMs = 0

  /** A run begins: its first frames are collected, too. */
  begin(): void {
    this.#flushedAtMs = performance.now()
  }

  /** A frame of `payload`, which is borrowed for the call. */
  put(kind: number, payload: Uint8Array): void {
    if (this.#fill + HEADER_BYTES > COLLECT_BYTES) this.flush()
    writeHeader(this.#buffer.subarray(this.#fill), kind, payload.length)
    this.#fill += HEADER_BYTES
    if (payload.length >= DIRECT_BYTES) return this.#writeDirect(payload)
    if (this.#fill + payload.length > COLLECT_BYTES) this.flush()
    this.#buffer.set(payload, this.#fill)
    this.#fill += payload.length
    if (performance.now() - this.#flushedAtMs > COLLECT_MS) this.flush()
  }

  text(kind: number, text: string): void {
    this.put(kind, encoder.encode(text))
  }

  flush(): void {
    this.#writeWhole(this.#buffer.subarray(0, this.#fill))
    this.#fill = 0
    this.#flushedAtMs = performance.now()
  }

  /** What is collected and the payload, by one system call where that suffices. */
  #writeDirect(payload: Uint8Array): void {
    const head = this.#buffer.subarray(0, this.#fill)
    const count = patiently(() => writevSync(OUTPUT, [head, payload]))
    this.#writeWhole(head.subarray(Math.min(count, head.length)))
    this.#writeWhole(payload.subarray(Math.max(0, count - head.length)))
    this.#fill = 0
    this.#flushedAtMs = performance.now()
  }

  #writeWhole(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const from = at
      at += patiently(() => writeSync(OUTPUT, bytes, from))
    }
  }
}

/** Sends what a component says, cut to what the engine takes. */
class WireSink implements EmissionSink {
  readonly #writer: FrameWriter
  readonly #maxEmissions: number
  #emissions = 0

  constructor(writer: FrameWriter, maxChildren: number) {
    this.#writer = writer
    this.#maxEmissions = maxEmissions(maxChildren)
  }

  emission(emission: PlainEmission): void {
    if (++this.#emissions > this.#maxEmissions) return
    const last = this.#emissions === this.#maxEmissions
    const detail = `It says more than ${this.#maxEmissions} things`
    this.#writer.text(KIND.emission, clipEmission(last ? { emit: 'missed', reason: 'too-large', detail } : emission))
  }

  child(head: ChildHead): boolean {
    this.#writer.text(KIND.head, clipHead(head))
    return true
  }

  data(piece: Uint8Array): boolean {
    const max = MAX_PAYLOAD_BYTES[KIND.data]
    for (let at = 0; at < piece.length; at += max) this.#writer.put(KIND.data, piece.subarray(at, at + max))
    return true
  }

  childEnd(): void {
    this.#writer.text(KIND.end, '')
  }
}

const messageOf = (error: unknown): string => {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  // A UTF-16 unit takes three bytes at most.
  return text.slice(0, Math.floor(MAX_PAYLOAD_BYTES[KIND.fault] / 3))
}

const answer = async (component: Component | undefined, writer: FrameWriter, asked: Asked): Promise<void> => {
  const { request, content } = asked
  if (component === undefined) throw new Error(`there is no component ${request.component}`)
  const { type, name, passwords, options, budget } = request
  const context = componentContext(component.manifest, passwords, { options, budget })
  await runComponent(component, { bytes: content, type, name }, context, new WireSink(writer, budget.children))
}

type Asked = NonNullable<ReturnType<typeof readRequest>>

/** Serves the engine behind standard input and output until that ends, or until a component throws. */
export const serveSandbox = async (components: ReadonlyMap<string, Component>): Promise<void> => {
  const writer = new FrameWriter()
  const hello: Hello = { probes: await probe() }
  writer.put(KIND.hello, encoder.encode(JSON.stringify(hello)))
  writer.flush()
  for (let asked = readRequest(); asked !== undefined; asked = readRequest()) {
    writer.begin()
    try {
      await answer(components.get(asked.request.component), writer, asked)
      writer.text(KIND.done, '')
    } catch (error) {
      writer.text(KIND.fault, messageOf(error))
      writer.flush()
      return
    }
    writer.flush()
  }
}
