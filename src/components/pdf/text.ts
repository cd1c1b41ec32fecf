import { latin1 } from '../../bytes/index.ts'

// Text strings of PDF. Source: ISO 32000-2, 7.9.2.2.

/** What is shown of a string. */
const MAX_SHOWN = 1024

const UTF16BE = new TextDecoder('utf-16be')
const UTF16LE = new TextDecoder('utf-16le')
const UTF8 = new TextDecoder('utf-8')
const ENCODER = new TextEncoder()

function marked(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return UTF16BE.decode(bytes)
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return UTF16LE.decode(bytes)
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return UTF8.decode(bytes)
  return undefined
}

/** A string as text; without a mark of its encoding one character per byte, which PDFDocEncoding mostly is. */
export function textOf(bytes: Uint8Array): string {
  const short = bytes.subarray(0, 2 * MAX_SHOWN)
  return (marked(short) ?? latin1(short)).slice(0, MAX_SHOWN)
}

/** A script as scanners look for it: UTF-16 as UTF-8, everything else as it is. */
export function scriptOf(bytes: Uint8Array): Uint8Array {
  const text = marked(bytes)
  return text === undefined ? bytes : ENCODER.encode(text)
}
