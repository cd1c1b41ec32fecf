import { expect, test } from 'vitest'
import { FrameDecoder } from './decoder.ts'
import { WireViolation } from './emission-check.ts'
import { frame, KIND } from './wire.ts'

// Mutated and random conversations: the decoder says what an honest child could have said, or throws WireViolation.
// LAZARET_FUZZ_RUNS=1000000 for the long run.

const RUNS = Number(process.env['LAZARET_FUZZ_RUNS'] ?? 20_000)
const LIMITS = { children: 20, outputBytes: 4096 }
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** xorshift32: the same run every time. */
let state = 0x9e3779b9
const random = (below: number): number => {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) % below
}

const PAYLOADS = [
  '{"emit":"child","name":"a"}',
  '{"emit":"missed","reason":"time","detail":""}',
  '{"emit":"property","name":"n","value":"v"}',
  '{"emit":"section","section":{"kind":"table","title":"t","columns":["a"],"rows":[["b"]]}}',
  '{"emit":"anomaly","code":"c","detail":"d","offset":1}',
  '[[[[[[[[',
  '',
  'text',
]
const KINDS = Object.values(KIND)

/** Half of the conversations are sound up to the mutation, the others are frames in any order. */
const conversation = (): Uint8Array => {
  const parts: Uint8Array[] = []
  const sound = random(2) === 0
  for (let count = 1 + random(6); count > 0; count--) {
    if (!sound) parts.push(frame(KINDS[random(KINDS.length)], utf8(PAYLOADS[random(PAYLOADS.length)])))
    else if (random(2) === 0) parts.push(frame(KIND.emission, utf8(PAYLOADS[1 + random(4)])))
    else {
      const pieces = Array.from({ length: random(3) }, () => frame(KIND.data, new Uint8Array(1 + random(100))))
      parts.push(frame(KIND.head, utf8(PAYLOADS[0])), ...pieces, frame(KIND.end, utf8('')))
    }
  }
  parts.push(frame(KIND.done, utf8('')))
  const bytes = new Uint8Array(Buffer.concat(parts))
  for (let count = random(4); count > 0; count--) bytes[random(bytes.length)] = random(256)
  return random(4) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes
}

test(`${RUNS} conversations`, { timeout: 600_000 }, () => {
  let ended = 0
  let violations = 0
  for (let run = 0; run < RUNS; run++) {
    let depth = 0
    let children = 0
    let bytes = 0
    const decoder = new FrameDecoder(LIMITS, {
      emission: value => expectKnown(value.emit),
      child: () => {
        children++
        depth++
        if (depth !== 1) throw new Error('a child in a child')
        return true
      },
      data: piece => {
        bytes += piece.length
        if (depth !== 1) throw new Error('content outside of a child')
        return true
      },
      childEnd: () => {
        depth--
        if (depth !== 0) throw new Error('an end without a child')
      },
    })
    const all = conversation()
    try {
      const step = 1 + random(all.length + 1)
      for (let at = 0; at < all.length; at += step) {
        const end = decoder.push(all.subarray(at, at + step))
        if (end === undefined) continue
        ended++
        if (end.end === 'done' && depth !== 0) throw new Error('done in a child')
        break
      }
    } catch (error) {
      if (!(error instanceof WireViolation)) throw error
      violations++
    }
    decoder.abandon()
    if (depth !== 0 || children > LIMITS.children || bytes > LIMITS.outputBytes) throw new Error('beyond the limits')
  }
  expect(ended).toBeGreaterThan(RUNS / 10)
  expect(violations).toBeGreaterThan(RUNS / 10)
})

const expectKnown = (emit: string): void => {
  if (!['missed', 'property', 'section', 'anomaly', 'detection', 'password'].includes(emit)) {
    throw new Error(`emission ${emit}`)
  }
}
