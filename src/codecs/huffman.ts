// Two-level decoding tables for prefix codes that are read least significant bit first (RFC 1951, section 3.2.2).
//
//   entry:  31 ─── value ─── 13 │ 12 ─ extra bits ─ 8 │ 7 ─ kind ─ 5 │ 4 ─ bits of the code ─ 0
//
// The first level is indexed by the next `firstBits` bits. Longer codes have a LINK there: value is the offset of the
// second level, indexed by the next `extra bits` bits. Code bits of a second-level entry count from there.

export const LITERAL = 0 << 5
export const MATCH = 1 << 5
export const END = 2 << 5
export const LINK = 3 << 5
export const INVALID = 4 << 5
export const KIND = 7 << 5

export const MAX_CODE_BITS = 15

/** An entry without its code length. */
export const entryOf = (kind: number, value: number, extraBits = 0): number => (value << 13) | (extraBits << 8) | kind

/** Room for any set of lengths: each of `symbols` codes may need a second level of its own. */
export const tableSize = (firstBits: number, symbols: number): number =>
  (1 << firstBits) + (symbols << (MAX_CODE_BITS - firstBits))

const counts = new Uint16Array(MAX_CODE_BITS + 1)
const nextCodes = new Uint16Array(MAX_CODE_BITS + 2)

function reversed(code: number, bits: number): number {
  let result = 0
  for (let i = 0; i < bits; i++) result |= ((code >>> i) & 1) << (bits - 1 - i)
  return result
}

/**
 * Fills `table` for the code lengths `lengths[from, from + symbols)` (0: no code; at most 15); symbol i decodes to
 * `entries[i]`. Codes that no symbol has decode to INVALID, so an incomplete set is an error only where it is used.
 * @returns false where the set is over-subscribed
 */
export function buildTable(
  table: Int32Array,
  firstBits: number,
  lengths: Uint8Array,
  from: number,
  symbols: number,
  entries: Int32Array,
): boolean {
  counts.fill(0)
  for (let i = 0; i < symbols; i++) counts[lengths[from + i]]++
  counts[0] = 0
  let longest = 0
  let left = 1
  for (let bits = 1, code = 0; bits <= MAX_CODE_BITS; bits++) {
    code = (code + counts[bits - 1]) << 1
    nextCodes[bits] = code
    left = left * 2 - counts[bits]
    if (left < 0) return false
    if (counts[bits] > 0) longest = bits
  }
  const secondBits = Math.max(0, longest - firstBits)
  table.fill(INVALID | 1, 0, 1 << firstBits)
  let free = 1 << firstBits
  for (let symbol = 0; symbol < symbols; symbol++) {
    const bits = lengths[from + symbol]
    if (bits === 0) continue
    const code = reversed(nextCodes[bits]++, bits)
    if (bits <= firstBits) {
      for (let i = code; i < 1 << firstBits; i += 1 << bits) table[i] = entries[symbol] | bits
      continue
    }
    const first = code & ((1 << firstBits) - 1)
    if ((table[first] & KIND) !== LINK) {
      table[first] = entryOf(LINK, free, secondBits) | firstBits
      table.fill(INVALID | 1, free, free + (1 << secondBits))
      free += 1 << secondBits
    }
    const base = table[first] >>> 13
    const rest = bits - firstBits
    for (let i = code >>> firstBits; i < 1 << secondBits; i += 1 << rest) table[base + i] = entries[symbol] | rest
  }
  return true
}
