import type { Random } from './ports/host.ts'

// UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, then a counter of 12 bits (§6.2, method 1), then 62 random bits.
// The first 64 bits therefore order what one server makes; `slot` keeps several servers apart.

export const COUNTER_BITS = 12
/** Highest bits of the counter that name the server. */
export const SLOT_BITS = 5
const PER_MS = 2 ** (COUNTER_BITS - SLOT_BITS)
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
export const ID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Makes ids; each is greater than the one before. */
export interface IdSource {
  /** Milliseconds of the id may run ahead of `nowMs` where more than PER_MS are made in one. */
  next(nowMs: number): string
}

export function createIds(random: Random, slot: number): IdSource {
  let lastMs = 0
  let counter = 0
  let pool = random.bytes(0)
  let used = 0
  return {
    next(nowMs) {
      if (nowMs > lastMs) {
        lastMs = nowMs
        counter = 0
      } else if (++counter === PER_MS) {
        lastMs++
        counter = 0
      }
      if (used + 8 > pool.length) {
        pool = random.bytes(2048)
        used = 0
      }
      used += 8
      return format(lastMs, slot * PER_MS + counter, pool, used - 8)
    },
  }
}

function format(ms: number, counter: number, random: Uint8Array, at: number): string {
  const time = ms.toString(16).padStart(12, '0')
  const tail = [(random[at] & 0x3f) | 0x80, ...random.subarray(at + 1, at + 8)].map(byte => HEX[byte]).join('')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${tail.slice(0, 4)}-${tail.slice(4)}`
}

/** Milliseconds since the epoch at which an id was made. */
export const timeOfId = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
