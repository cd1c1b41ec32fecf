import { struct, uint16le, uint32le, uint8, bytes as run } from '../../bytes/index.ts'
import type { Read } from '../../bytes/index.ts'

// The directory of a compound file: an array of entries of 128 bytes that are also nodes of trees, one tree for each
// storage. It is read both ways: what no tree reaches is found in the array. Source: [MS-CFB] 2.6.

const Raw = struct({
  name: run(64),
  nameLength: uint16le,
  type: uint8,
  color: uint8,
  left: uint32le,
  right: uint32le,
  child: uint32le,
  clsid: run(16),
  state: uint32le,
  created: run(8),
  modified: run(8),
  start: uint32le,
  size: uint32le,
  sizeHigh: uint32le,
})
type Raw = Read<typeof Raw>

const TYPE_STORAGE = 1
const TYPE_ROOT = 5
/** Entries that are read: far more than any program writes; each costs a few hundred bytes of memory. */
const MAX_ENTRIES = 200_000
/** Storages in each other. Deeper ones are taken as if they stood here, so that paths stay short. */
const MAX_DEPTH = 64

/** One storage or stream, with the place that the tree gives it. */
export interface DirectoryEntry {
  readonly id: number
  /** As found, control characters included. */
  readonly name: string
  /** Names of the storages above it, outermost first, without the root. */
  readonly folders: readonly string[]
  readonly isStorage: boolean
  /** 16 bytes; borrowed. */
  readonly clsid: Uint8Array
  /** First sector. */
  readonly start: number
  /** In bytes, as claimed. */
  readonly size: number
  /** No tree reaches it. */
  readonly isOrphan: boolean
}

export interface Directory {
  /** The root entry; undefined where there is none. */
  readonly root: DirectoryEntry | undefined
  /** Everything but the root: first what the tree reaches, in the order of its names, then the rest. */
  readonly entries: readonly DirectoryEntry[]
  /** What is wrong with it, one sentence each. */
  readonly problems: readonly string[]
}

/** A node that is still to be visited. */
interface Visit {
  readonly id: number
  readonly folders: readonly string[]
}

/**
 * Reads the whole directory out of the bytes of its stream. Each entry is visited once, so trees with loops end.
 * @param wideSizes - sizes have 64 bits (version 4); the upper half is rubbish in version 3
 */
export function readDirectory(bytes: Uint8Array, wideSizes: boolean): Directory {
  const count = Math.min(Math.floor(bytes.length / Raw.size), MAX_ENTRIES)
  const raws: Raw[] = []
  for (let id = 0; id < count; id++) raws.push(Raw.read(bytes, id * Raw.size))
  const problems: string[] = []
  if (bytes.length > MAX_ENTRIES * Raw.size) problems.push(`More than ${MAX_ENTRIES} directory entries`)
  const seen = new Uint8Array(count)
  const entries: DirectoryEntry[] = []
  const rootRaw = raws[0]
  if (rootRaw === undefined) return { root: undefined, entries, problems: [...problems, 'There is no directory'] }
  seen[0] = 1
  const root = entryOf(rootRaw, 0, [], wideSizes, false)
  const walk = new Walk(raws, seen, wideSizes)
  walk.from({ id: rootRaw.child, folders: [] }, entries, false)
  for (let id = 1; id < count; id++)
    if (seen[id] === 0 && raws[id].type !== 0) walk.from({ id, folders: [] }, entries, true)
  if (walk.loops > 0) problems.push('The directory tree reaches an entry twice')
  return { root, entries, problems }
}

class Walk {
  readonly #raws: readonly Raw[]
  readonly #seen: Uint8Array
  readonly #wideSizes: boolean
  loops = 0

  constructor(raws: readonly Raw[], seen: Uint8Array, wideSizes: boolean) {
    this.#raws = raws
    this.#seen = seen
    this.#wideSizes = wideSizes
  }

  /** In order: left, itself, its own tree, right; with a stack of its own, since depth is the file's to choose. */
  from(first: Visit, entries: DirectoryEntry[], isOrphan: boolean): void {
    const stack: (Visit | DirectoryEntry)[] = [first]
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if ('isStorage' in next) {
        entries.push(next)
        continue
      }
      const raw = this.#raws[next.id]
      if (raw === undefined) continue
      if (this.#seen[next.id] === 1) {
        this.loops++
        continue
      }
      this.#seen[next.id] = 1
      const { id, folders } = next
      const entry = entryOf(raw, id, folders, this.#wideSizes, isOrphan)
      stack.push({ id: raw.right, folders })
      const inner = folders.length < MAX_DEPTH ? [...folders, entry.name] : folders
      if (entry.isStorage) stack.push({ id: raw.child, folders: inner })
      if (raw.type !== 0) stack.push(entry)
      stack.push({ id: raw.left, folders })
    }
  }
}

function entryOf(
  raw: Raw,
  id: number,
  folders: readonly string[],
  wideSizes: boolean,
  isOrphan: boolean,
): DirectoryEntry {
  const isStorage = raw.type === TYPE_STORAGE || raw.type === TYPE_ROOT
  const size = wideSizes ? raw.sizeHigh * 0x1_0000_0000 + raw.size : raw.size
  return { id, name: nameOf(raw), folders, isStorage, clsid: raw.clsid, start: raw.start, size, isOrphan }
}

/** UTF-16 up to the claimed length or the first NUL, whichever comes first. */
function nameOf({ name, nameLength }: Raw): string {
  const end = nameLength >= 2 && nameLength <= 64 ? nameLength : 64
  let text = ''
  for (let i = 0; i + 1 < end; i += 2) {
    const unit = name[i] | (name[i + 1] << 8)
    if (unit === 0) break
    text += String.fromCharCode(unit)
  }
  return text
}
