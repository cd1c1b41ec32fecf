import { readPropertySets } from '../../formats/index.ts'
import type { Emission } from '../../scan/index.ts'
import type { OleDocument } from './document.ts'

type Row = readonly [id: number, name: string]

/** Source: [MS-OSHARED] 2.3.3.2.1. */
const SUMMARY: readonly Row[] = [
  [2, 'title'],
  [3, 'subject'],
  [4, 'author'],
  [5, 'keywords'],
  [6, 'comments'],
  [7, 'template'],
  [8, 'lastAuthor'],
  [9, 'revision'],
  [12, 'created'],
  [13, 'modified'],
  [18, 'application'],
]
/** Source: [MS-OSHARED] 2.3.3.2.2. */
const DOCUMENT_SUMMARY: readonly Row[] = [
  [14, 'manager'],
  [15, 'company'],
]

/** Properties from the two property streams. */
export function* summaryProperties(document: OleDocument): Generator<Emission, void> {
  yield* properties(document, '\u0005SummaryInformation', SUMMARY)
  yield* properties(document, '\u0005DocumentSummaryInformation', DOCUMENT_SUMMARY)
}

function* properties(document: OleDocument, path: string, rows: readonly Row[]): Generator<Emission, void> {
  const bytes = document.bytesAt(path)
  const set = bytes && readPropertySets(bytes)[0]
  if (set === undefined) return
  for (const [id, name] of rows) {
    const value = set.get(id)
    if (value !== undefined) yield { emit: 'property', name: `ole2.${name}`, value }
  }
}
