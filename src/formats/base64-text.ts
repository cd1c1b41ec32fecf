/** Bytes of one piece. */
const PIECE = 48 << 10
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** Value of each digit by its code; -1 for everything else. */
const DIGITS = Int8Array.from({ length: 128 }, (_, code) => ALPHABET.indexOf(String.fromCharCode(code)))

/** Bytes that base64 text between two offsets stands for; what is no digit is passed over. Pieces are borrowed. */
export function* base64Pieces(text: string, start: number, end: number): Generator<Uint8Array, void> {
  const piece = new Uint8Array(Math.min(PIECE, Math.ceil(((end - start) * 3) / 4)))
  let size = 0
  let bits = 0
  let count = 0
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    const digit = code < 128 ? DIGITS[code] : -1
    if (digit < 0) continue
    bits = ((bits << 6) | digit) & 0xffff
    count += 6
    if (count < 8) continue
    count -= 8
    piece[size++] = (bits >> count) & 255
    if (size < piece.length) continue
    yield piece
    size = 0
  }
  if (size > 0) yield piece.subarray(0, size)
}
