import { ContentError } from '../bytes/index.ts'

// The predictors of Flate and LZW in PDF: each row of samples is stored as differences to its neighbours.
// Sources: ISO 32000-1, 7.4.4.4; PNG specification, section 9; TIFF 6.0, section 14.

export interface PredictorLayout {
  /** 1 none, 2 TIFF, 10 to 15 PNG (each row names its own filter). */
  readonly predictor: number
  readonly colors: number
  readonly bitsPerComponent: number
  readonly columns: number
}

const PIECE_BYTES = 64 << 10
/** Rows of the largest real scans are below one megabyte. */
const MAX_ROW_BYTES = 16 << 20
/** A row's buffer grows from here, so that a row that is claimed and does not come costs nothing. */
const FIRST_ROW_BYTES = 4096

/**
 * Undoes a predictor. A last row that is cut off is decoded as far as it goes.
 * @param source - pieces, borrowed one at a time
 * @throws ContentError unsupported for rows beyond MAX_ROW_BYTES
 */
export function* unpredict(source: Iterable<Uint8Array>, layout: PredictorLayout): Generator<Uint8Array, void, void> {
  const colors = Math.max(1, layout.colors)
  const bits = Math.max(1, layout.bitsPerComponent)
  const rowBytes = Math.ceil((colors * bits * Math.max(1, layout.columns)) / 8)
  if (!(rowBytes <= MAX_ROW_BYTES)) throw new ContentError('unsupported', 'Predictor with rows over 16 MiB')
  const isPng = layout.predictor >= 10
  const pixelBytes = Math.max(1, (colors * bits) >> 3)
  const size = rowBytes + (isPng ? 1 : 0)
  const out = new Uint8Array(PIECE_BYTES)
  let outAt = 0
  let row: Uint8Array<ArrayBuffer> = new Uint8Array(Math.min(size, FIRST_ROW_BYTES))
  let previous: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  let at = 0

  // Decodes the first `length` bytes of `row`; answers what is to be handed out.
  const finish = (length: number): Uint8Array => {
    if (!isPng) {
      untiff(row, length, colors, bits)
      return row.subarray(0, length)
    }
    if (previous.length === 0) previous = new Uint8Array(row.length)
    unfilter(row, length, previous, pixelBytes)
    const done = row
    row = previous.length === row.length ? previous : new Uint8Array(row.length)
    previous = done
    return done.subarray(1, length)
  }

  for (const piece of source)
    for (let from = 0; from < piece.length;) {
      const take = Math.min(size - at, piece.length - from)
      if (at + take > row.length) {
        const grown = new Uint8Array(Math.min(size, Math.max(2 * row.length, at + take)))
        grown.set(row.subarray(0, at))
        row = grown
      }
      row.set(piece.subarray(from, from + take), at)
      at += take
      from += take
      if (at < size) continue
      at = 0
      const done = finish(size)
      if (outAt + done.length > PIECE_BYTES) {
        if (outAt > 0) yield out.subarray(0, outAt)
        outAt = 0
        if (done.length > PIECE_BYTES) {
          yield done
          continue
        }
      }
      out.set(done, outAt)
      outAt += done.length
    }
  if (outAt > 0) yield out.subarray(0, outAt)
  if (at > (isPng ? 1 : 0)) yield finish(at)
}

/** One row of PNG in place: its filter stands in front. Unknown filters leave it as it is. */
function unfilter(row: Uint8Array, length: number, above: Uint8Array, step: number): void {
  switch (row[0]) {
    case 1:
      for (let i = step + 1; i < length; i++) row[i] += row[i - step]
      return
    case 2:
      for (let i = 1; i < length; i++) row[i] += above[i]
      return
    case 3:
      for (let i = 1; i < length; i++) row[i] += ((i > step ? row[i - step] : 0) + above[i]) >> 1
      return
    case 4:
      for (let i = 1; i < length; i++) row[i] += i > step ? paeth(row[i - step], above[i], above[i - step]) : above[i]
      return
    default:
  }
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner
  const byLeft = Math.abs(estimate - left)
  const byUp = Math.abs(estimate - up)
  const byCorner = Math.abs(estimate - corner)
  if (byLeft <= byUp && byLeft <= byCorner) return left
  return byUp <= byCorner ? up : corner
}

/** One row of TIFF predictor 2 in place. */
function untiff(row: Uint8Array, length: number, colors: number, bits: number): void {
  if (bits === 8) {
    for (let i = colors; i < length; i++) row[i] += row[i - colors]
    return
  }
  if (bits === 16) {
    for (let i = 2 * colors; i + 1 < length; i += 2) {
      const before = i - 2 * colors
      const sum = ((row[i] << 8) | row[i + 1]) + ((row[before] << 8) | row[before + 1])
      row[i] = sum >> 8
      row[i + 1] = sum
    }
    return
  }
  if (bits > 8) return
  untiffBits(row, length, colors, bits)
}

function untiffBits(row: Uint8Array, length: number, colors: number, bits: number): void {
  const mask = (1 << bits) - 1
  const samples = Math.floor((8 * length) / bits)
  const last = new Uint8Array(Math.min(colors, samples))
  for (let i = 0, color = 0; i < samples; i++) {
    const bit = i * bits
    const at = bit >> 3
    const shift = 8 - bits - (bit & 7)
    // Samples of 3, 5, 6 or 7 bits do not exist in PDF; they would cross bytes.
    if (shift < 0) return
    const sum = (last[color] + (row[at] >> shift)) & mask
    last[color] = sum
    row[at] = (row[at] & ~(mask << shift)) | (sum << shift)
    if (++color === colors) color = 0
  }
}
