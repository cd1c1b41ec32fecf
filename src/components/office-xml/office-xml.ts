import { ContentError } from '../../bytes/index.ts'
import { base64Pieces, MAX_XML_PARTS, officeFacts, officeXmlParts, xmlDecode } from '../../formats/index.ts'
import type { Component } from '../../scan/index.ts'
import { referenceEmissions } from '../office-emissions.ts'

/** Office documents of one XML file: Word and Excel 2003 XML, Flat OPC. */
export const officeXml: Component = {
  manifest: {
    name: 'office-xml',
    version: '1',
    description: 'Takes binary parts out of Office documents that are one XML file, and names what they refer to',
    accepts: ['xml-word', 'xml-excel'],
    stage: 'extract',
  },
  *process({ bytes }) {
    const text = xmlDecode(bytes)
    const parts = officeXmlParts(text)
    for (const [index, { name, start, end, isClosed }] of parts.entries()) {
      const content = partContent(text, start, end, isClosed)
      yield { emit: 'child', name: name === '' ? `part-${index + 1}` : name, content }
    }
    if (parts.length >= MAX_XML_PARTS)
      yield { emit: 'missed', reason: 'too-large', detail: `Only the first ${parts.length} parts are taken out` }
    const { external, dde } = officeFacts(text)
    yield* referenceEmissions('office-xml', external, dde)
  },
}

function* partContent(text: string, start: number, end: number, isClosed: boolean): Generator<Uint8Array, void> {
  yield* base64Pieces(text, start, end)
  if (!isClosed) throw new ContentError('malformed', 'The part is cut off')
}
