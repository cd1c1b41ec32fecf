import { join, noise } from '../carriers/bytes.ts'
import type { Chunk } from './instance.ts'
import { LeftOut, type Signature } from './signature.ts'

/** Larger files would only be slow. */
export const MAX_FILE_BYTES = 4_000_000
/** Neutral bytes between two patterns. */
export const GAP_BYTES = 11

/** A file under construction: what is where, so that nothing is overwritten. */
export class Canvas {
  bytes: Uint8Array
  readonly #taken: [number, number][] = []
  #end: number
  constructor(length: number, filler: (length: number) => Uint8Array) {
    this.bytes = filler(length)
    this.#end = 16
  }

  /** Puts bytes at an offset. @throws LeftOut where something else lies there */
  put(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length
    if (offset < 0 || end > MAX_FILE_BYTES) throw new LeftOut('offset out of reach')
    for (const [from, to] of this.#taken) {
      if (offset >= to || end <= from) continue
      const agrees = bytes.every((byte, i) => offset + i < from || offset + i >= to || this.bytes[offset + i] === byte)
      if (!agrees) throw new LeftOut('two patterns at one place')
    }
    if (end > this.bytes.length) this.bytes = join(this.bytes, noise(end - this.bytes.length, 17))
    this.bytes.set(bytes, offset)
    this.#taken.push([offset, end])
    this.#end = Math.max(this.#end, end)
  }

  /** Puts bytes behind everything else. */
  append(bytes: Uint8Array): void {
    this.put(this.#end + GAP_BYTES, bytes)
  }
}

/** Offset of a chunk's first byte where its offset counts from the start of the file. */
export const startOf = (chunk: Chunk) => chunk.offset.delta - chunk.anchor

/** Adds what must lie at the end, and the length that the signature asks for. */
export function withTail(signature: Signature, bytes: Uint8Array, chunks: readonly Chunk[]): Uint8Array {
  const atEnd = chunks.filter(chunk => chunk.offset.base === 'end')
  const tailLength = Math.max(0, ...atEnd.map(chunk => chunk.anchor - chunk.offset.delta))
  const [minSize, maxSize] = rangeOf(signature, 'FileSize', 0, MAX_FILE_BYTES)
  const padding = Math.max(atEnd.length > 0 ? GAP_BYTES : 0, minSize - bytes.length - tailLength)
  const tail = new Canvas(tailLength, length => noise(length, 23))
  for (const chunk of atEnd) {
    const start = tailLength + chunk.offset.delta - chunk.anchor
    if (start + chunk.bytes.length > tailLength) throw new LeftOut('too near to the end')
    tail.put(start, chunk.bytes)
  }
  const whole = join(bytes, noise(padding, 29), tail.bytes)
  if (whole.length > maxSize) throw new LeftOut('file size too small to hold it')
  return whole
}

/** The range of a condition, or the given one where there is none. */
export function rangeOf(signature: Signature, key: string, low: number, high: number): [number, number] {
  const match = /^(\d+)-(\d+)$/.exec(signature.conditions.get(key) ?? '')
  return match === null ? [low, high] : [Number(match[1]), Number(match[2])]
}
