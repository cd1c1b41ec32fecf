import { bytesOf, equalsAt, indexOf } from '../../bytes/index.ts'
import type { FileTypeName } from './file-types.ts'

// What text and unrecognised data become by words anywhere in their first kilobyte. The words and their spellings are
// those by which ClamAV takes a file for HTML: "<html>" is one, "<html lang" is not, "<script" with anything behind is.

type Word = readonly [type: FileTypeName, word: Uint8Array]

const words = (type: FileTypeName, ...spellings: readonly string[]): Word[] =>
  spellings.map(spelling => [type, bytesOf(spelling)])

// Every word of this table starts with "<".
const TAGS: readonly Word[] = [
  ...words('xdp', '<xdp:xdp'),
  ...words('html', '<html>', '<HTML>', '<Html>', '<head>', '<HEAD>', '<Head>', '<script', '<SCRIPT', '<Script'),
  ...words('html', '<iframe', '<IFRAME', '<table', '<TABLE', '<img', '<IMG', '<Img', '<object', '<OBJECT', '<Object'),
]
const PDF = bytesOf('%PDF-')
const BINHEX = bytesOf('(This file must be converted with BinHex')
const XML = bytesOf('<?xml')
const WORD_DOCUMENT = bytesOf('progid="Word.Document"')
const EXCEL_SHEET = bytesOf('progid="Excel.Sheet"')
const LESS_THAN = 0x3c

/** Type by the first of these words in `head`; undefined where there is none. Cost: a native search, few comparisons. */
export function markupType(head: Uint8Array): FileTypeName | undefined {
  if (indexOf(head, PDF) >= 0) return 'pdf'
  if (indexOf(head, BINHEX) >= 0) return 'binhex'
  const first = head.indexOf(LESS_THAN)
  if (first < 0) return undefined
  if (indexOf(head, XML, first) >= 0) {
    if (indexOf(head, WORD_DOCUMENT, first) >= 0) return 'xml-word'
    if (indexOf(head, EXCEL_SHEET, first) >= 0) return 'xml-excel'
  }
  for (let at = first; at >= 0; at = head.indexOf(LESS_THAN, at + 1)) {
    for (const [type, word] of TAGS) if (head[at + 1] === word[1] && equalsAt(head, at, word)) return type
    if (isAnchor(head, at)) return 'html'
  }
  return undefined
}

/** "<a " with "href" somewhere behind it, in any case. */
function isAnchor(head: Uint8Array, at: number): boolean {
  if (lower(head, at + 1) !== 0x61 || head[at + 2] !== 0x20) return false
  for (let i = at + 3; i + 4 <= head.length; i++)
    if (
      lower(head, i) === 0x68 &&
      lower(head, i + 1) === 0x72 &&
      lower(head, i + 2) === 0x65 &&
      lower(head, i + 3) === 0x66
    )
      return true
  return false
}

function lower(head: Uint8Array, at: number): number {
  return head[at] | 0x20
}
