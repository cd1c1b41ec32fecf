// Encoders, so that tests can make what the decoders read. Not for production.

const hex = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0')
const toBytes = (text: string): Uint8Array => Uint8Array.from(text, char => char.charCodeAt(0))

/** Quoted-printable with soft line breaks. */
export function encodeQuotedPrintable(bytes: Uint8Array): Uint8Array {
  const lines: string[] = []
  let line = ''
  for (const byte of bytes) {
    line += byte > 0x20 && byte < 0x7f && byte !== 0x3d ? String.fromCharCode(byte) : `=${hex(byte)}`
    if (line.length <= 72) continue
    lines.push(line)
    line = ''
  }
  return toBytes([...lines, line].join('=\r\n'))
}

/** Lines of uuencode, without begin and end. */
export function encodeUu(bytes: Uint8Array, zero = '`'): string {
  const char = (value: number): string => (value === 0 ? zero : String.fromCharCode(0x20 + value))
  let text = ''
  for (let at = 0; at < bytes.length; at += 45) {
    const line = bytes.subarray(at, at + 45)
    text += char(line.length)
    for (let i = 0; i < line.length; i += 3) {
      const group = (line[i] << 16) | ((line[i + 1] ?? 0) << 8) | (line[i + 2] ?? 0)
      for (const shift of [18, 12, 6, 0]) text += char((group >> shift) & 63)
    }
    text += '\n'
  }
  return text
}

const BINHEX = '!"#$%&\'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr'

/** Between colons, in lines of 64 characters, with runs. */
export function encodeBinHex(bytes: Uint8Array): string {
  const packed: number[] = []
  for (let at = 0; at < bytes.length;) {
    let run = 1
    while (run < 255 && bytes[at + run] === bytes[at]) run++
    if (bytes[at] === 0x90) packed.push(0x90, 0)
    else packed.push(bytes[at])
    if (run > 3) packed.push(0x90, run)
    at += run > 3 ? run : 1
  }
  let text = ''
  for (let i = 0; i < packed.length; i += 3) {
    const group = (packed[i] << 16) | ((packed[i + 1] ?? 0) << 8) | (packed[i + 2] ?? 0)
    const chars = Math.min(4, packed.length - i + 1)
    for (let k = 0; k < chars; k++) text += BINHEX[(group >> (18 - 6 * k)) & 63]
  }
  return `:${text.replace(/.{64}/g, '$&\n')}:`
}

/** A whole BinHex file with its banner; checksums are left zero. */
export function buildBinHex(name: string, data: Uint8Array, resource: Uint8Array = new Uint8Array(0)): string {
  const u32 = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
  const head = [
    name.length,
    ...toBytes(name),
    0,
    ...toBytes('TEXTttxt'),
    0,
    0,
    ...u32(data.length),
    ...u32(resource.length),
    0,
    0,
  ]
  const file = Uint8Array.from([...head, ...data, 0, 0, ...resource, 0, 0])
  return `(This file must be converted with BinHex 4.0)\n\n${encodeBinHex(file)}\n`
}

/** Lines of yEnc, with doubled dots. */
export function encodeYenc(bytes: Uint8Array): Uint8Array {
  const out: number[] = []
  let column = 0
  for (const byte of bytes) {
    const value = (byte + 42) & 255
    if (column === 0 && value === 0x2e) out.push(0x2e)
    if ([0, 0x0a, 0x0d, 0x3d].includes(value)) out.push(0x3d, (value + 64) & 255)
    else out.push(value)
    if (++column < 128) continue
    out.push(0x0d, 0x0a)
    column = 0
  }
  return Uint8Array.from(out)
}
