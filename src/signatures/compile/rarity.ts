import { commonBit, foldedWindow } from './common-strings.ts'
import { COMMON_STRINGS, COMMON_WINDOWS, FLOOR, PAIR_LEVELS, STEP } from './frequencies.ts'

// How often a four-byte window is to be expected in clean files: measured for the commonest windows, estimated as a
// Markov chain over byte pairs for all others.

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function decodeBase64(text: string): Uint8Array {
  const out = new Uint8Array(Math.floor((text.replace(/=+$/, '').length * 3) / 4))
  let bits = 0
  let held = 0
  let at = 0
  for (const character of text) {
    const value = BASE64.indexOf(character)
    if (value < 0) break
    held = ((held << 6) | value) & 0xffffff
    bits += 6
    if (bits >= 8) out[at++] = (held >> (bits -= 8)) & 0xff
  }
  return out
}

/** Slots for about a thousand windows. */
const COMMON_SLOTS = 8192
const slotOf = (window: number): number => Math.imul(window, 0x9e3779b1) >>> 19

/** Logarithms (base 2) of frequencies per position. */
export class Rarity {
  readonly #pairs = new Float32Array(65_536)
  readonly #singles = new Float32Array(256)
  /** Open addressing over the commonest windows; a slot with value 0 is free. */
  readonly #commonWindows = new Uint32Array(COMMON_SLOTS)
  readonly #commonValues = new Float32Array(COMMON_SLOTS)
  readonly #commonText = decodeBase64(COMMON_STRINGS)

  constructor() {
    const levels = decodeBase64(PAIR_LEVELS)
    const sums = new Float64Array(256)
    for (let i = 0; i < 65_536; i++) {
      this.#pairs[i] = FLOOR + STEP * ((levels[i >> 1] >> ((i & 1) * 4)) & 15)
      sums[i >> 8] += 2 ** this.#pairs[i]
    }
    const total = sums.reduce((sum, value) => sum + value, 0)
    for (let i = 0; i < 256; i++) this.#singles[i] = Math.log2(sums[i] / total)
    const list = decodeBase64(COMMON_WINDOWS)
    for (let i = 0; i + 5 <= list.length; i += 5) {
      const window = (list[i] | (list[i + 1] << 8) | (list[i + 2] << 16) | (list[i + 3] << 24)) >>> 0
      let slot = slotOf(window)
      while (this.#commonValues[slot] !== 0) slot = (slot + 1) % COMMON_SLOTS
      this.#commonWindows[slot] = window
      this.#commonValues[slot] = list[i + 4] / -8
    }
  }

  /** Logarithm (base 2) of the expected frequency of a window, given as an unsigned little-endian number. */
  window(value: number): number {
    for (let slot = slotOf(value); this.#commonValues[slot] !== 0; slot = (slot + 1) % COMMON_SLOTS)
      if (this.#commonWindows[slot] === value) return this.#commonValues[slot]
    const estimate =
      this.#pairs[value & 0xffff] +
      this.#pairs[(value >>> 8) & 0xffff] +
      this.#pairs[value >>> 16] -
      this.#singles[(value >>> 8) & 0xff] -
      this.#singles[(value >>> 16) & 0xff]
    return Math.max(-40, Math.min(-8, estimate))
  }

  /** True where all that is known of these bytes, eight at a time, is text that many clean files share. */
  isCommonText(values: Uint8Array, masks: Uint8Array): boolean {
    if (values.length < 8) return false
    for (let at = 0; at + 8 <= values.length; at++) {
      for (let i = 0; i < 8; i++) if (masks[at + i] !== 0xff && masks[at + i] !== 0xdf) return false
      const window = foldedWindow(values, at)
      if (window < 0 || !this.#isCommon(window)) return false
    }
    return true
  }

  #isCommon(window: number): boolean {
    for (const round of [0, 1] as const) {
      const bit = commonBit(window, round)
      if ((this.#commonText[bit >> 3] & (1 << (bit & 7))) === 0) return false
    }
    return true
  }
}
