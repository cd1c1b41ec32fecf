import { isWordAt, LESS, lower } from './characters.ts'

// What the pass over a page asks about elements and attributes.

const SLASH = 0x2f
const COLON = 0x3a
const HASH = 0x23
/** Elements whose content is no markup. */
const RAW_ELEMENTS = ['script', 'style', 'xmp']

/** First letters of `colon`, `comma`, `Tab`, `NewLine`. */
const TELLING: ReadonlySet<number> = new Set([0x63, 0x74, 0x6e])

/** True where a reference that begins so may hide a data: URL: `&#…`, `&colon;`, `&comma;`, `&Tab;`, `&NewLine;`. */
export const isTelling = (byte: number): boolean => byte === HASH || TELLING.has(lower(byte))

export function holdsDataUrl(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start + 4; at < end; at++) if (bytes[at] === COLON && isWordAt(bytes, at - 4, 'data')) return true
  return false
}

/** The element without markup whose name of `length` characters stands at `at`; undefined for others. */
export function rawElement(bytes: Uint8Array, at: number, length: number): string | undefined {
  for (const element of RAW_ELEMENTS) if (element.length === length && isWordAt(bytes, at, element)) return element
  return undefined
}

/** Offset of `</script`, in any case, or of the end. */
export function closingTag(bytes: Uint8Array, start: number, element: string): number {
  for (let at = bytes.indexOf(LESS, start); at >= 0; at = bytes.indexOf(LESS, at + 1))
    if (bytes[at + 1] === SLASH && isWordAt(bytes, at + 2, element)) return at
  return bytes.length
}
