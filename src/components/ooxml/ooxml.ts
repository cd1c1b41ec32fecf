import { ooxmlMembers, officeFacts, xmlDecode, xmlMacroSheetText } from '../../formats/index.ts'
import type { ExternalReference } from '../../formats/index.ts'
import type { Component, Emission } from '../../scan/index.ts'
import { referenceEmissions } from '../office-emissions.ts'

/** Parts whose XML may refer to elsewhere. */
const TELLING =
  /(?:^|\/)_rels\/[^/]*\.rels$|^word\/(?:document|header\d*|footer\d*|footnotes|endnotes|comments)\d*\.xml$|^xl\/externalLinks\/[^/]*\.xml$/i
const MACRO_SHEET = /^xl\/macrosheets\/(?<name>[^/]+)\.xml$/i
const BINARY_MACRO_SHEET = /^xl\/macrosheets\/[^/]+\.bin$/i
const VBA = /(?:^|\/)vbaProject[^/]*\.bin$/i
const EMBEDDED = /^(?:word|xl|ppt)\/(?:embeddings|activeX)\/[^/]+$/i
/** Parts that are read. */
const MAX_PARTS = 5_000
/** Parts that a report lists. */
const MAX_ROWS = 200

/** Facts about OOXML documents. Their parts are taken out as those of every ZIP archive; this one only reads. */
export const ooxml: Component = {
  manifest: {
    name: 'ooxml',
    version: '1',
    description: 'Names macros, references to elsewhere, commands and embedded files of OOXML documents',
    accepts: ['docx', 'xlsx', 'pptx'],
    stage: 'analyse',
  },
  *process({ bytes }) {
    const members = ooxmlMembers(bytes)
    const names = members.map(member => member.name)
    yield* macroFacts(names)
    const external: ExternalReference[] = []
    const dde: string[] = []
    let parts = 0
    for (const member of members) {
      const sheet = MACRO_SHEET.exec(member.name)?.groups?.name
      if (sheet === undefined && !TELLING.test(member.name)) continue
      if (++parts > MAX_PARTS) break
      const text = xmlDecode(member.read())
      if (sheet === undefined) {
        const facts = officeFacts(text)
        external.push(...facts.external)
        dde.push(...facts.dde)
      } else
        yield {
          emit: 'child',
          name: `macrosheet-${sheet}.txt`,
          relation: 'view',
          type: 'text',
          content: xmlMacroSheetText(text),
        }
    }
    yield* referenceEmissions('ooxml', external, dde)
    yield* embedded(names)
  },
}

function* macroFacts(names: readonly string[]): Generator<Emission, void> {
  if (names.some(name => VBA.test(name))) yield { emit: 'property', name: 'ooxml.macros', value: 'vba' }
  if (names.some(name => MACRO_SHEET.test(name) || BINARY_MACRO_SHEET.test(name)))
    yield { emit: 'property', name: 'ooxml.macros', value: 'xlm' }
}

function* embedded(names: readonly string[]): Generator<Emission, void> {
  const rows = names.filter(name => EMBEDDED.test(name)).map(name => [name])
  if (rows.length === 0) return
  yield { emit: 'property', name: 'ooxml.embedded', value: String(rows.length) }
  const section = { kind: 'table', title: 'Embedded files', columns: ['Part'], rows: rows.slice(0, MAX_ROWS) } as const
  yield { emit: 'section', section }
}
