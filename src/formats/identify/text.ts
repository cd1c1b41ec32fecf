import type { FileTypeName } from './file-types.ts'

// Is it text, and in which encoding? A file is text where its first kilobyte holds no control characters other than
// those that text uses: the rule of the file(1) family, which ClamAV follows too.

/** Bytes that never occur in text: C0 controls except BEL BS TAB LF FF CR ESC, and DEL. */
const NOT_TEXT: Uint8Array = new Uint8Array(256)
for (let byte = 0; byte < 0x20; byte++) NOT_TEXT[byte] = 1
for (const byte of [0x07, 0x08, 0x09, 0x0a, 0x0c, 0x0d, 0x1b]) NOT_TEXT[byte] = 0
NOT_TEXT[0x7f] = 1

/** UTF-16 without a byte-order mark is believed after this many units of which one half is always zero. */
const CONVINCING_UNITS = 8

/** Encoding of `head` as a text type, or undefined where it is no text. */
export function textEncoding(head: Uint8Array): FileTypeName | undefined {
  if (head.length === 0) return undefined
  if (isUtf16(head, 1)) return 'text-utf16le'
  if (isUtf16(head, 0)) return 'text-utf16be'
  let highest = 0
  for (let i = 0; i < head.length; i++) {
    const byte = head[i]
    if (NOT_TEXT[byte] === 1) return undefined
    if (byte > highest) highest = byte
  }
  return highest >= 0x80 && isUtf8(head) ? 'text-utf8' : 'text'
}

/** `highHalf` is the index of the more significant byte in each unit: 1 for little endian, 0 for big. */
function isUtf16(head: Uint8Array, highHalf: 0 | 1): boolean {
  const units = head.length >> 1
  const marked = head[highHalf] === 0xfe && head[1 - highHalf] === 0xff
  if (!marked && units < CONVINCING_UNITS) return false
  for (let unit = marked ? 1 : 0; unit < units; unit++) {
    const high = head[2 * unit + highHalf]
    const low = head[2 * unit + 1 - highHalf]
    if (high === 0 ? NOT_TEXT[low] === 1 : !marked) return false
  }
  return true
}

/** True for well-formed UTF-8; a sequence that the end of `head` cuts is accepted. */
function isUtf8(head: Uint8Array): boolean {
  for (let i = 0; i < head.length;) {
    const byte = head[i]
    const more = byte < 0x80 ? 0 : byte < 0xc2 ? -1 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : byte < 0xf5 ? 3 : -1
    if (more < 0) return false
    const end = Math.min(i + 1 + more, head.length)
    for (let k = i + 1; k < end; k++) if ((head[k] & 0xc0) !== 0x80) return false
    i += 1 + more
  }
  return true
}

/** Every second byte of UTF-16 text: its ASCII characters, and noise for the others. */
export function narrow(head: Uint8Array, encoding: 'text-utf16le' | 'text-utf16be'): Uint8Array {
  const low = encoding === 'text-utf16le' ? 0 : 1
  const text = new Uint8Array(head.length >> 1)
  for (let unit = 0; unit < text.length; unit++)
    text[unit] = head[2 * unit + 1 - low] === 0 ? head[2 * unit + low] : 0xff
  return text
}
