import { ContentError, latin1, u32le } from '../../bytes/index.ts'
import { decryptMersenne, decryptRanrot } from '../../codecs/index.ts'

// Compiled scripts of AutoIt 3: a GUID, AU3!EA05 or AU3!EA06, a digest of a password, then FILE entries, each with all
// its fields encrypted under keys that are the same everywhere.

/** One file: the script itself, or one that FileInstall() carries. */
export interface AutoItFile {
  /** What it is for, for example `>>>AUTOIT SCRIPT<<<`, or where the script finds it. */
  readonly tag: string
  /** Path on the machine that compiled it. */
  readonly path: string
  readonly isCompressed: boolean
  /** Decrypted; compressed where `isCompressed`. Owned. */
  readonly data: Uint8Array
  /** Bytes of it that lie behind the end of the content. */
  readonly missingBytes: number
}

export interface AutoItReading {
  /** EA05, EA06; empty: none of them. */
  readonly version: string
  readonly files: readonly AutoItFile[]
  /** Why that may not be all of them. */
  readonly fault: ContentError | undefined
}

interface Keys {
  readonly file: number
  readonly tagLength: number
  readonly tag: number
  readonly pathLength: number
  readonly path: number
  readonly size: number
  readonly content: number
  /** Whether the sum of the digest's bytes is part of the content's key. */
  readonly usesDigest: boolean
  readonly characterBytes: 1 | 2
  readonly decrypt: (input: Uint8Array, seed: number) => Uint8Array
}

const VERSIONS: ReadonlyMap<string, Keys> = new Map([
  [
    'EA05',
    {
      file: 0x16fa,
      tagLength: 0x29bc,
      tag: 0xa25e,
      pathLength: 0x29ac,
      path: 0xf25e,
      size: 0x45aa,
      content: 0x22af,
      usesDigest: true,
      characterBytes: 1,
      decrypt: decryptMersenne,
    },
  ],
  [
    'EA06',
    {
      file: 0x18ee,
      tagLength: 0xadbc,
      tag: 0xb33f,
      pathLength: 0xf820,
      path: 0xf479,
      size: 0x87bc,
      content: 0x2477,
      usesDigest: false,
      characterBytes: 2,
      decrypt: decryptRanrot,
    },
  ],
])

const VERSION_AT = 20
const DIGEST_AT = 24
const FILES_AT = 40
/** Sizes, checksum and two times behind the byte that says whether it is compressed. */
const SIZES_BYTES = 28
/** More files than any script carries. */
const MAX_FILES = 10_000
/** Longest tag or path, in characters. */
const MAX_TEXT = 32_768

/** Reads a script that begins with its GUID. Cost: linear in the content. */
export function readAutoIt(content: Uint8Array): AutoItReading {
  const version = latin1(content, VERSION_AT, DIGEST_AT)
  const keys = VERSIONS.get(version)
  const files: AutoItFile[] = []
  if (keys === undefined) {
    return { version: '', files, fault: new ContentError('unsupported', 'A script of an unknown version of AutoIt') }
  }
  const digest = content.subarray(DIGEST_AT, FILES_AT).reduce((sum, byte) => sum + byte, 0)
  let at = FILES_AT
  try {
    while (files.length < MAX_FILES && isFile(content, at, keys)) {
      const { file, end } = readFile(content, at + 4, keys, digest)
      files.push(file)
      at = end
    }
  } catch (error) {
    if (!(error instanceof ContentError)) throw error
    return { version, files, fault: error }
  }
  return { version, files, fault: endFault(content, at, files.length) }
}

function endFault(content: Uint8Array, at: number, count: number): ContentError | undefined {
  if (count === 0) return new ContentError('unsupported', 'No file of an AutoIt script can be read', at)
  if (count === MAX_FILES) return new ContentError('too-large', `More than ${MAX_FILES} files`, at)
  // A script ends with its magic again.
  if (latin1(content, at, at + 4) === 'AU3!') return undefined
  return new ContentError('malformed', 'The script does not end behind its last file', at)
}

const isFile = (content: Uint8Array, at: number, { decrypt, file }: Keys): boolean =>
  latin1(decrypt(content.subarray(at, at + 4), file)) === 'FILE'

function readFile(content: Uint8Array, start: number, keys: Keys, digest: number): { file: AutoItFile; end: number } {
  const tag = readText(content, start, keys.tagLength, keys.tag, keys)
  const path = readText(content, tag.end, keys.pathLength, keys.path, keys)
  const at = path.end
  need(content, at, 1 + SIZES_BYTES)
  const size = (u32le(content, at + 1) ^ keys.size) >>> 0
  const dataAt = at + 1 + SIZES_BYTES
  const stored = content.subarray(dataAt, dataAt + size)
  const file = {
    tag: tag.text,
    path: path.text,
    isCompressed: content[at] === 1,
    data: keys.decrypt(stored, keys.content + (keys.usesDigest ? digest : 0)),
    missingBytes: size - stored.length,
  }
  return { file, end: dataAt + stored.length }
}

function readText(
  content: Uint8Array,
  at: number,
  lengthKey: number,
  key: number,
  { characterBytes, decrypt }: Keys,
): { text: string; end: number } {
  need(content, at, 4)
  const length = (u32le(content, at) ^ lengthKey) >>> 0
  if (length > MAX_TEXT) throw new ContentError('malformed', 'A name in a script of AutoIt is too long', at)
  const end = at + 4 + length * characterBytes
  need(content, at + 4, length * characterBytes)
  const bytes = decrypt(content.subarray(at + 4, end), key + length)
  return { text: characterBytes === 1 ? latin1(bytes) : new TextDecoder('utf-16le').decode(bytes), end }
}

function need(content: Uint8Array, at: number, size: number): void {
  if (at + size > content.length) throw new ContentError('malformed', 'A script of AutoIt ends too early', at)
}
