import type { Decoder } from './decoder.ts'
import { PIECE_BYTES } from './window.ts'

// Filters that undo the change of relative to absolute addresses in machine code (BCJ), and of bytes to differences.
// Sources: xz file format, section 5.3; LZMA SDK (public domain).

/**
 * Changes `bytes[0, size)` in place; `position` is that of bytes[0] in the stream.
 * @returns how many bytes from the start are final; the rest is given again with what follows
 */
export type Filter = (bytes: Uint8Array, size: number, position: number) => number

/** Longest rest that a filter leaves. */
const MAX_REST_BYTES = 64

/** The output of a decoder, filtered. Pieces of at most 64 KiB. */
export function* filtered(decoder: Decoder, filter: Filter): Decoder {
  const buffer = new Uint8Array(PIECE_BYTES + MAX_REST_BYTES)
  let size = 0
  let position = 0
  try {
    for (;;) {
      const next = decoder.next()
      if (next.done === true) {
        if (size > 0) yield buffer.subarray(0, size)
        return next.value
      }
      for (let from = 0; from < next.value.length;) {
        const part = next.value.subarray(from, from + PIECE_BYTES - size)
        buffer.set(part, size)
        from += part.length
        size += part.length
        const final = filter(buffer, size, position)
        if (final === 0) continue
        yield buffer.subarray(0, final)
        buffer.copyWithin(0, final, size)
        position += final
        size -= final
      }
    }
  } catch (error) {
    if (size > 0) yield buffer.subarray(0, size)
    throw error
  }
}

/** Differences to the byte `distance` (1 to 256) before. */
export function deltaFilter(distance: number): Filter {
  const history = new Uint8Array(256)
  let at = 0
  return (bytes, size) => {
    for (let i = 0; i < size; i++) {
      bytes[i] += history[(at - distance) & 255]
      history[at++ & 255] = bytes[i]
    }
    return size
  }
}

const int32le = (bytes: Uint8Array, i: number): number =>
  bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24)

function putInt32le(bytes: Uint8Array, i: number, value: number): void {
  bytes[i] = value
  bytes[i + 1] = value >> 8
  bytes[i + 2] = value >> 16
  bytes[i + 3] = value >> 24
}

const int32be = (bytes: Uint8Array, i: number): number =>
  (bytes[i] << 24) | (bytes[i + 1] << 16) | (bytes[i + 2] << 8) | bytes[i + 3]

function putInt32be(bytes: Uint8Array, i: number, value: number): void {
  bytes[i] = value >> 24
  bytes[i + 1] = value >> 16
  bytes[i + 2] = value >> 8
  bytes[i + 3] = value
}

/** A filter over instructions of `step` bytes at multiples of it; `startPosition` is added to every position. */
const aligned =
  (step: number, change: (bytes: Uint8Array, i: number, position: number) => void) =>
  (startPosition: number): Filter =>
  (bytes, size, position) => {
    const end = size - (size % step)
    for (let i = 0; i < end; i += step) change(bytes, i, (position + startPosition + i) | 0)
    return end
  }

/** BL. */
export const armFilter = aligned(4, (bytes, i, position) => {
  if (bytes[i + 3] !== 0xeb) return
  const target = ((int32le(bytes, i) << 2) - position - 8) >> 2
  bytes[i] = target
  bytes[i + 1] = target >> 8
  bytes[i + 2] = target >> 16
})

/** BL and ADRP. */
export const arm64Filter = aligned(4, (bytes, i, position) => {
  const code = int32le(bytes, i)
  if (code >>> 26 === 0x25) return putInt32le(bytes, i, 0x9400_0000 | ((code - (position >>> 2)) & 0x03ff_ffff))
  if ((code & 0x9f00_0000) >>> 0 !== 0x9000_0000) return
  const page = ((code >>> 29) & 3) | ((code >>> 3) & 0x1f_fffc)
  if (((page + 0x2_0000) & 0x1c_0000) !== 0) return
  const target = page - (position >>> 12)
  putInt32le(
    bytes,
    i,
    (code & 0x9000_001f) | ((target & 3) << 29) | ((target & 0x3_fffc) << 3) | (-(target & 0x2_0000) & 0xe0_0000),
  )
})

/** B and BL with link and absolute bits as BL has them. */
export const powerPcFilter = aligned(4, (bytes, i, position) => {
  const code = int32be(bytes, i)
  if ((code & 0xfc00_0003) !== 0x4800_0001) return
  putInt32be(bytes, i, 0x4800_0001 | ((code - position) & 0x03ff_fffc))
})

/** CALL. */
export const sparcFilter = aligned(4, (bytes, i, position) => {
  const code = int32be(bytes, i)
  if (code >>> 22 !== 0x100 && code >>> 22 !== 0x1ff) return
  const target = ((code << 2) - position) >>> 2
  const sign = (0 - ((target >>> 22) & 1)) << 22
  putInt32be(bytes, i, (sign & 0x3fff_ffff) | (target & 0x3f_ffff) | 0x4000_0000)
})

/** By template of a bundle, from 16 on: which of its three slots may hold a branch. */
const IA64_SLOTS = [4, 4, 6, 6, 0, 0, 7, 7, 4, 4, 0, 0, 4, 4, 0, 0]

/** Branches of 41-bit instructions, three in a bundle of 16 bytes. */
export const ia64Filter = aligned(16, (bytes, i, position) => {
  const template = bytes[i] & 31
  const slots = template < 16 ? 0 : IA64_SLOTS[template - 16]
  for (let slot = 0; slot < 3; slot++) {
    if (((slots >> slot) & 1) === 0) continue
    const bit = 5 + slot * 41
    const at = i + (bit >> 3)
    let word = 0n
    for (let n = 5; n >= 0; n--) word = (word << 8n) | BigInt(bytes[at + n])
    const shift = BigInt(bit & 7)
    const code = word >> shift
    if (((code >> 37n) & 15n) !== 5n || ((code >> 9n) & 7n) !== 0n) continue
    const address = Number(((code >> 13n) & 0xf_ffffn) | (((code >> 36n) & 1n) << 20n)) << 4
    const target = BigInt(((address - position) >>> 4) & 0x1f_ffff)
    const changed = (code & ~(0x8f_ffffn << 13n)) | ((target & 0xf_ffffn) << 13n) | ((target & 0x10_0000n) << 16n)
    word = (word & ((1n << shift) - 1n)) | (changed << shift)
    for (let n = 0; n < 6; n++) bytes[at + n] = Number((word >> BigInt(8 * n)) & 255n)
  }
})

/** Pairs of Thumb instructions that make a BL. */
export const armThumbFilter =
  (startPosition: number): Filter =>
  (bytes, size, position) => {
    let i = 0
    for (; i + 4 <= size; i += 2) {
      if ((bytes[i + 1] & 0xf8) !== 0xf0 || (bytes[i + 3] & 0xf8) !== 0xf8) continue
      const high = ((bytes[i + 1] & 7) << 8) | bytes[i]
      const low = ((bytes[i + 3] & 7) << 8) | bytes[i + 2]
      const target = (((high << 11) | low) * 2 - (position + startPosition + i + 4)) >> 1
      bytes[i + 1] = 0xf0 | ((target >> 19) & 7)
      bytes[i] = target >> 11
      bytes[i + 3] = 0xf8 | ((target >> 8) & 7)
      bytes[i + 2] = target
      i += 2
    }
    return i
  }

// By mask of the last three bytes in which an opcode stood: whether the address may be one, and how many of its bytes
// they reach into.
const X86_ALLOWED = [true, true, true, false, true, false, false, false]
const X86_BYTES = [0, 1, 2, 2, 3, 3, 3, 3]
const isSignByte = (byte: number): boolean => byte === 0 || byte === 0xff

/** CALL and JMP. The mask goes on from piece to piece. */
export function x86Filter(startPosition: number): Filter {
  let mask = 0
  return (bytes, size, position) => {
    if (size <= 4) return 0
    const end = size - 4
    let last = -1
    let i = 0
    for (; i < end; i++) {
      if ((bytes[i] & 0xfe) !== 0xe8) continue
      const since = i - last
      last = i
      mask = since > 3 ? 0 : (mask << (since - 1)) & 7
      if (mask !== 0 && (!X86_ALLOWED[mask] || isSignByte(bytes[i + 4 - X86_BYTES[mask]]))) {
        mask = (mask << 1) | 1
        continue
      }
      if (!isSignByte(bytes[i + 4])) {
        mask = (mask << 1) | 1
        continue
      }
      putInt32le(bytes, i + 1, x86Target(int32le(bytes, i + 1), position + startPosition + i + 5, mask))
      i += 4
    }
    mask = i - last > 3 ? 0 : mask << (i - last - 1)
    return i
  }
}

function x86Target(source: number, position: number, mask: number): number {
  let target = (source - position) | 0
  const shift = X86_BYTES[mask] * 8
  // Two rounds are enough; the bound is for safety.
  for (let round = mask === 0 ? 4 : 0; round < 4; round++) {
    if (!isSignByte((target >>> (24 - shift)) & 255)) break
    target = ((target ^ (2 ** (32 - shift) - 1)) - position) | 0
  }
  target &= 0x01ff_ffff
  return target | -(target & 0x0100_0000)
}
