import { ContentError, latin1, u16le, u32le } from '../bytes/index.ts'

// Objects of OLE 1, which RTF and the stream "\x01Ole10Native" hold, and the package in them: a file that was dropped
// into a document. Sources: [MS-OLEDS] 2.2.4 to 2.2.6 for the object; the package is not published.

/** Longest name that is believed; longer ones mean that this is something else. */
const MAX_NAME = 4_096
const LINKED = 1
const EMBEDDED = 2

/** A file in a document. */
export interface OlePackage {
  /** What the icon says. */
  readonly label: string
  /** Path that the file had; may be empty. */
  readonly path: string
  /** Borrowed. */
  readonly data: Uint8Array
  /** Bytes that it claims to have and that are not there. */
  readonly missing: number
}

/** Reads a package from its first byte (the number 2) on. Undefined where it is none. */
export function readOlePackage(bytes: Uint8Array, start: number): OlePackage | undefined {
  if (start + 2 > bytes.length || u16le(bytes, start) !== 2) return undefined
  const label = cString(bytes, start + 2)
  if (label === undefined) return undefined
  const original = cString(bytes, label.end)
  if (original === undefined || original.end + 8 > bytes.length) return undefined
  const pathSize = u32le(bytes, original.end + 4)
  const sizeAt = original.end + 8 + pathSize
  if (pathSize > MAX_NAME || sizeAt + 4 > bytes.length) return undefined
  const size = u32le(bytes, sizeAt)
  const data = bytes.subarray(sizeAt + 4, sizeAt + 4 + size)
  return { label: label.text, path: original.text, data, missing: size - data.length }
}

/** An object of OLE 1. */
export interface OleObject {
  readonly isLinked: boolean
  readonly className: string
  readonly topic: string
  readonly item: string
  /** Borrowed; empty for a link. */
  readonly data: Uint8Array
  readonly missing: number
  /** Offset behind it. */
  readonly end: number
}

/** Reads an object of OLE 1. Undefined where it is none. */
export function readOleObject(bytes: Uint8Array, start: number): OleObject | undefined {
  if (start + 12 > bytes.length) return undefined
  // The version is not looked at, as Office does not look at it.
  const format = u32le(bytes, start + 4)
  if (format !== LINKED && format !== EMBEDDED) return undefined
  const className = counted(bytes, start + 8)
  const topic = className && counted(bytes, className.end)
  const item = topic && counted(bytes, topic.end)
  if (className === undefined || topic === undefined || item === undefined) return undefined
  const names = { className: className.text, topic: topic.text, item: item.text }
  const none = new Uint8Array(0)
  if (format === LINKED) return { isLinked: true, ...names, data: none, missing: 0, end: item.end }
  if (item.end + 4 > bytes.length) return undefined
  const size = u32le(bytes, item.end)
  const data = bytes.subarray(item.end + 4, item.end + 4 + size)
  return { isLinked: false, ...names, data, missing: size - data.length, end: item.end + 4 + data.length }
}

interface Text {
  readonly text: string
  readonly end: number
}

function cString(bytes: Uint8Array, start: number): Text | undefined {
  const end = bytes.indexOf(0, start)
  return end < 0 || end - start > MAX_NAME ? undefined : { text: latin1(bytes, start, end), end: end + 1 }
}

/** A length, then that many bytes; the last one is NUL. */
function counted(bytes: Uint8Array, at: number): Text | undefined {
  if (at + 4 > bytes.length) return undefined
  const size = u32le(bytes, at)
  const end = at + 4 + size
  if (size > MAX_NAME || end > bytes.length) return undefined
  const nul = bytes.subarray(at + 4, end).indexOf(0)
  return { text: latin1(bytes, at + 4, nul < 0 ? end : at + 4 + nul), end }
}

/** For content that claims more bytes than it has: its pieces, then the reason. @throws ContentError malformed */
export function* cutContent(data: Uint8Array, missing: number): Generator<Uint8Array, void> {
  yield data
  if (missing > 0) throw new ContentError('malformed', `It claims ${missing} bytes more than there are`)
}
