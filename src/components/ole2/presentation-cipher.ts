import { u16le, u32le } from '../../bytes/index.ts'
import { Rc4 } from '../../codecs/index.ts'
import type { ComponentContext } from '../../scan/index.ts'
import { openRc4 } from './stream-cipher.ts'
import type { BlockCipher } from './stream-cipher.ts'

// Encrypted presentations: each persistent object has its number as the block of the key; a directory, in plain, says
// where the objects lie. Source: [MS-PPT] 2.3.7, 2.3.3 UserEditAtom, 2.3.4 PersistDirectoryAtom.

const USER_EDIT = 0x0ff5
const DIRECTORY = 0x1772
const CRYPT_SESSION = 0x2f14
const HEADER = 8
/** Edits that one after the other changed the presentation. */
const MAX_EDITS = 1_000
const MAX_OBJECTS = 100_000

/** The stream of the presentation in plain, where a password fits. */
export function openPresentation(
  stream: Uint8Array,
  currentUser: Uint8Array,
  context: ComponentContext,
): { readonly password: string; readonly plain: Uint8Array } | undefined {
  if (currentUser.length < 20) return undefined
  const { places, sessionId } = readPlaces(stream, u32le(currentUser, 16))
  const session = sessionId === undefined ? undefined : places.get(sessionId)
  if (session === undefined || typeAt(stream, session) !== CRYPT_SESSION) return undefined
  const cipher = openRc4(stream.subarray(session + HEADER), context)
  if (cipher === undefined) return undefined
  const plain = stream.slice()
  for (const [id, at] of places) if (id !== sessionId) decryptObject(plain, at, cipher, id)
  return { password: cipher.password, plain }
}

const typeAt = (stream: Uint8Array, at: number): number => (at + HEADER <= stream.length ? u16le(stream, at + 2) : -1)

/** Offsets of the objects by their numbers; of those that were written twice, the last. */
function readPlaces(
  stream: Uint8Array,
  lastEdit: number,
): { readonly places: ReadonlyMap<number, number>; readonly sessionId: number | undefined } {
  const places = new Map<number, number>()
  let sessionId: number | undefined
  let edit = lastEdit
  for (let i = 0; i < MAX_EDITS && typeAt(stream, edit) === USER_EDIT && edit + HEADER + 28 <= stream.length; i++) {
    if (sessionId === undefined && u32le(stream, edit + 4) >= 32 && edit + HEADER + 32 <= stream.length)
      sessionId = u32le(stream, edit + HEADER + 28)
    readDirectory(stream, u32le(stream, edit + HEADER + 12), places)
    const previous = u32le(stream, edit + HEADER + 8)
    if (previous === 0 || previous >= edit) break
    edit = previous
  }
  return { places, sessionId }
}

function readDirectory(stream: Uint8Array, at: number, places: Map<number, number>): void {
  if (typeAt(stream, at) !== DIRECTORY) return
  const end = Math.min(at + HEADER + u32le(stream, at + 4), stream.length)
  let entry = at + HEADER
  while (entry + 4 <= end && places.size < MAX_OBJECTS) {
    const head = u32le(stream, entry)
    const first = head & 0xf_ffff
    const count = head >>> 20
    entry += 4
    for (let i = 0; i < count && entry + 4 <= end; i++, entry += 4)
      if (!places.has(first + i)) places.set(first + i, u32le(stream, entry))
  }
}

function decryptObject(plain: Uint8Array, at: number, cipher: BlockCipher, id: number): void {
  if (at + HEADER > plain.length) return
  const stream = new Rc4(cipher.key(id))
  stream.apply(plain.subarray(at, at + HEADER))
  stream.apply(plain.subarray(at + HEADER, at + HEADER + u32le(plain, at + 4)))
}
