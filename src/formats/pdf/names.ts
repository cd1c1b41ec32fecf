import { hexDigit, latin1 } from '../../bytes/index.ts'
import { PdfName } from './values.ts'

// Names repeat all over a file, so each is built once. What a name tells about the object in which it stands is kept
// as a bit: objects without any are not walked a second time.

/** The object may do something, or say where something lies. */
export const MARK_ACTIVE = 1
/** A name that a filter would look for has an ordinary letter written as `#xx`. */
export const MARK_OBFUSCATED = 2
/** A stream of objects, or of cross-references. */
export const MARK_STRUCTURE = 4
/** The dictionary of a page, perhaps. */
export const MARK_PAGE = 8
/** A string that is long enough to hold something. */
export const MARK_LONG_STRING = 16
/** Strings from this size on are looked at where the file does not hold them as they are. */
export const LONG_STRING_BYTES = 64

const words = (text: string): readonly string[] => text.split(' ')
const ACTIVE = [
  ...words('JS JavaScript OpenAction AA A S Launch URI SubmitForm GoToR GoToE ImportData'),
  ...words('XFA EF F UF RF FontFile FontFile2 FontFile3 RichMedia 3DD OnInstantiate'),
]
const STRUCTURE = ['ObjStm', 'XRef', 'First']
/** Whatever is looked for by name somewhere. */
const SENSITIVE = [
  ...ACTIVE.filter(name => name.length > 1),
  ...words('ObjStm EmbeddedFile EmbeddedFiles Filespec Filter FlateDecode ASCIIHexDecode ASCII85Decode'),
  ...words('LZWDecode RunLengthDecode JBIG2Decode Encrypt AcroForm Action Names Length Type'),
]

const MARKS = new Map<string, number>()
for (const name of ACTIVE) MARKS.set(name, MARK_ACTIVE)
for (const name of STRUCTURE) MARKS.set(name, MARK_STRUCTURE)
MARKS.set('Page', MARK_PAGE)
const OBFUSCATED = new Set(SENSITIVE)

interface Interned {
  readonly name: PdfName
  readonly mark: number
}

/** Direct-mapped by a hash of the bytes; a collision only builds the name again. */
const SLOTS = 4096
const LONGEST_INTERNED = 32
const slots: (Interned | undefined)[] = Array.from({ length: SLOTS })

/** The name in [start, end), and its marks. */
export function internedName(bytes: Uint8Array, start: number, end: number, isEscaped: boolean): Interned {
  if (isEscaped) return escapedName(bytes, start, end)
  if (end - start > LONGEST_INTERNED) return { name: new PdfName(latin1(bytes, start, end)), mark: 0 }
  let hash = end - start
  for (let i = start; i < end; i++) hash = Math.imul(hash, 31) + bytes[i]
  hash = (hash ^ (hash >>> 12)) & (SLOTS - 1)
  const found = slots[hash]
  if (found !== undefined && isText(bytes, start, end, found.name.text)) return found
  const text = latin1(bytes, start, end)
  return (slots[hash] = { name: new PdfName(text), mark: MARKS.get(text) ?? 0 })
}

function isText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (text.length !== end - start) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}

function escapedName(bytes: Uint8Array, start: number, end: number): Interned {
  let text = ''
  for (let i = start; i < end; i++) {
    const high = bytes[i] === 0x23 && i + 2 < end ? hexDigit(bytes[i + 1]) : -1
    const low = high < 0 ? -1 : hexDigit(bytes[i + 2])
    if (low >= 0) i += 2
    text += String.fromCharCode(low < 0 ? bytes[i] : (high << 4) | low)
  }
  const isHidden = text.length < end - start && OBFUSCATED.has(text)
  return { name: new PdfName(text), mark: (MARKS.get(text) ?? 0) | (isHidden ? MARK_OBFUSCATED : 0) }
}
