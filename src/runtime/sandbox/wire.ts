import type { FileTypeName } from '../../formats/index.ts'
import type { ComponentBudget } from '../../scan/index.ts'

// What travels between an engine and a sandbox child, over the child's standard input and output. One frame:
//
//   u32 length of the payload, little-endian │ u8 kind │ payload
//
//   engine → child   REQUEST (JSON), and behind it the content itself, unframed
//   child → engine   HELLO once; then for each request (EMISSION │ HEAD DATA* END)* and DONE or FAULT at last.
//                    An EMISSION may also stand between HEAD and END. Strings are UTF-8.
//
// The engine believes itself, so a child reads requests as they are. What a child says is hostile: decoder.ts.

export const HEADER_BYTES = 5

export const KIND = { request: 1, hello: 2, emission: 3, head: 4, data: 5, end: 6, done: 7, fault: 8 } as const

/** Longest payload of each kind that a child may send, in bytes. */
export const MAX_PAYLOAD_BYTES: Readonly<Record<number, number>> = {
  [KIND.hello]: 4096,
  [KIND.emission]: 1 << 20,
  [KIND.head]: 1 << 20,
  [KIND.data]: 1 << 20,
  [KIND.end]: 0,
  [KIND.done]: 0,
  [KIND.fault]: 4096,
}

/** What one run asks of a child. The content goes behind it. */
export interface SandboxRequest {
  /** Name of the component. */
  readonly component: string
  readonly type: FileTypeName
  /** Name of the artifact; data. */
  readonly name: string
  readonly passwords: readonly string[]
  readonly options: Readonly<Record<string, boolean | number | string>>
  readonly budget: ComponentBudget
}

/** A request as a child receives it. */
export interface ReceivedRequest extends SandboxRequest {
  readonly contentBytes: number
}

/** Result of each probe at the start of a child: an error's code, or `open` where nothing stood in the way. */
export type Probes = Readonly<Record<string, string>>

export interface Hello {
  readonly probes: Probes
}

/** Writes the header of a frame at the start of `target`. */
export const writeHeader = (target: Uint8Array, kind: number, payloadBytes: number): void => {
  target[0] = payloadBytes
  target[1] = payloadBytes >>> 8
  target[2] = payloadBytes >>> 16
  target[3] = payloadBytes >>> 24
  target[4] = kind
}

/** One whole frame. */
export const frame = (kind: number, payload: Uint8Array): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length)
  writeHeader(bytes, kind, payload.length)
  bytes.set(payload, HEADER_BYTES)
  return bytes
}

/** The frame of a request; the content is to be written behind it. */
export const encodeRequest = (request: SandboxRequest, contentBytes: number): Uint8Array<ArrayBuffer> => {
  const received: ReceivedRequest = { ...request, contentBytes }
  return frame(KIND.request, new TextEncoder().encode(JSON.stringify(received)))
}
