import type { SparseMap } from './sparse.ts'

/** Zeros of holes, in pieces of this one buffer. */
const ZEROS = new Uint8Array(64 << 10)
/** More zeros than this come out of no member: nothing is to be found in them, and a few bytes may claim terabytes. */
const MAX_ZERO_BYTES = 64 << 20

/** What a sparse member comes to. */
export interface Expansion {
  /** The file, piece by piece, borrowed. */
  readonly content: Iterable<Uint8Array>
  /** Zeros that are left out of it. */
  readonly skippedBytes: number
  /** Bytes that the map asks for and that are not stored. */
  readonly missingBytes: number
  /** What is stored behind the last piece. */
  readonly rest: Uint8Array
  /** False where pieces overlap or go backwards; they then simply follow each other. */
  readonly isOrdered: boolean
}

/** The file behind stored pieces. Holes come out as zeros as long as there are not too many of them. */
export function expandSparse(data: Uint8Array, { pieces, realSize }: SparseMap): Expansion {
  let zeroBytes = 0
  let stored = 0
  let end = 0
  let isOrdered = true
  for (let i = 0; i < pieces.length; i += 2) {
    const hole = pieces[i] - end
    if (hole < 0) isOrdered = false
    else zeroBytes += hole
    stored += pieces[i + 1]
    end = Math.max(end, pieces[i] + pieces[i + 1])
  }
  zeroBytes += Math.max(0, realSize - end)
  return {
    content: expanded(data, pieces, realSize),
    skippedBytes: Math.max(0, zeroBytes - MAX_ZERO_BYTES),
    missingBytes: Math.max(0, stored - data.length),
    rest: data.subarray(Math.min(stored, data.length)),
    isOrdered,
  }
}

function* expanded(data: Uint8Array, pieces: readonly number[], realSize: number): Generator<Uint8Array> {
  let zerosLeft = MAX_ZERO_BYTES
  let stored = 0
  let end = 0
  const hole = function* (size: number): Generator<Uint8Array> {
    let left = Math.min(size, zerosLeft)
    zerosLeft -= Math.max(0, left)
    for (; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, left)
  }
  for (let i = 0; i < pieces.length; i += 2) {
    yield* hole(pieces[i] - end)
    if (pieces[i + 1] > 0 && stored < data.length) yield data.subarray(stored, stored + pieces[i + 1])
    stored += pieces[i + 1]
    end = Math.max(end, pieces[i] + pieces[i + 1])
  }
  yield* hole(realSize - end)
}
