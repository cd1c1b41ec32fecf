import { ContentError } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'

/** What came out of a decoder, and why that may not be all. */
export interface Collected {
  /** Its whole output; owned. */
  readonly bytes: Uint8Array
  /** Offset behind the last byte of input that was used; undefined where it did not come to its end. */
  readonly end: number | undefined
  /** What stopped it; undefined: it came to its end. */
  readonly fault: ContentError | undefined
}

/**
 * Runs a decoder to its end, or to `maxBytes` of output (then the fault is `too-large`, and the first `maxBytes` are
 * kept), or to its ContentError. For small streams that a reader needs as a whole. Memory: twice the output.
 */
export function collected(decoder: Decoder, maxBytes: number): Collected {
  const pieces: Uint8Array[] = []
  let total = 0
  let end: number | undefined
  let fault: ContentError | undefined
  try {
    for (;;) {
      const next = decoder.next()
      if (next.done === true) {
        end = next.value
        break
      }
      const piece = next.value.slice(0, maxBytes - total)
      pieces.push(piece)
      total += piece.length
      if (piece.length < next.value.length) throw new ContentError('too-large', `It unpacks to over ${maxBytes} bytes`)
    }
  } catch (error) {
    if (!(error instanceof ContentError)) throw error
    fault = error
  }
  return { bytes: joined(pieces, total), end, fault }
}

function joined(pieces: readonly Uint8Array[], total: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]
  const bytes = new Uint8Array(total)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

/** The whole output of a decoder; owned. @throws ContentError of the decoder, and `too-large` beyond `maxBytes` */
export function concatenated(decoder: Decoder, maxBytes: number): Uint8Array {
  const { bytes, fault } = collected(decoder, maxBytes)
  if (fault !== undefined) throw fault
  return bytes
}
