import { crc32 } from 'node:zlib'
import { join } from '../carriers/bytes.ts'

// A gzip file that unpacks to itself. Construction: R. Cox, "Zip Files All The Way Down" (2010): a program of two
// instructions, each five bytes long: print the next n bytes (a stored block), repeat the last n bytes (two matches in a
// block of fixed codes), arranged so that what is printed is the program. The checksum is solved for.

/** Bytes of an instruction. */
const UNIT = 5

const print = (size: number): Uint8Array => {
  const block = Buffer.alloc(UNIT)
  block.writeUInt16LE(size, 1)
  block.writeUInt16LE(size ^ 0xffff, 3)
  return block
}

/** @param size - from 17 to 20: then two matches of at most ten bytes fill the instruction to the last bit */
function repeat(size: number): Uint8Array {
  const bits: number[] = [0, 1, 0]
  const code = (value: number, width: number) => {
    for (let i = width - 1; i >= 0; i--) bits.push((value >> i) & 1)
  }
  const extra = (value: number, width: number) => {
    for (let i = 0; i < width; i++) bits.push((value >> i) & 1)
  }
  for (const length of [10, size - 10]) {
    code(length - 2, 7)
    // Distances from 17 to 24.
    code(8, 5)
    extra(size - 17, 3)
  }
  code(0, 7)
  const block = new Uint8Array(UNIT)
  bits.forEach((bit, i) => (block[i >> 3] |= bit << (i & 7)))
  return block
}

function program(name: number, checksum: number, size: number): Uint8Array {
  const head = Uint8Array.of(0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 2, 3, name, 0)
  const tail = Buffer.from([1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0])
  tail.writeUInt32LE(checksum, UNIT)
  tail.writeUInt32LE(size, UNIT + 4)
  const [printHead, repeatHead] = [print(head.length + UNIT), repeat(head.length + UNIT)]
  const [printTail, repeatTail] = [print(tail.length + UNIT), repeat(tail.length + UNIT)]
  const [none, one, four, again] = [print(0), print(UNIT), print(4 * UNIT), repeat(4 * UNIT)]
  const instructions: readonly (readonly Uint8Array[])[] = [
    [head, printHead, head, printHead, repeatHead],
    [one, repeatHead, one, one, four, repeatHead, one, one, four, again],
    [four, again, four, again, four, again],
    [four, again, none, none, printTail, again, none, none],
    [printTail, repeatTail, tail, repeatTail, tail],
  ]
  return join(...instructions.flat())
}

/** The checksum that the file has when it is written into it: checksums are linear, so this is a system of equations. */
function fixedPoint(name: number, size: number): number | undefined {
  const of = (checksum: number) => crc32(program(name, checksum, size))
  const constant = of(0)
  // Row by bit of the result: which bits of the checksum flip it, and the constant.
  const columns = Array.from({ length: 32 }, (_, i) => (of((1 << i) >>> 0) ^ constant ^ (1 << i)) >>> 0)
  const rows = Array.from({ length: 32 }, (_, bit) =>
    columns.reduce(
      (row, column, i) => row | (BigInt((column >>> bit) & 1) << BigInt(i)),
      BigInt((constant >>> bit) & 1) << 32n,
    ),
  )
  for (let column = 0; column < 32; column++) {
    const pivot = rows.findIndex((row, i) => i >= column && ((row >> BigInt(column)) & 1n) === 1n)
    if (pivot < 0) return undefined
    ;[rows[column], rows[pivot]] = [rows[pivot], rows[column]]
    for (let i = 0; i < 32; i++) if (i !== column && ((rows[i] >> BigInt(column)) & 1n) === 1n) rows[i] ^= rows[column]
  }
  return Number(rows.reduce((value, row, i) => value | ((row >> 32n) << BigInt(i)), 0n))
}

/** A gzip file whose content is the file itself. */
export function gzipQuine(): Uint8Array {
  const { length } = program(0, 0, 0)
  for (let name = 0x61; name <= 0x7a; name++) {
    const checksum = fixedPoint(name, length)
    if (checksum !== undefined) return program(name, checksum, length)
  }
  throw new Error('No name makes a quine')
}
