import {
  FRAME,
  FRAME_RULES,
  HEADER_BYTES,
  OFFSET_FLAGS,
  OFFSET_LENGTH,
  OFFSET_STREAM,
  OFFSET_TYPE,
} from './constants.ts'
import { NativeError } from './errors.ts'

const encoder = new TextEncoder()

const writeU32 = (target: Uint8Array, at: number, value: number): void => {
  target[at] = value >>> 24
  target[at + 1] = value >>> 16
  target[at + 2] = value >>> 8
  target[at + 3] = value
}

/** Writes a frame header of HEADER_BYTES at `at`; the reserved bytes of `target` must be 0 there. */
export const putHeader = (
  target: Uint8Array,
  at: number,
  type: number,
  flags: number,
  streamId: number,
  length: number,
): void => {
  writeU32(target, at + OFFSET_LENGTH, length)
  target[at + OFFSET_TYPE] = type
  target[at + OFFSET_FLAGS] = flags
  writeU32(target, at + OFFSET_STREAM, streamId)
}

/** The header of a frame whose payload is written after it as it lies; costs one allocation of 12 bytes. */
export const encodeHeader = (type: number, flags: number, streamId: number, length: number): Uint8Array => {
  const header = new Uint8Array(HEADER_BYTES)
  putHeader(header, 0, type, flags, streamId, length)
  return header
}

/** A frame with its payload copied behind its header: for payloads so small that two writes would cost more. */
export const encodeFrame = (type: number, flags: number, streamId: number, payload: Uint8Array): Uint8Array => {
  const frame = new Uint8Array(HEADER_BYTES + payload.length)
  putHeader(frame, 0, type, flags, streamId, payload.length)
  frame.set(payload, HEADER_BYTES)
  return frame
}

/**
 * A control frame.
 * @param payload - anything JSON can say; `undefined` members are left out
 * @throws NativeError `result-too-large` or `bad-payload` when the text is longer than the frame type allows
 */
export const encodeControl = (type: number, streamId: number, payload: unknown, flags = 0): Uint8Array => {
  const text = encoder.encode(JSON.stringify(payload))
  const limit = FRAME_RULES[type]?.maxBytes ?? 0
  if (text.length > limit) {
    throw new NativeError(type === FRAME.RESULT ? 'result-too-large' : 'bad-payload', `${text.length} bytes`)
  }
  return encodeFrame(type, flags, streamId, text)
}

/** A CREDIT frame that allows the peer `bytes` more content on a stream. */
export const encodeCredit = (streamId: number, bytes: number): Uint8Array => {
  const frame = new Uint8Array(HEADER_BYTES + 4)
  putHeader(frame, 0, FRAME.CREDIT, 0, streamId, 4)
  writeU32(frame, HEADER_BYTES, bytes)
  return frame
}

/** Several frames in one piece of memory, for one write. */
export const joinFrames = (frames: readonly Uint8Array[]): Uint8Array => {
  if (frames.length === 1) return frames[0]
  let length = 0
  for (const frame of frames) length += frame.length
  const joined = new Uint8Array(length)
  let at = 0
  for (const frame of frames) {
    joined.set(frame, at)
    at += frame.length
  }
  return joined
}
