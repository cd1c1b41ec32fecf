import { XML_NAMESPACE } from '../vocabulary.ts'
import { markup } from '../xml/escape.ts'
import { describeModel, VOCABULARIES, type Field, type FieldType, type NamedType } from './describe.ts'

// The published XML Schema (XSD 1.0).

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<!-- Generated from the report model by scripts/generate-schemas.ts; do not edit. -->
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="${XML_NAMESPACE}" targetNamespace="${XML_NAMESPACE}" elementFormDefault="qualified">
  <xs:element name="report" type="Report"/>
  <xs:element name="results" type="Results"/>

  <xs:simpleType name="Text">
${documentation('Text. What XML cannot carry is written as _xHHHH_: one UTF-16 code unit in upper-case hexadecimal', '    ')}
    <xs:restriction base="xs:string"/>
  </xs:simpleType>
  <xs:simpleType name="Count">
    <xs:restriction base="xs:integer">
      <xs:minInclusive value="0"/>
      <xs:maxInclusive value="${Number.MAX_SAFE_INTEGER}"/>
    </xs:restriction>
  </xs:simpleType>
  <xs:simpleType name="Number">
    <xs:restriction base="xs:double">
      <xs:minInclusive value="0"/>
    </xs:restriction>
  </xs:simpleType>
`

/** The XML Schema of reports and results. */
export function xsd(): string {
  const words = Object.entries(VOCABULARIES).map(([name, vocabulary]) => wordType(name, vocabulary.words))
  return [HEAD, ...words, ...describeModel().map(complexType), '</xs:schema>\n'].join('')
}

function documentation(text: string, indent: string): string {
  return `${indent}<xs:annotation><xs:documentation>${markup(text)}</xs:documentation></xs:annotation>`
}

function wordType(name: string, words: readonly string[]): string {
  const values = words.map(word => `      <xs:enumeration value="${word}"/>\n`).join('')
  return `  <xs:simpleType name="${name}">\n    <xs:restriction base="xs:string">\n${values}    </xs:restriction>\n  </xs:simpleType>\n`
}

function complexType({ name, description, fields }: NamedType): string {
  const elements = fields.map(elementSource).join('')
  const sequence = elements === '' ? '' : `    <xs:sequence>\n${elements}    </xs:sequence>\n`
  const attributes = fields.map(attributeSource).join('')
  return `\n  <xs:complexType name="${name}">\n${documentation(description, '    ')}\n${sequence}${attributes}  </xs:complexType>\n`
}

function elementSource({ name, optional, description, type }: Field): string {
  if (type.kind !== 'object' && type.kind !== 'list') return ''
  const [element, min, max] =
    type.kind === 'list' ? [type.element, type.min, 'unbounded'] : [name, optional ? 0 : 1, '1']
  const opening = `      <xs:element name="${element}" type="${type.type}" minOccurs="${min}" maxOccurs="${max}">\n`
  return `${opening}${documentation(description, '        ')}\n      </xs:element>\n`
}

function attributeSource({ name, optional, description, type }: Field): string {
  if (type.kind === 'object' || type.kind === 'list') return ''
  const use = optional ? 'optional' : 'required'
  const restriction = restrictionSource(type)
  const typeName = restriction === '' ? ` type="${simpleType(type)}"` : ''
  const opening = `    <xs:attribute name="${name}"${typeName} use="${use}">\n`
  return `${opening}${documentation(description, '      ')}\n${restriction}    </xs:attribute>\n`
}

function simpleType(type: FieldType): string {
  if (type.kind === 'word') return type.vocabulary
  if (type.kind === 'count') return 'Count'
  return type.kind === 'number' ? 'Number' : 'Text'
}

/** Patterns of the model are anchored; those of XSD always are, without saying so. */
function restrictionSource(type: FieldType): string {
  if (type.kind !== 'text' || type.pattern === undefined) return ''
  const base = type.format === 'date-time' ? 'xs:dateTime' : 'Text'
  const pattern = markup(type.pattern.replace(/^\^|\$$/g, ''))
  return `      <xs:simpleType>
        <xs:restriction base="${base}">
          <xs:pattern value="${pattern}"/>
        </xs:restriction>
      </xs:simpleType>
`
}
