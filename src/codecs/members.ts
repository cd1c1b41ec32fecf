import type { Decoder } from './decoder.ts'

/** Something odd that does not end the decoding: a stable code, one sentence, and the offset in the input. */
export type Note = (code: string, detail: string, offset: number) => void

/** Decodes one member that starts at `start`. */
export type MemberDecoder = (input: Uint8Array, start: number) => Decoder

/**
 * One member after the other, as long as `starts` says that another one begins; the output is that of all of them.
 * Bytes of zero between two members are passed over, as tapes and xz pad with them.
 */
export function* members(
  input: Uint8Array,
  start: number,
  member: MemberDecoder,
  starts: (input: Uint8Array, at: number) => boolean,
): Decoder {
  let end = yield* member(input, start)
  for (;;) {
    let next = end
    while (next < input.length && input[next] === 0) next++
    if (next >= input.length || !starts(input, next)) return end
    end = yield* member(input, next)
    if (end <= next) return next
  }
}
