import { ParseError } from './parse-error.ts'
import { u16be, u16le, u32be, u32le, u64be, u64le, u8 } from './read.ts'

// Fixed layouts as declarations: `struct({ name: bytes(8), virtualSize: uint32le })`. Field names are those of the
// specification; fields follow each other without padding, so padding is declared as bytes(n) too.

/** One field type: its size in bytes and how it is read. */
export interface Field<T> {
  readonly size: number
  read(bytes: Uint8Array, offset: number): T
}

/** A layout of fields; `read` throws ParseError on short input, `tryRead` answers undefined. */
export interface Layout<T> extends Field<T> {
  /** Offset in bytes of each field from the start of the layout. */
  readonly offsets: Readonly<Record<keyof T, number>>
  tryRead(bytes: Uint8Array, offset: number): T | undefined
}

/** What a layout reads: `type Header = Read<typeof Header>`. */
export type Read<L extends Field<unknown>> = ReturnType<L['read']>

export const uint8: Field<number> = { size: 1, read: u8 }
export const uint16le: Field<number> = { size: 2, read: u16le }
export const uint16be: Field<number> = { size: 2, read: u16be }
export const uint32le: Field<number> = { size: 4, read: u32le }
export const uint32be: Field<number> = { size: 4, read: u32be }
/** 64 bits as a number: exact below 2^53, see u64le. */
export const uint64le: Field<number> = { size: 8, read: u64le }
export const uint64be: Field<number> = { size: 8, read: u64be }

/** A run of `size` bytes, as a view that borrows the input. */
export function bytes(size: number): Field<Uint8Array> {
  return { size, read: (input, offset) => input.subarray(offset, offset + size) }
}

/** Declares a layout. Reading checks the whole size once and names the layout's field that no longer fits. */
export function struct<T extends Record<string, unknown>>(fields: { readonly [K in keyof T]: Field<T[K]> }): Layout<T> {
  const names = Object.keys(fields) as (keyof T & string)[]
  const offsets = {} as Record<keyof T, number>
  let size = 0
  for (const name of names) {
    offsets[name] = size
    size += fields[name].size
  }
  const read = (input: Uint8Array, offset: number): T => {
    if (!fits(input, offset, size)) throw shortInput(input, offset)
    const record = {} as T
    for (const name of names) record[name] = fields[name].read(input, offset + offsets[name])
    return record
  }
  const shortInput = (input: Uint8Array, offset: number): ParseError => {
    const missing = names.find(name => !fits(input, offset + offsets[name], fields[name].size)) ?? names[0] ?? ''
    const at = offset + (offsets[missing] ?? 0)
    return new ParseError(missing, at, fields[missing]?.size ?? size, input.length - at)
  }
  return { size, offsets, read, tryRead: (input, at) => (fits(input, at, size) ? read(input, at) : undefined) }
}

function fits(input: Uint8Array, offset: number, size: number): boolean {
  return Number.isInteger(offset) && offset >= 0 && offset + size <= input.length
}
