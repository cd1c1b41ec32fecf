import { ParseError } from './parse-error.ts'

// Integers out of borrowed bytes. All readers check their bounds and throw ParseError; none allocates otherwise.

function need(bytes: Uint8Array, offset: number, size: number): void {
  // NaN, fractions, negative numbers and everything from 2^32 on differ from their `>>> 0`.
  if (offset >>> 0 !== offset || offset + size > bytes.length)
    throw new ParseError(`uint${size * 8}`, offset, size, bytes.length - offset)
}

/** Unsigned 8-bit integer at `offset`. @throws ParseError */
export function u8(bytes: Uint8Array, offset: number): number {
  need(bytes, offset, 1)
  return bytes[offset]
}

/** Unsigned 16-bit integer at `offset`, least significant byte first. @throws ParseError */
export function u16le(bytes: Uint8Array, offset: number): number {
  need(bytes, offset, 2)
  return bytes[offset] | (bytes[offset + 1] << 8)
}

/** Unsigned 16-bit integer at `offset`, most significant byte first. @throws ParseError */
export function u16be(bytes: Uint8Array, offset: number): number {
  need(bytes, offset, 2)
  return (bytes[offset] << 8) | bytes[offset + 1]
}

/** Unsigned 32-bit integer at `offset`, least significant byte first. @throws ParseError */
export function u32le(bytes: Uint8Array, offset: number): number {
  need(bytes, offset, 4)
  return (bytes[offset] | (bytes[offset + 1] << 8) | (bytes[offset + 2] << 16) | (bytes[offset + 3] << 24)) >>> 0
}

/** Unsigned 32-bit integer at `offset`, most significant byte first. @throws ParseError */
export function u32be(bytes: Uint8Array, offset: number): number {
  need(bytes, offset, 4)
  return ((bytes[offset] << 24) | (bytes[offset + 1] << 16) | (bytes[offset + 2] << 8) | bytes[offset + 3]) >>> 0
}

/**
 * Unsigned 64-bit integer at `offset`, least significant byte first, as a number: exact below 2^53, rounded above,
 * which is far outside every file, so comparisons with sizes stay right. @throws ParseError
 */
export function u64le(bytes: Uint8Array, offset: number): number {
  need(bytes, offset, 8)
  return u32le(bytes, offset + 4) * 0x1_0000_0000 + u32le(bytes, offset)
}

/** As u64le, most significant byte first. @throws ParseError */
export function u64be(bytes: Uint8Array, offset: number): number {
  need(bytes, offset, 8)
  return u32be(bytes, offset) * 0x1_0000_0000 + u32be(bytes, offset + 4)
}

/** True where `bytes` holds exactly `pattern` at `offset`; false, never an error, where it does not fit. */
export function equalsAt(bytes: Uint8Array, offset: number, pattern: Uint8Array): boolean {
  if (offset < 0 || offset + pattern.length > bytes.length) return false
  for (let i = 0; i < pattern.length; i++) if (bytes[offset + i] !== pattern[i]) return false
  return true
}

/**
 * First offset in [start, end) at which all of `pattern` lies inside [start, end), or -1. Cost: a native search for
 * the first byte, then a comparison.
 */
export function indexOf(bytes: Uint8Array, pattern: Uint8Array, start = 0, end = bytes.length): number {
  const last = Math.min(end, bytes.length) - pattern.length
  if (pattern.length === 0) return start <= last ? start : -1
  // The native search knows no end: over a view of its own it does not run on behind `end`.
  const area = end < bytes.length ? bytes.subarray(0, Math.max(0, end)) : bytes
  for (let at = area.indexOf(pattern[0], start); at >= 0 && at <= last; at = area.indexOf(pattern[0], at + 1))
    if (equalsAt(area, at, pattern)) return at
  return -1
}

/** The bytes [start, end), clipped to what is there, one character per byte (ISO 8859-1). */
export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return textOfCodes(bytes.subarray(Math.max(0, start), Math.max(0, end)))
}

/** Characters made at once: what an engine takes as arguments of one call. */
const MAX_CODES = 4096

/** Not by spreading: that goes through an iterator, 1,600 ns for 64 characters where this takes 300 (2026-11). */
const characters = (codes: Uint8Array): string => Reflect.apply(String.fromCharCode, undefined, codes) as string

/**
 * Text of characters below 256. In one piece each: put together one by one they would be a tree of pieces, which takes
 * twenty times the memory for as long as the text is kept.
 */
export function textOfCodes(codes: Uint8Array): string {
  if (codes.length <= MAX_CODES) return characters(codes)
  let text = ''
  for (let at = 0; at < codes.length; at += MAX_CODES) text += characters(codes.subarray(at, at + MAX_CODES))
  return text
}

/** Bytes of a text whose characters are all below 256, one byte per character. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}
