import type { Digests } from '../nouns.ts'

// Where content lies, encrypted. Two rooms: the intake holds what is to be scanned, by a random id that one job owns;
// the store holds what is kept, by SHA-256. So that no two scans of the same content can take it from each other.

/** Content that was taken in: fsynced when this is returned. */
export interface IntakeContent extends Digests {
  /** Names it in the intake; at most 64 characters of [A-Za-z0-9-]. */
  readonly intake: string
  readonly sizeBytes: number
}

export interface VaultRange {
  readonly offset: number
  readonly length: number
}

export interface VaultStatus {
  readonly kind: 'files' | 's3'
  /** Id of the key that new content is encrypted with. */
  readonly key: string
  /** Undefined where it cannot be known. */
  readonly freeBytes: number | undefined
}

/** Every method rejects with UseCaseError: storage-full, content-not-kept, too-large, or internal. */
export interface Vault {
  /** Encrypts and stores a stream while hashing it; on any failure nothing stays. @throws too-large beyond maxBytes */
  takeIn(
    stream: AsyncIterable<Uint8Array>,
    options: { readonly maxBytes: number; readonly signal?: AbortSignal },
  ): Promise<IntakeContent>
  /** Bytes of the intake from the start; chunks are the reader's until the next one. @throws content-not-kept */
  openIntake(intake: string): Promise<AsyncIterable<Uint8Array>>
  /** Moves it to the store under its digest; where that is there already, only the intake goes. Durable; repeatable. */
  keep(intake: string, sha256: string): Promise<void>
  /** Removes it from the intake; nothing happens where it is not there. */
  discard(intake: string): Promise<void>
  /** Intakes older than that; those that no job owns are the rests of a crash. */
  listIntakes(olderThanMs: number): AsyncIterable<string>

  has(sha256: string): Promise<boolean>
  /** A whole content, or a range of it, verified while it is decrypted. @throws content-not-kept */
  open(
    sha256: string,
    range?: VaultRange,
  ): Promise<{ readonly sizeBytes: number; readonly stream: AsyncIterable<Uint8Array> }>
  /** Really deletes, every version. Nothing happens where it is not there. */
  delete(sha256: string): Promise<void>
  /** Digests in the store, for doctor and backup. */
  list(): AsyncIterable<string>
  /** A new key for new content; old content stays readable, and is encrypted anew in the background where configured. */
  rotate(): Promise<{ readonly key: string }>
  status(): Promise<VaultStatus>
  close(): Promise<void>
}

/** Makes the archives in which content leaves the server. */
export interface Packager {
  pack(
    format: 'zip' | 'cart',
    content: {
      readonly name: string
      readonly sizeBytes: number
      readonly stream: AsyncIterable<Uint8Array>
    } & Digests,
  ): { readonly filename: string; readonly mediaType: string; readonly stream: AsyncIterable<Uint8Array> }
}
