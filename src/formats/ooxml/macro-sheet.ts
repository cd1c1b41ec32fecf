import { localName, xmlAttributes, xmlTags, xmlText } from '../xml-scan.ts'

/** Text is handed over in pieces of about this many characters. */
const PIECE = 32_768

/** Cells of a macro sheet as lines: `A1<TAB>=EXEC("…")`. The text is the sheet's XML. Source: ECMA-376 part 1, 18.3. */
export function* xmlMacroSheetText(xml: string): Generator<Uint8Array, void> {
  const encoder = new TextEncoder()
  let text = ''
  let cell = ''
  let open = -1
  for (const tag of xmlTags(xml)) {
    const name = localName(tag.name)
    if (name === 'c' && !tag.isClosing) cell = xmlAttributes(xml, tag).get('r') ?? ''
    if (name !== 'f' && name !== 'v') continue
    if (!tag.isClosing) open = tag.isEmpty ? -1 : tag.end
    else if (open >= 0) {
      text += `${cell}\t${name === 'f' ? '=' : ''}${xmlText(xml.slice(open, tag.start))}\n`
      open = -1
    }
    if (text.length < PIECE) continue
    yield encoder.encode(text)
    text = ''
  }
  if (text !== '') yield encoder.encode(text)
}
