import type { OleStream } from '../../formats/index.ts'
import type { OleDocument } from './document.ts'

// Outlook messages: each property is a stream whose name tells its number and type. Source: [MS-OXMSG] 2.1 to 2.4.

const ATTACHMENT = /^__attach_version1\.0/i
const DATA = /^__substg1\.0_37010102$/i
/** Long name, then the short one; as UTF-16, then in the code page. */
const NAMES = ['3707001F', '3707001E', '3704001F', '3704001E'] as const

/** Name of a message's stream: attachments carry their file's name. */
export function messagePartName(document: OleDocument, stream: OleStream): string {
  const path = document.nameOf(stream)
  const folder = stream.folders.at(-1) ?? ''
  if (!DATA.test(stream.name) || !ATTACHMENT.test(folder)) return path
  const name = attachmentName(document, stream.folders)
  return name === undefined ? path : [...stream.folders, name].join('/')
}

function attachmentName(document: OleDocument, folders: readonly string[]): string | undefined {
  for (const property of NAMES) {
    const bytes = document.bytesAt([...folders, `__substg1.0_${property}`].join('/'))
    if (bytes === undefined || bytes.length === 0) continue
    const text = new TextDecoder(property.endsWith('F') ? 'utf-16le' : 'windows-1252').decode(bytes.subarray(0, 1024))
    const name = text.split('\0')[0]
    if (name !== '') return name
  }
  return undefined
}
