import { bytesOf } from '../../bytes/index.ts'

// Builds PDF files for tests: objects as text, streams with a Length, a table of cross-references.

export interface PdfStreamSource {
  /** Entries of the dictionary without its brackets. */
  readonly dictionary?: string
  readonly data: Uint8Array | string
  /** Instead of the true Length. */
  readonly length?: string
}

export interface PdfOptions {
  /** What stands behind `%PDF-`; undefined: 1.7. */
  readonly version?: string
  /** Entries of the trailer. */
  readonly trailer?: string
  /** Numbers of objects that the table leaves out. */
  readonly hidden?: readonly number[]
  /** False: no table and no trailer. */
  readonly hasTable?: boolean
  /** Before the header. */
  readonly before?: string
  readonly after?: string
}

/** One character per byte. */
const textOf = (data: Uint8Array | string): string =>
  typeof data === 'string' ? data : Array.from(data, byte => String.fromCharCode(byte)).join('')

/** Text of a stream object without `N 0 obj` and `endobj`. */
export function streamText({ dictionary = '', data, length }: PdfStreamSource): string {
  const text = textOf(data)
  return `<<${dictionary}/Length ${length ?? text.length}>>\nstream\n${text}\nendstream`
}

/** A file whose objects are numbered from 1 on. */
export function buildPdf(objects: readonly (string | PdfStreamSource)[], options: PdfOptions = {}): Uint8Array {
  const { version = '1.7', trailer = '/Root 1 0 R', hidden = [], hasTable = true, before = '', after = '' } = options
  let text = `%PDF-${version}\n%\xe2\xe3\xcf\xd3\n`
  const offsets = objects.map((object, i) => {
    const offset = text.length
    text += `${i + 1} 0 obj\n${typeof object === 'string' ? object : streamText(object)}\nendobj\n`
    return offset
  })
  if (!hasTable) return bytesOf(before + text + after)
  const start = text.length
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`
  for (const [i, offset] of offsets.entries())
    text += hidden.includes(i + 1) ? '0000000000 65535 f \n' : `${String(offset).padStart(10, '0')} 00000 n \n`
  text += `trailer\n<</Size ${objects.length + 1} ${trailer}>>\nstartxref\n${start}\n%%EOF\n`
  return bytesOf(before + text + after)
}

/** What opens every file of these tests: a catalogue, pages, one page. */
export const PAGES: readonly string[] = [
  '<</Type/Catalog/Pages 2 0 R>>',
  '<</Type/Pages/Count 1/Kids[3 0 R]>>',
  '<</Type/Page/Parent 2 0 R>>',
]
