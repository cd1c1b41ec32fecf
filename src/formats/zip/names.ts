import { crc32 } from '../../codecs/index.ts'
import { FLAGS } from './records.ts'
import type { Fields } from './records.ts'

// Names of members as text: UTF-8 by flag, the Info-ZIP field, UTF-8 where it is valid, else code page 437.
// Source: APPNOTE.TXT 6.3.10, appendix D and 4.6.9.

/** Code page 437 from 128 on; below it is ASCII. */
// prettier-ignore
const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ' +
  'áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐' +
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀' +
  'αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0'

/** Longest name that is kept, in characters: longer ones are noise that costs memory in every report. */
const MAX_NAME = 4096

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Text of bytes: UTF-8 where they are valid UTF-8, else `fallback`. */
function decode(bytes: Uint8Array, isUtf8: boolean): string {
  const view = bytes.length > MAX_NAME ? bytes.subarray(0, MAX_NAME) : bytes
  let text = ''
  for (let i = 0; i < view.length; i++) {
    if (view[i] >= 0x80) return decodeWide(view, isUtf8)
    text += String.fromCharCode(view[i])
  }
  return text
}

function decodeWide(bytes: Uint8Array, isUtf8: boolean): string {
  if (isUtf8) return lenientUtf8.decode(bytes)
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return decodeCp437(bytes)
  }
}

/** Text in code page 437, the one of DOS. */
export function decodeCp437(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte < 0x80 ? String.fromCharCode(byte) : CP437[byte - 0x80]
  return text
}

/** A comment as text. */
export const commentText = (bytes: Uint8Array): string => decode(bytes, false)

export interface MemberName {
  readonly name: string
  /** Names that other readers may take from the same record; rarely any. */
  readonly others: readonly string[]
}

const NONE: readonly string[] = []

/** The name that one record gives. A Unicode name counts where its checksum and version are right. */
export function nameOf({ name, flags, extra }: Fields): MemberName {
  const plain = decode(name, (flags & FLAGS.utf8) !== 0)
  if (extra.unicodeNames.length === 0) return { name: plain, others: NONE }
  const crc = crc32(name)
  let chosen: string | undefined
  const others: string[] = []
  for (const unicode of extra.unicodeNames) {
    const text = decode(unicode.name, true)
    if (unicode.version === 1 && unicode.crc === crc && chosen === undefined) chosen = text
    else if (text !== plain) others.push(text)
  }
  return { name: chosen ?? plain, others }
}
