import { localName, xmlAttributes, xmlTags } from './xml-scan.ts'

// Binary parts in documents of one XML file: Word 2003 XML (w:binData) and Flat OPC (pkg:binaryData).

/** Parts that are kept; a document with that many has more. */
export const MAX_XML_PARTS = 50_000

export interface XmlPart {
  readonly name: string
  /** Offsets of its base64 text. */
  readonly start: number
  readonly end: number
  /** The element is closed. */
  readonly isClosed: boolean
}

/** Every binary part, in order. Cost: linear. */
export function officeXmlParts(text: string): readonly XmlPart[] {
  const parts: XmlPart[] = []
  let packageName = ''
  let open: { name: string; start: number } | undefined
  for (const tag of xmlTags(text)) {
    const name = localName(tag.name)
    if (name === 'part' && !tag.isClosing) packageName = xmlAttributes(text, tag).get('name') ?? ''
    if (open !== undefined) {
      // Base64 has no tags: whatever comes next ends it, soundly only where it is the end of the element.
      parts.push({ ...open, end: tag.start, isClosed: tag.isClosing })
      open = undefined
      if (parts.length >= MAX_XML_PARTS) break
    }
    if (tag.isClosing || tag.isEmpty || (name !== 'binData' && name !== 'binaryData')) continue
    const own = name === 'binData' ? xmlAttributes(text, tag).get('name') : packageName
    open = { name: own ?? '', start: tag.end }
  }
  if (open !== undefined) parts.push({ ...open, end: text.length, isClosed: false })
  return parts
}
