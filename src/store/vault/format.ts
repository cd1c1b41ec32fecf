import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

// One content as it lies encrypted. A head of HEAD_BYTES, then frames: ciphertext of one chunk and its tag.
//
//   0    8  magic "LZVAULT" and the version 1
//   8    1  log2 of the chunk size
//   32 128  slot A   } 0   4  sequence number, 0: the slot is empty; the higher one counts
//   160 128 slot B   } 4   8  id of the master key
//                    } 12 12  nonce
//                    } 24 72  sealed by the master key: data key 32, SHA-256 of the content 32, its size 8
//                    } 96 16  tag; magic, chunk size, sequence number and key id are authenticated with it
//   512     frames
//
// The data key belongs to one content alone, so that the index of a chunk is nonce enough; whether it is the last one is
// part of nonce and of what is authenticated (the STREAM construction): no chunk can be cut off, moved, or taken from
// another content. Two slots, so that a master key is exchanged in place, and a torn write leaves the other slot.
// The digest inside binds content to its name: two files that were exchanged on the disk are seen.

export const HEAD_BYTES = 512
export const TAG_BYTES = 16
export const KEY_BYTES = 32
const NONCE_BYTES = 12
const MAGIC = Buffer.from('LZVAULT\x01', 'latin1')
const CHUNK_LOG2_AT = 8
const SLOTS_AT = [32, 160] as const
const SLOT_BYTES = 128
const SEALED_BYTES = KEY_BYTES + 32 + 8
const CIPHER = 'aes-256-gcm'

/** Chunks of 256 KiB: a range costs little, and the set-up of a cipher is paid for. */
export const CHUNK_LOG2 = 18
/** Bounds for a chunk size that a head may claim. */
const CHUNK_LOG2_RANGE = [10, 24] as const

/** What the master key seals. */
export interface Sealed {
  readonly dataKey: Uint8Array
  /** Lower-case hexadecimal. */
  readonly sha256: string
  readonly sizeBytes: number
}

export interface MasterKey {
  /** Sixteen hexadecimal digits. */
  readonly id: string
  readonly secret: Uint8Array
}

/** What lies in the vault is not what was put there, or nothing of this program. */
export class DamageError extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'DamageError'
  }
}

/** A head with one slot in use. */
export function makeHead(sealed: Sealed, key: MasterKey, chunkLog2: number, sequence = 1): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES)
  MAGIC.copy(head)
  head[CHUNK_LOG2_AT] = chunkLog2
  writeSlot(head, SLOTS_AT[(sequence + 1) & 1], sealed, key, sequence)
  return head
}

function writeSlot(head: Buffer, at: number, sealed: Sealed, key: MasterKey, sequence: number): void {
  const slot = head.subarray(at, at + SLOT_BYTES).fill(0)
  slot.writeUInt32LE(sequence, 0)
  slot.write(key.id, 4, 'hex')
  const nonce = randomBytes(NONCE_BYTES)
  nonce.copy(slot, 12)
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(sealed.sizeBytes))
  const cipher = createCipheriv(CIPHER, key.secret, nonce).setAAD(slotContext(head, slot))
  cipher.update(Buffer.concat([sealed.dataKey, Buffer.from(sealed.sha256, 'hex'), size])).copy(slot, 24)
  cipher.final()
  cipher.getAuthTag().copy(slot, 24 + SEALED_BYTES)
}

const slotContext = (head: Buffer, slot: Buffer): Buffer =>
  Buffer.concat([head.subarray(0, CHUNK_LOG2_AT + 1), slot.subarray(0, 12)])

export interface OpenedHead extends Sealed {
  readonly chunkLog2: number
  readonly keyId: string
  readonly sequence: number
}

/**
 * Reads a head.
 * @param keyOf - the master key with this id, undefined where there is none
 * @throws DamageError; MissingKeyError where only the key is missing
 */
export function openHead(bytes: Uint8Array, keyOf: (id: string) => MasterKey | undefined): OpenedHead {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (head.length < HEAD_BYTES) throw new DamageError('it is shorter than its head')
  if (!head.subarray(0, MAGIC.length).equals(MAGIC)) throw new DamageError('it has no head of version 1')
  const chunkLog2 = head[CHUNK_LOG2_AT]
  if (chunkLog2 < CHUNK_LOG2_RANGE[0] || chunkLog2 > CHUNK_LOG2_RANGE[1])
    throw new DamageError('its chunk size is wrong')
  const slots = SLOTS_AT.map(at => head.subarray(at, at + SLOT_BYTES))
    .filter(slot => slot.readUInt32LE(0) !== 0)
    .sort((one, other) => other.readUInt32LE(0) - one.readUInt32LE(0))
  let missing: string | undefined
  for (const slot of slots) {
    const keyId = slot.toString('hex', 4, 12)
    const key = keyOf(keyId)
    if (key === undefined) missing ??= keyId
    const sealed = key === undefined ? undefined : unseal(head, slot, key)
    if (sealed !== undefined) return { ...sealed, chunkLog2, keyId, sequence: slot.readUInt32LE(0) }
  }
  if (missing !== undefined) throw new MissingKeyError(missing)
  throw new DamageError('its head is not authentic')
}

/** A content needs a master key that the key file does not hold. */
export class MissingKeyError extends Error {
  readonly keyId: string
  constructor(keyId: string) {
    super(`the key ${keyId} is not in the key file`)
    this.name = 'MissingKeyError'
    this.keyId = keyId
  }
}

function unseal(head: Buffer, slot: Buffer, key: MasterKey): Sealed | undefined {
  const nonce = slot.subarray(12, 24)
  const decipher = createDecipheriv(CIPHER, key.secret, nonce, { authTagLength: TAG_BYTES })
    .setAAD(slotContext(head, slot))
    .setAuthTag(slot.subarray(24 + SEALED_BYTES, 24 + SEALED_BYTES + TAG_BYTES))
  const plain = decipher.update(slot.subarray(24, 24 + SEALED_BYTES))
  try {
    decipher.final()
  } catch {
    return undefined
  }
  return {
    dataKey: plain.subarray(0, KEY_BYTES),
    sha256: plain.toString('hex', KEY_BYTES, KEY_BYTES + 32),
    sizeBytes: Number(plain.readBigUInt64LE(KEY_BYTES + 32)),
  }
}

/** The same head sealed by another key: first with both slots, then with the new one alone. */
export function rewrapHead(bytes: Uint8Array, opened: OpenedHead, key: MasterKey): readonly [Uint8Array, Uint8Array] {
  const alone = makeHead(opened, key, opened.chunkLog2, opened.sequence + 1)
  const at = SLOTS_AT[opened.sequence & 1]
  const both = Buffer.from(bytes.subarray(0, HEAD_BYTES))
  both.set(alone.subarray(at, at + SLOT_BYTES), at)
  return [both, alone]
}

/** What nonce and authenticated data of one chunk are made of. */
function frameContext(index: number, last: boolean): Buffer {
  const context = Buffer.alloc(NONCE_BYTES)
  context[0] = last ? 1 : 0
  context.writeBigUInt64BE(BigInt(index), 4)
  return context
}

/** Encrypts chunk `index`: ciphertext and tag, both fresh. */
export function sealChunk(dataKey: Uint8Array, index: number, last: boolean, chunk: Uint8Array): [Buffer, Buffer] {
  const context = frameContext(index, last)
  const cipher = createCipheriv(CIPHER, dataKey, context).setAAD(context)
  const text = cipher.update(chunk)
  cipher.final()
  return [text, cipher.getAuthTag()]
}

/** Decrypts a frame. @throws DamageError, before a byte of it was handed out */
export function openChunk(dataKey: Uint8Array, index: number, last: boolean, frame: Uint8Array): Uint8Array {
  if (frame.length < TAG_BYTES) throw new DamageError(`chunk ${index} is cut off`)
  const context = frameContext(index, last)
  const decipher = createDecipheriv(CIPHER, dataKey, context, { authTagLength: TAG_BYTES })
    .setAAD(context)
    .setAuthTag(frame.subarray(frame.length - TAG_BYTES))
  const plain = decipher.update(frame.subarray(0, frame.length - TAG_BYTES))
  try {
    decipher.final()
  } catch {
    throw new DamageError(`chunk ${index} is not authentic`)
  }
  return plain
}

/** Where the chunks of a content lie. An empty content has one empty chunk. */
export interface Layout {
  readonly chunkBytes: number
  readonly lastIndex: number
  /** Length of the whole, head and tags included. */
  readonly storedBytes: number
}

export function layoutOf(sizeBytes: number, chunkLog2: number): Layout {
  const chunkBytes = 2 ** chunkLog2
  const chunks = Math.max(1, Math.ceil(sizeBytes / chunkBytes))
  return { chunkBytes, lastIndex: chunks - 1, storedBytes: HEAD_BYTES + sizeBytes + chunks * TAG_BYTES }
}
