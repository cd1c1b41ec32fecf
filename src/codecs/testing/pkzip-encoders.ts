// Encoders of the old methods of PKZIP, for tests: no tool of today writes them.

class LsbWriter {
  readonly #bits: number[] = []

  put(value: number, count: number): void {
    for (let i = 0; i < count; i++) this.#bits.push((value >> i) & 1)
  }

  /** The code's most significant bit first, its bits turned over. */
  putCode(code: number, count: number): void {
    for (let i = count - 1; i >= 0; i--) this.#bits.push(((code >> i) & 1) ^ 1)
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array((this.#bits.length + 7) >> 3)
    for (const [i, bit] of this.#bits.entries()) bytes[i >> 3] |= bit << (i & 7)
    return bytes
  }
}

interface Match {
  readonly distance: number
  readonly length: number
}

/** The longest match at `at`, within limits; what lies before the start is zero. */
function matchAt(data: Uint8Array, at: number, longest: number, reach: number): Match {
  let best = { distance: 0, length: 0 }
  for (let distance = 1; distance <= reach && distance <= at + 2; distance++) {
    let length = 0
    while (length < longest && at + length < data.length && (data[at + length - distance] ?? 0) === data[at + length])
      length++
    if (length > best.length) best = { distance, length }
  }
  return best
}

/** LZW that clears its leaves whenever the table is full. */
export function shrink(data: Uint8Array): Uint8Array {
  const out = new LsbWriter()
  const codes = new Map<number, number>()
  const keys = new Map<number, number>()
  let bits = 9
  let lastAdded = 256
  let previous = -1
  const add = (parent: number, byte: number) => {
    let code = lastAdded + 1
    while (keys.has(code)) code++
    lastAdded = Math.min(code, 8191)
    if (code > 8191) return
    const key = parent * 256 + byte
    keys.set(code, key)
    if (!codes.has(key)) codes.set(key, code)
  }
  const clear = () => {
    const parents = new Set([...keys.values()].map(key => key >> 8))
    for (const [code, key] of keys) {
      if (parents.has(code)) continue
      keys.delete(code)
      if (codes.get(key) === code) codes.delete(key)
    }
    lastAdded = 256
  }
  for (let at = 0; at < data.length;) {
    const first = data[at]
    let code = data[at++]
    for (let next = codes.get(code * 256 + data[at]); at < data.length && next !== undefined;) {
      code = next
      at++
      next = codes.get(code * 256 + data[at])
    }
    while (code >= 1 << bits) {
      out.put(256, bits)
      out.put(1, bits++)
    }
    out.put(code, bits)
    if (previous >= 0) add(previous, first)
    previous = code
    if (lastAdded === 8191) {
      out.put(256, bits)
      out.put(2, bits)
      clear()
    }
  }
  return out.bytes()
}

/** Code lengths of 64 symbols, a complete set: 16 of 5 bits, 16 of 6, 32 of 7. */
const LENGTHS_64 = Array.from({ length: 64 }, (_, i) => (i < 16 ? 5 : i < 32 ? 6 : 7))
const LENGTHS_256 = Array.from({ length: 256 }, (_, i) => (i < 64 ? 7 : i < 192 ? 9 : 8))

function canonical(lengths: readonly number[]): readonly { code: number; bits: number }[] {
  const result = lengths.map(bits => ({ code: 0, bits }))
  let code = 0
  for (let bits = 1; bits <= 16; bits++) {
    for (const entry of result) if (entry.bits === bits) entry.code = code++
    code <<= 1
  }
  return result
}

function putLengths(out: LsbWriter, lengths: readonly number[]): void {
  const runs: number[] = []
  for (let at = 0; at < lengths.length;) {
    let times = 1
    while (times < 16 && lengths[at + times] === lengths[at]) times++
    runs.push(((times - 1) << 4) | (lengths[at] - 1))
    at += times
  }
  out.put(runs.length - 1, 8)
  for (const run of runs) out.put(run, 8)
}

/** @param flags - bit 1: 8 KiB dictionary; bit 2: a code for literals */
export function implode(data: Uint8Array, flags: number): Uint8Array {
  const out = new LsbWriter()
  const literals = canonical(LENGTHS_256)
  const numbers = canonical(LENGTHS_64)
  const hasLiterals = (flags & 4) !== 0
  const lowBits = (flags & 2) !== 0 ? 7 : 6
  const shortest = hasLiterals ? 3 : 2
  if (hasLiterals) putLengths(out, LENGTHS_256)
  putLengths(out, LENGTHS_64)
  putLengths(out, LENGTHS_64)
  for (let at = 0; at < data.length;) {
    const { distance, length } = matchAt(data, at, 63 + 255 + shortest, 64 << lowBits)
    if (length < shortest) {
      out.put(1, 1)
      const { code, bits } = literals[data[at]]
      if (hasLiterals) out.putCode(code, bits)
      else out.put(data[at], 8)
      at++
      continue
    }
    out.put(0, 1)
    out.put((distance - 1) & ((1 << lowBits) - 1), lowBits)
    const high = numbers[(distance - 1) >> lowBits]
    out.putCode(high.code, high.bits)
    const short = Math.min(63, length - shortest)
    out.putCode(numbers[short].code, numbers[short].bits)
    if (short === 63) out.put(length - shortest - 63, 8)
    at += length
  }
  return out.bytes()
}

/** With sets of one to three followers for letters, and none for other bytes. */
export function reduce(data: Uint8Array, factor: number): Uint8Array {
  const out = new LsbWriter()
  const followers = (byte: number) => (byte < 97 || byte > 122 ? [] : [32, 101, 110].slice(0, 1 + (byte % 3)))
  for (let byte = 255; byte >= 0; byte--) {
    out.put(followers(byte).length, 6)
    for (const follower of followers(byte)) out.put(follower, 8)
  }
  let last = 0
  const put = (byte: number) => {
    const set = followers(last)
    const index = set.indexOf(byte)
    if (set.length > 0) out.put(index < 0 ? 1 : 0, 1)
    if (index < 0) out.put(byte, 8)
    else out.put(index, set.length > 2 ? 2 : 1)
    last = byte
  }
  const bits = 8 - factor
  const longest = (1 << bits) - 1
  for (let at = 0; at < data.length;) {
    const { distance, length } = matchAt(data, at, longest + 255 + 3, 256 << factor)
    if (length < 4) {
      put(data[at])
      if (data[at++] === 144) put(0)
      continue
    }
    const rest = length - 3
    put(144)
    put(Math.min(rest, longest) | (((distance - 1) >> 8) << bits))
    if (rest >= longest) put(rest - longest)
    put((distance - 1) & 255)
    at += length
  }
  return out.bytes()
}
