import { u16le, u32le } from '../../bytes/index.ts'

// Objects in the stream of a binary presentation: embedded files, controls and the VBA project, as storages of their
// own, mostly compressed. Records are looked for at every offset, so that damaged lists hide none.
// Source: [MS-PPT] 2.10.34 ExOleObjStg, 2.10.39 ExControlStg, 2.10.41 VbaProjectStg; 2.3.6 CryptSession10Container.

const OBJECT_STORAGE = 0x1011
const CRYPT_SESSION = 0x2f14
const HEADER_SIZE = 8
/** Objects that are found: more than a presentation has slides. */
const MAX_OBJECTS = 10_000

export interface PresentationObject {
  /** Offset of its content in the stream: zlib data or the storage itself. */
  readonly start: number
  /** Offset behind it, inside the stream. */
  readonly end: number
  readonly isCompressed: boolean
  /** Bytes that it claims beyond the end of the stream. */
  readonly missing: number
}

/** Every object of the stream. Cost: one native search over the stream, each object is passed over once. */
export function presentationObjects(stream: Uint8Array): readonly PresentationObject[] {
  const objects: PresentationObject[] = []
  for (let at = stream.indexOf(OBJECT_STORAGE & 255, 2); at >= 0 && objects.length < MAX_OBJECTS;) {
    const object = objectAt(stream, at - 2)
    if (object !== undefined) objects.push(object)
    at = stream.indexOf(OBJECT_STORAGE & 255, object === undefined ? at + 1 : Math.max(object.end + 2, at + 1))
  }
  return objects
}

function objectAt(stream: Uint8Array, at: number): PresentationObject | undefined {
  if (at + HEADER_SIZE + 8 > stream.length || u16le(stream, at + 2) !== OBJECT_STORAGE) return undefined
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
  for (let at = stream.indexOf(CRYPT_SESSION & 255); at >= 0; at = stream.indexOf(CRYPT_SESSION & 255, at + 1))
    if (at >= 2 && stream[at + 1] === CRYPT_SESSION >> 8 && stream[at - 2] === 0x0f && stream[at - 1] === 0) return true
  return false
}
