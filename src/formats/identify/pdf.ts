import { bytesOf, indexOf } from '../../bytes/index.ts'

// Viewers open a PDF whose header stands anywhere in the first kilobyte.

const HEADER = bytesOf('%PDF-')
const OBJECT = bytesOf(' obj')
const DIGIT_0 = 0x30
const MAX_MAJOR = 2

/** True where `head` holds a header with a version, `%PDF-1.` or `%PDF-2.`, and an object follows somewhere. */
export function isPdfBehindOther(content: Uint8Array, head: Uint8Array): boolean {
  for (let at = indexOf(head, HEADER); at >= 0; at = indexOf(head, HEADER, at + 1)) {
    const major = head[at + 5] - DIGIT_0
    if (major >= 0 && major <= MAX_MAJOR && head[at + 6] === 0x2e) return indexOf(content, OBJECT, at) >= 0
  }
  return false
}
