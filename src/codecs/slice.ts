/** The bytes [from, to) of what the pieces make together; borrowed as they are. Stops asking once it has them. */
export function* sliceOf(pieces: Iterable<Uint8Array>, from: number, to: number): Generator<Uint8Array, void, void> {
  let at = 0
  if (to <= from) return
  for (const piece of pieces) {
    const start = Math.max(0, from - at)
    const end = Math.min(piece.length, to - at)
    if (end > start) yield piece.subarray(start, end)
    at += piece.length
    if (at >= to) return
  }
}

/** All pieces in one; `maxBytes` is the most that they can be. */
export function joinPieces(pieces: Iterable<Uint8Array>, maxBytes: number): Uint8Array {
  const out = new Uint8Array(maxBytes)
  let length = 0
  for (const piece of pieces) {
    out.set(piece, length)
    length += piece.length
  }
  return out.subarray(0, length)
}
