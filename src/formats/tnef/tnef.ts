import { latin1, u16le, u32le } from '../../bytes/index.ts'
import { PT_OBJECT, PT_UNICODE, readMapi } from './mapi.ts'
import type { MapiProperty } from './mapi.ts'

// winmail.dat: attributes of a message, then for each attachment a group of attributes that begins with attAttachRendData.
// Checksums are not compared. Source: [MS-OXTNEF] 2.1.

const SIGNATURE = 0x223e9f78
const HEAD_BYTES = 6
const ATTRIBUTE_HEAD_BYTES = 9
const CHECKSUM_BYTES = 2
/** Attributes that are read; each has at least eleven bytes. */
const MAX_ATTRIBUTES = 1_000_000
const LEVELS: readonly number[] = [1, 2]

// Attributes, without their type.
const ATTACH_REND_DATA = 0x9002
const ATTACH_TITLE = 0x8010
const ATTACH_DATA = 0x800f
const ATTACH_MAPI = 0x9005
const MESSAGE_MAPI = 0x9003
const SUBJECT = 0x8004
const BODY = 0x800c
const CODE_PAGE = 0x9007

const RECIPIENTS = 0x9004
/** Names, dates and identifiers are shorter. */
const MAX_PLAIN_BYTES = 256
/** Other attributes of [MS-OXTNEF] 2.1.3.2: owners, dates, status, classes and identifiers, recipients, version. */
const PLAIN: ReadonlySet<number> = new Set([
  0x0000, 0x0001, 0x0002, 0x0006, 0x0007, 0x0008, 0x0009, 0x8000, 0x8005, 0x8006, 0x8007, 0x8008, 0x8009, 0x800a,
  0x800b, 0x800d, 0x8012, 0x8013, 0x8020, 0x8600, 0x9001, 0x9004, 0x9006,
])

// Properties.
const P_SUBJECT = 0x0037
const P_BODY = 0x1000
const P_RTF_COMPRESSED = 0x1009
const P_HTML = 0x1013
const P_ATTACH_DATA = 0x3701
const P_ATTACH_FILENAME = 0x3704
const P_ATTACH_LONG_FILENAME = 0x3707
const P_DISPLAY_NAME = 0x3001
const IID_BYTES = 16

export interface TnefAttachment {
  /** Long name, else title, else short or display name; empty where there is none. */
  readonly name: string
  /** Contents in the order found: file data, and objects (an embedded message is TNEF again). Views of the content. */
  readonly contents: readonly Uint8Array[]
}

export interface TnefMessage {
  readonly subject: string
  readonly attachments: readonly TnefAttachment[]
  /** Bodies of the message, as they are stored. */
  readonly bodies: readonly {
    readonly kind: 'text' | 'html' | 'rtf'
    readonly content: Uint8Array
  }[]
  /** What could not be read, one sentence each. */
  readonly damages: readonly string[]
}

/** Reads a TNEF stream; what comes before a damage stays. Undefined for anything else. Linear. */
export function readTnef(bytes: Uint8Array): TnefMessage | undefined {
  if (bytes.length < HEAD_BYTES || u32le(bytes, 0) !== SIGNATURE) return undefined
  const reader = new TnefReader()
  let at = HEAD_BYTES
  for (let i = 0; at < bytes.length; i++) {
    if (i === MAX_ATTRIBUTES) return reader.finish('Too many attributes')
    if (at + ATTRIBUTE_HEAD_BYTES > bytes.length) return reader.finish('An attribute is cut off')
    if (!LEVELS.includes(bytes[at])) return reader.finish('Bytes between attributes that are none')
    const start = at + ATTRIBUTE_HEAD_BYTES
    const size = u32le(bytes, at + 5)
    reader.attribute(u16le(bytes, at + 1), bytes.subarray(start, start + size))
    if (start + size > bytes.length) return reader.finish('An attribute is cut off')
    at = start + size + CHECKSUM_BYTES
  }
  return reader.finish()
}

interface Draft {
  title: string
  longName: string
  otherName: string
  readonly contents: Uint8Array[]
}

class TnefReader {
  readonly #attachments: Draft[] = []
  readonly #bodies: { kind: 'text' | 'html' | 'rtf'; content: Uint8Array }[] = []
  readonly #damages: string[] = []
  #subject = ''
  #codePage = 1252

  attribute(id: number, data: Uint8Array): void {
    if ((id === ATTACH_TITLE || id === SUBJECT) && data.length > MAX_PLAIN_BYTES) this.#attachment.contents.push(data)
    if (id === ATTACH_REND_DATA) this.#attachments.push({ title: '', longName: '', otherName: '', contents: [] })
    else if (id === ATTACH_TITLE) this.#attachment.title = this.#text(data)
    else if (id === ATTACH_DATA) this.#attachment.contents.push(data)
    else if (id === SUBJECT) this.#subject = this.#text(data)
    else if (id === BODY) this.#bodies.push({ kind: 'text', content: data })
    else if (id === CODE_PAGE && data.length >= 4) this.#codePage = u32le(data, 0)
    else if (id === ATTACH_MAPI) for (const property of this.#mapi(data)) this.#attachmentProperty(property)
    else if (id === MESSAGE_MAPI) for (const property of this.#mapi(data)) this.#messageProperty(property)
    // Pictures of attachments, and what nobody knows: content all the same.
    else if (!PLAIN.has(id) || (data.length > MAX_PLAIN_BYTES && id !== RECIPIENTS))
      this.#attachment.contents.push(data)
  }

  finish(damage?: string): TnefMessage {
    if (damage !== undefined) this.#damages.push(damage)
    const attachments = this.#attachments.map(({ title, longName, otherName, contents }) => ({
      name: longName || title || otherName,
      contents,
    }))
    return { subject: this.#subject, attachments, bodies: this.#bodies, damages: this.#damages }
  }

  /** The one that is going on; data without a beginning makes one. */
  get #attachment(): Draft {
    const last = this.#attachments.at(-1)
    if (last !== undefined) return last
    const draft: Draft = { title: '', longName: '', otherName: '', contents: [] }
    this.#attachments.push(draft)
    return draft
  }

  #mapi(data: Uint8Array): readonly MapiProperty[] {
    const { properties, damaged } = readMapi(data)
    if (damaged) this.#damages.push('A list of MAPI properties is damaged')
    return properties
  }

  #attachmentProperty({ id, type, value }: MapiProperty): void {
    const attachment = this.#attachment
    if (id === P_ATTACH_DATA) attachment.contents.push(type === PT_OBJECT ? value.subarray(IID_BYTES) : value)
    else if (id === P_ATTACH_LONG_FILENAME) attachment.longName = this.#string(type, value)
    else if (id === P_ATTACH_FILENAME || id === P_DISPLAY_NAME) attachment.otherName ||= this.#string(type, value)
  }

  #messageProperty({ id, type, value }: MapiProperty): void {
    if (id === P_SUBJECT) this.#subject ||= this.#string(type, value)
    else if (id === P_BODY) this.#bodies.push({ kind: 'text', content: value })
    else if (id === P_HTML) this.#bodies.push({ kind: 'html', content: value })
    else if (id === P_RTF_COMPRESSED) this.#bodies.push({ kind: 'rtf', content: value })
    // An attachment's data among the message's properties is no message of Outlook's, but it is data.
    else if (id === P_ATTACH_DATA) this.#attachment.contents.push(value)
  }

  #string(type: number, value: Uint8Array): string {
    if (type !== PT_UNICODE) return this.#text(value)
    return beforeNull(new TextDecoder('utf-16le').decode(value))
  }

  #text(value: Uint8Array): string {
    try {
      return beforeNull(new TextDecoder(`windows-${this.#codePage}`).decode(value))
    } catch {
      return beforeNull(latin1(value))
    }
  }
}

const beforeNull = (text: string): string => text.split('\0')[0]
