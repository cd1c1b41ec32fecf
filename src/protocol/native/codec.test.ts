import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cut } from './cases.fuzz.ts'
import { FLAG_END, FRAME, FRAME_RULES, MAX_STREAM_ID } from './constants.ts'
import type { FrameRule } from './constants.ts'
import { FrameDecoder } from './decoder.ts'
import type { Sender } from './decoder.ts'
import { encodeControl, encodeCredit, encodeFrame, joinFrames } from './encoder.ts'
import { NativeError } from './errors.ts'

interface Seen {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: string
}

const MAX_TEST_PAYLOAD = 5000

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Decodes pieces; DATA is put together per frame. @throws whatever the decoder throws */
const decode = (pieces: readonly Uint8Array[], sender: Sender, seen: Seen[] = []): Seen[] => {
  const decoder = new FrameDecoder(sender)
  let data = ''
  for (const piece of pieces) {
    // A copy that is overwritten afterwards: nothing borrowed may be looked at later.
    const borrowed = piece.slice()
    decoder.push(borrowed, {
      frame: (type, flags, streamId, payload) => seen.push({ type, flags, streamId, payload: hex(payload) }),
      data: (streamId, part, flags, last) => {
        data += hex(part)
        if (!last) return
        seen.push({ type: FRAME.DATA, flags, streamId, payload: data })
        data = ''
      },
    })
    borrowed.fill(0xaa)
  }
  return seen
}

const types = (sender: Sender): number[] =>
  FRAME_RULES.flatMap((rule, type) => (rule !== undefined && ['both', sender].includes(rule.from) ? [type] : []))

const frameOf = (type: number): fc.Arbitrary<Seen> => {
  const { stream, flags, minBytes, maxBytes } = FRAME_RULES[type] as FrameRule
  const streamId = stream === 0 ? fc.constant(0) : fc.integer({ min: stream === 1 ? 1 : 0, max: MAX_STREAM_ID })
  const maxLength = Math.min(maxBytes, MAX_TEST_PAYLOAD)
  return fc.record({
    type: fc.constant(type),
    flags: flags === FLAG_END ? fc.constantFrom(0, FLAG_END) : fc.constant(0),
    streamId,
    payload: fc.uint8Array({ minLength: minBytes, maxLength }).map(hex),
  })
}

const framesFrom = (sender: Sender): fc.Arbitrary<Seen[]> =>
  fc.array(fc.constantFrom(...types(sender)).chain(frameOf), { maxLength: 12 })

const encode = (frames: readonly Seen[]): Uint8Array =>
  frames.length === 0
    ? new Uint8Array(0)
    : joinFrames(
        frames.map(frame => encodeFrame(frame.type, frame.flags, frame.streamId, Buffer.from(frame.payload, 'hex'))),
      )

describe.each(['client', 'server'] as const)('frames of a %s', sender => {
  test('are read as they were written, however they are cut', () => {
    fc.assert(
      fc.property(framesFrom(sender), fc.nat(), (frames, seed) => {
        expect(decode(cut(encode(frames), seed), sender)).toEqual(frames)
      }),
    )
  })

  test('cut short at every byte are a beginning of themselves', () => {
    fc.assert(
      fc.property(framesFrom(sender), frames => {
        const bytes = encode(frames).subarray(0, 3000)
        for (let length = 0; length <= bytes.length; length += 7) {
          const seen = decode([bytes.subarray(0, length)], sender)
          expect(seen).toEqual(frames.slice(0, seen.length))
        }
      }),
      { numRuns: 20 },
    )
  })

  test('with a changed byte are read alike, whole or in pieces, or refused with the same error', () => {
    fc.assert(
      fc.property(framesFrom(sender), fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(), (frames, at, by, seed) => {
        const bytes = encode(frames).slice()
        if (bytes.length > 0) bytes[at % bytes.length] ^= by
        expect(outcome(cut(bytes, seed), sender)).toEqual(outcome([bytes], sender))
      }),
      { numRuns: 500 },
    )
  })

  test('that are noise are never anything but frames or a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        expect(outcome([bytes], sender).error ?? 'none').toMatch(/^(none|bad-type|bad-frame|frame-too-large)@?\d*$/)
      }),
      { numRuns: 500 },
    )
  })
})

const outcome = (pieces: readonly Uint8Array[], sender: Sender): { seen: Seen[]; error?: string } => {
  const seen: Seen[] = []
  try {
    return { seen: decode(pieces, sender, seen) }
  } catch (error) {
    if (!(error instanceof NativeError)) throw error
    return { seen, error: `${error.code}@${error.offset}` }
  }
}

describe('the decoder', () => {
  test('gives DATA as it lies, without a copy', () => {
    const chunk = encodeFrame(FRAME.DATA, FLAG_END, 1, Buffer.from('hello'))
    let piece: Uint8Array | undefined
    new FrameDecoder('client').push(chunk, { frame: () => {}, data: (_, part) => (piece = part) })
    expect(piece?.buffer).toBe(chunk.buffer)
    expect(piece?.byteOffset).toBe(chunk.byteOffset + 12)
  })

  test('refuses everything after an error, with the same error', () => {
    const decoder = new FrameDecoder('client')
    const handler = { frame: () => {}, data: () => {} }
    const push = (): void => decoder.push(encodeFrame(99, 0, 0, new Uint8Array(0)), handler)
    expect(push).toThrow('type 99')
    expect(() => decoder.push(encodeCredit(1, 1), handler)).toThrow('type 99')
  })

  test('knows whether the connection may end', () => {
    const decoder = new FrameDecoder('client')
    const handler = { frame: () => {}, data: () => {} }
    const frame = encodeControl(FRAME.OPEN, 1, { name: 'a' })
    for (const byte of frame.subarray(0, -1)) {
      decoder.push(Uint8Array.of(byte), handler)
      expect(decoder.atBoundary).toBe(false)
    }
    decoder.push(frame.subarray(-1), handler)
    expect(decoder.atBoundary).toBe(true)
    expect(decoder.offset).toBe(frame.length)
  })
})

describe('the encoder', () => {
  test('refuses a payload that no peer would read', () => {
    const long = { text: 'x'.repeat(16 * 1024 * 1024) }
    expect(() => encodeControl(FRAME.RESULT, 1, long)).toThrow(expect.objectContaining({ code: 'result-too-large' }))
    expect(() => encodeControl(FRAME.OPEN, 1, long)).toThrow(expect.objectContaining({ code: 'bad-payload' }))
  })

  test('writes names that are no Unicode so that they can be read', () => {
    const frame = encodeControl(FRAME.OPEN, 1, { name: '\ud800' })
    expect(JSON.parse(Buffer.from(frame.subarray(12)).toString())).toEqual({ name: '\ud800' })
  })
})
