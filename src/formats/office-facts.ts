import { FieldCodes } from './field-code.ts'
import { localName, xmlAttributes, xmlTags, xmlText } from './xml-scan.ts'

// What the XML of an Office document refers to: relationships to other places, fields, links to programs. The same in
// the parts of an OOXML package and in documents of one XML file. Source: ECMA-376 part 2, 9.3; part 1, 17.16, 18.14.

/** References that are kept. */
const MAX_REFERENCES = 2_000
/** Characters of a target. */
const MAX_TARGET = 2_048
const HYPERLINK = 'hyperlink'

/** A relationship that leads out of the document. */
export interface ExternalReference {
  /** Last part of its type: `attachedTemplate`, `oleObject`, `image`, `frame`, … */
  readonly type: string
  readonly target: string
}

export interface OfficeFacts {
  /** Without hyperlinks, which nothing follows unasked. */
  readonly external: readonly ExternalReference[]
  readonly dde: readonly string[]
}

/** Reads one text of XML. Cost: linear. */
export function officeFacts(text: string): OfficeFacts {
  const external: ExternalReference[] = []
  const links: string[] = []
  const fields = new FieldCodes()
  let instruction = -1
  for (const tag of xmlTags(text)) {
    const name = localName(tag.name)
    if (name === 'instrText') {
      if (tag.isClosing && instruction >= 0) fields.text(xmlText(text.slice(instruction, tag.start)))
      instruction = tag.isClosing || tag.isEmpty ? -1 : tag.end
    } else if (tag.isClosing) continue
    else if (name === 'Relationship') {
      const attributes = xmlAttributes(text, tag)
      const type = lastPart(attributes.get('Type') ?? '')
      if (attributes.get('TargetMode') === 'External' && type !== HYPERLINK && external.length < MAX_REFERENCES)
        external.push({ type, target: (attributes.get('Target') ?? '').slice(0, MAX_TARGET) })
    } else if (name === 'fldChar') {
      const kind = xmlAttributes(text, tag).get('fldCharType')
      if (kind === 'begin') fields.begin()
      else if (kind === 'separate') fields.separate()
      else if (kind === 'end') fields.end()
    } else if (name === 'fldSimple') fields.instruction(xmlAttributes(text, tag).get('instr') ?? '')
    else if (name === 'ddeLink' && links.length < MAX_REFERENCES) {
      const attributes = xmlAttributes(text, tag)
      links.push(`${attributes.get('ddeService') ?? ''}|${attributes.get('ddeTopic') ?? ''}`)
    }
  }
  fields.finish()
  return { external, dde: [...links, ...fields.commands] }
}

const lastPart = (type: string): string => type.slice(type.lastIndexOf('/') + 1)

/** True for a target on another machine, or anywhere by a scheme; false for a path beside the document. */
export const isElsewhere = (target: string): boolean => /^(?:[a-z][a-z0-9+.-]+:|\\\\|\/\/)/i.test(target)
