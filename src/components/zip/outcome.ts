import { ContentError } from '../../bytes/index.ts'
import { crc32 } from '../../codecs/index.ts'
import type { Decoder } from '../../codecs/index.ts'

/** What became of the content of one member: filled while it is read. */
export class Outcome {
  /** Bytes that came out. */
  length = 0
  crc = 0
  /** Offset behind the last byte of input that was used; undefined until the end of the data was reached. */
  end: number | undefined
  /** Why the rest did not come out. */
  fault: ContentError | undefined;

  /** All pieces of the decoder, while they are counted and summed; a fault ends them and is kept. */
  *pieces(decoder: Decoder): Generator<Uint8Array, void, void> {
    try {
      for (let next = decoder.next(); ; next = decoder.next()) {
        if (next.done === true) {
          this.end = next.value
          return
        }
        const piece = next.value
        this.crc = crc32(piece, this.crc)
        this.length += piece.length
        yield piece
      }
    } catch (error) {
      if (!(error instanceof ContentError)) throw error
      this.fault = error
    }
  }

  /** As pieces, but stored data in one. */
  stored(bytes: Uint8Array, end: number): Uint8Array {
    this.crc = crc32(bytes)
    this.length = bytes.length
    this.end = end
    return bytes
  }
}

/** The first `size` bytes of pieces. */
export function* firstBytes(pieces: Iterable<Uint8Array>, size: number): Generator<Uint8Array, void, void> {
  let rest = size
  for (const piece of pieces) {
    yield piece.length <= rest ? piece : piece.subarray(0, rest)
    rest -= piece.length
    if (rest <= 0) return
  }
}

/** Output that may be thrown away to find something out: for one question, and for all of an archive. */
const MAX_PROBE_BYTES = 64 << 20
const MAX_PROBES_BYTES = 512 << 20

/** Unpacks without keeping anything, within a budget. */
export class Prober {
  #spentBytes = 0

  /** What came of it: unfinished and without a fault where it is too much. */
  run(decoder: Decoder): Outcome {
    const outcome = new Outcome()
    const budget = Math.min(MAX_PROBE_BYTES, MAX_PROBES_BYTES - this.#spentBytes)
    if (budget <= 0) return outcome
    for (const _ of outcome.pieces(decoder)) if (outcome.length >= budget) break
    this.#spentBytes += outcome.length
    return outcome
  }

  /** Checksum of stored data; undefined where that is too much. */
  crc(bytes: Uint8Array): number | undefined {
    if (bytes.length > MAX_PROBES_BYTES - this.#spentBytes) return undefined
    this.#spentBytes += bytes.length
    return crc32(bytes)
  }
}
