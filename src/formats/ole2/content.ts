import { ContentError } from '../../bytes/index.ts'
import type { CompoundFile, OleStream } from './compound.ts'

/** Pieces of a stream, borrowed from the file. @throws ContentError behind the last piece of a stream that is not whole */
export function* streamPieces({ bytes }: CompoundFile, { extents, problem }: OleStream): Generator<Uint8Array, void> {
  yield* extentPieces(bytes, extents)
  if (problem !== undefined) throw new ContentError('malformed', `The stream is not whole: ${problem}`)
}

/** The stretches of `bytes` that pairs of offset and length name. */
export function* extentPieces(bytes: Uint8Array, extents: readonly number[]): Generator<Uint8Array, void> {
  for (let i = 0; i < extents.length; i += 2) yield bytes.subarray(extents[i], extents[i] + extents[i + 1])
}

/** What there is of a stream, in one piece: borrowed where it lies in one piece, copied otherwise. */
export function streamBytes({ bytes }: CompoundFile, { extents }: OleStream): Uint8Array {
  return joinExtents(bytes, extents)
}

/** Stretches of `bytes` in one piece: borrowed where there is one only. */
export function joinExtents(bytes: Uint8Array, extents: readonly number[]): Uint8Array {
  if (extents.length === 2) return bytes.subarray(extents[0], extents[0] + extents[1])
  let length = 0
  for (let i = 1; i < extents.length; i += 2) length += extents[i]
  const joined = new Uint8Array(length)
  let at = 0
  for (const piece of extentPieces(bytes, extents)) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

/** Path of an entry: names of its storages and its own, joined by `/`. */
export const pathOf = ({ folders, name }: Pick<OleStream, 'folders' | 'name'>): string => [...folders, name].join('/')
