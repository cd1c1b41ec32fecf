import { bytesOf, indexOf } from '../../bytes/index.ts'
import type { FileTypeName } from './file-types.ts'

// What text and unrecognised data become by words anywhere in their first kilobyte. The words and their spellings are
// those by which ClamAV takes a file for HTML: "<html >" with a space is none of them, "<script" is.

const NEEDLES: readonly (readonly [type: FileTypeName, word: Uint8Array])[] = (
  [
    ['pdf', '%PDF-'],
    ['binhex', '(This file must be converted with BinHex'],
    ['xdp', '<xdp:xdp'],
    ['html', '<html>'],
    ['html', '<HTML>'],
    ['html', '<Html>'],
    ['html', '<head>'],
    ['html', '<HEAD>'],
    ['html', '<Head>'],
    ['html', '<script'],
    ['html', '<SCRIPT'],
    ['html', '<Script'],
    ['html', '<iframe'],
    ['html', '<IFRAME'],
    ['html', '<table'],
    ['html', '<TABLE'],
    ['html', '<img'],
    ['html', '<IMG'],
    ['html', '<Img'],
    ['html', '<object'],
    ['html', '<OBJECT'],
    ['html', '<Object'],
  ] as const
).map(([type, word]) => [type, bytesOf(word)])

const XML = bytesOf('<?xml')
const WORD_DOCUMENT = bytesOf('progid="Word.Document"')
const EXCEL_SHEET = bytesOf('progid="Excel.Sheet"')

/** Type by the first of these words in table order; undefined where there is none. */
export function markupType(head: Uint8Array): FileTypeName | undefined {
  if (indexOf(head, XML) >= 0) {
    if (indexOf(head, WORD_DOCUMENT) >= 0) return 'xml-word'
    if (indexOf(head, EXCEL_SHEET) >= 0) return 'xml-excel'
  }
  for (const [type, word] of NEEDLES) if (indexOf(head, word) >= 0) return type
  return hasAnchor(head) ? 'html' : undefined
}

/** "<a " with "href" somewhere behind it, in any case. */
function hasAnchor(head: Uint8Array): boolean {
  for (let at = head.indexOf(0x3c); at >= 0; at = head.indexOf(0x3c, at + 1)) {
    if ((head[at + 1] | 0x20) !== 0x61 || head[at + 2] !== 0x20) continue
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
  return false
}

function lower(head: Uint8Array, at: number): number {
  return head[at] | 0x20
}
