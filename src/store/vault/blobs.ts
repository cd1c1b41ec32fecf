// Where encrypted contents lie: files or S3. They know nothing of keys; a blob is a head that may be written anew, and
// what follows it.

/** `intake/<id>` or `store/<sha256>`; nothing else is a name. */
export type BlobName = `${Room}/${string}`
export type Room = 'intake' | 'store'

const NAMES: Readonly<Record<Room, RegExp>> = { intake: /^[A-Za-z0-9-]{1,64}$/, store: /^[0-9a-f]{64}$/ }

/** The name of a blob; undefined where it can be none, so that no text of a caller becomes a path. */
export const blobName = (room: Room, id: string): BlobName | undefined =>
  NAMES[room].test(id) ? `${room}/${id}` : undefined

export interface BlobWriter {
  /** Appends behind the head. The bytes are the writer's until `commit` or `abort` has ended. */
  write(pieces: readonly Uint8Array[]): Promise<void>
  /** Puts the head before them; afterwards the blob is there, durably and whole. */
  commit(head: Uint8Array): Promise<void>
  /** Leaves nothing behind. */
  abort(): Promise<void>
}

export interface BlobReader {
  readonly storedBytes: number
  /** The first HEAD_BYTES, or fewer where it is shorter. */
  readonly head: Uint8Array
  /** Pieces of exactly `frameBytes` from `offset` on, the last one maybe shorter; borrowed until the next. Closes at its end. */
  frames(offset: number, length: number, frameBytes: number): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

export interface BlobEntry {
  readonly id: string
  readonly modifiedAtMs: number
}

export interface Blobs {
  readonly kind: 'files' | 's3'
  create(name: BlobName): Promise<BlobWriter>
  open(name: BlobName): Promise<BlobReader | undefined>
  has(name: BlobName): Promise<boolean>
  /** False: there is nothing to move. Replaces what is at the new name; durable. */
  move(from: BlobName, to: BlobName): Promise<boolean>
  /**
   * Writes the head anew, in steps each of which is on the disk before the next; where the whole blob is replaced at once
   * only the last one counts.
   */
  rewriteHead(name: BlobName, steps: readonly Uint8Array[]): Promise<void>
  /** Deletes it with every older version; with `shred` the key inside is overwritten first, where that can be. */
  delete(name: BlobName, options: { readonly shred: boolean }): Promise<void>
  list(room: Room): AsyncIterable<BlobEntry>
  /** Removes what uploads that never ended have left. Only for the one who owns the place. */
  clean(): Promise<number>
  freeBytes(): Promise<number | undefined>
  close(): Promise<void>
}
