import { u16le, u32le } from '../../bytes/index.ts'

// Objects in the stream of a binary presentation: embedded files, controls and the VBA project, as storages of their
// own, mostly compressed. Records are looked for at every offset, so that damaged lists hide none.
// Source: [MS-PPT] 2.10.34 ExOleObjStg, 2.10.39 ExControlStg, 2.10.41 VbaProjectStg; 2.3.6 CryptSession10Container.

const OBJECT_STORAGE = 0x1011
const CRYPT_SESSION = 0x2f14
const HEADER_SIZE = 8
/** Objects that are found, more than a presentation has slides; one with that many has more. */
export const MAX_PRESENTATION_OBJECTS = 10_000

export interface PresentationObject {
  /** Offset of its content in the stream: zlib data or the storage itself. */
  readonly start: number
  /** Offset behind it, inside the stream. */
  readonly end: number
  readonly isCompressed: boolean
  /** Bytes that it claims beyond the end of the stream. */
  readonly missing: number
}

/** Every object of the stream. Cost: one pass; objects are passed over. */
export function presentationObjects(stream: Uint8Array): readonly PresentationObject[] {
  const objects: PresentationObject[] = []
  for (let at = 0; at + HEADER_SIZE + 8 <= stream.length && objects.length < MAX_PRESENTATION_OBJECTS; at++) {
    if (stream[at + 2] !== (OBJECT_STORAGE & 255) || stream[at + 3] !== OBJECT_STORAGE >> 8) continue
    const object = objectAt(stream, at)
    if (object === undefined) continue
    objects.push(object)
    at = Math.max(at, object.end - 1)
  }
  return objects
}

function objectAt(stream: Uint8Array, at: number): PresentationObject | undefined {
  const instance = u16le(stream, at)
  if (instance !== 0x0010 && instance !== 0) return undefined
  const size = u32le(stream, at + 4)
  const isCompressed = instance === 0x0010
  const start = at + HEADER_SIZE + (isCompressed ? 4 : 0)
  // Either zlib, or a compound file: anything else is an accident of two bytes.
  if (isCompressed ? (stream[start] & 15) !== 8 : u16le(stream, start) !== 0xcfd0) return undefined
  const claimed = at + HEADER_SIZE + size
  const end = Math.min(claimed, stream.length)
  return end <= start ? undefined : { start, end, isCompressed, missing: claimed - end }
}

/** True where the stream holds the container that describes its encryption. */
export function isEncryptedPresentation(stream: Uint8Array): boolean {
  for (let at = 3; at < stream.length; at++)
    if (stream[at] === CRYPT_SESSION >> 8 && stream[at - 1] === (CRYPT_SESSION & 255))
      if (stream[at - 3] === 0x0f && stream[at - 2] === 0) return true
  return false
}
