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
