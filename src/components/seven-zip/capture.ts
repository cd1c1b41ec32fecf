import type { SevenZipFileSystem, SevenZipStream } from './module.ts'

// Takes what 7-Zip writes while it writes it. Nothing is created in its file system but one nameless scratch file, so
// names from inside the archive collide with nothing and mean nothing.
//
// 7-Zip runs to its end in one call, so what it writes must be kept until the call returns. To keep that small, a run
// looks at a window of the output only: what lies before it was taken by the run before, and at its end the run is cut
// off. All runs write the same bytes in the same order.
//
//   output of all members:  │ first run    │ second run   │ third run │
//                           └ windowBytes ─┘

/** A part of a member that lies in the window. */
export interface Segment {
  /** Path inside the archive. */
  readonly name: string
  /** True where the member starts here. */
  readonly isFirst: boolean
  /** True where the member ends here. */
  isLast: boolean
  /** In order, owned. */
  readonly pieces: Uint8Array[]
  /** What 7-Zip said about it. */
  failure?: string
  /** Bytes of holes that were left out. */
  skippedBytes: number
  /** True where 7-Zip went back and wrote again, which was not followed. */
  isRewritten: boolean
}

/** Thrown through 7-Zip at the end of the window, or of the time. */
export class CutOff extends Error {}

export interface CaptureOptions {
  /** Output before this offset is dropped. */
  readonly startBytes: number
  readonly windowBytes: number
  /** Only members of these names; undefined: all. */
  readonly wanted: ReadonlySet<string> | undefined
  /** On the clock of performance.now(). */
  readonly deadlineMs: number
}

const OUTPUT = '/out/'
const SCRATCH = '/scratch'
const O_ACCESS = 3
const O_RDWR_CREATE = 0o102
/** What a member counts beside its content, so that millions of empty ones end, too. */
const MEMBER_BYTES = 256
/** Longer holes are no content; a few bytes may claim terabytes. */
const MAX_HOLE_BYTES = 64 << 20
const CLOCK_BYTES = 1 << 20

interface OpenFile {
  segment: Segment | undefined
  endBytes: number
}

export class Capture {
  readonly segments: Segment[] = []
  /** Symbolic links that 7-Zip wanted to make. */
  links = 0
  /** Why it was cut off, if it was. */
  cut: 'window' | 'time' | undefined
  readonly #options: CaptureOptions
  #outputBytes = 0
  #sinceClockBytes = 0
  #last: Segment | undefined
  /** Path of the member that was closed last. */
  #written: string | undefined

  constructor(options: CaptureOptions) {
    this.#options = options
  }

  /** Replaces members of the file system so that everything below /out/ comes here. */
  attach(fs: SevenZipFileSystem): void {
    const open = fs.open.bind(fs)
    fs.open = (path, flags, mode) => {
      if (typeof path !== 'string' || !path.startsWith(OUTPUT) || (flags & O_ACCESS) === 0)
        return open(path, flags, mode)
      return this.#redirected(open(SCRATCH, O_RDWR_CREATE, 0o600), path.slice(OUTPUT.length))
    }
    // 7-Zip looks whether the file that it wrote is there, and removes one that it writes twice.
    const lstat = fs.lstat.bind(fs)
    fs.lstat = path => lstat(path === OUTPUT + (this.#written ?? '') ? SCRATCH : path)
    const unlink = fs.unlink.bind(fs)
    fs.unlink = path => (path.startsWith(OUTPUT) ? undefined : unlink(path))
    fs.symlink = () => void this.links++
    // Sizes come with the content; nobody reads times and modes. There is no file that could take any.
    fs.chmod = () => undefined
    fs.ftruncate = () => undefined
    fs.utime = () => undefined
  }

  /** Notes a failure of the member that was closed last, if that is its name: others fail before they are opened. */
  fail(name: string, failure: string): boolean {
    if (this.#last?.name !== name) return false
    this.#last.failure ??= failure
    return true
  }

  #redirected(stream: SevenZipStream, name: string): SevenZipStream {
    const file: OpenFile = { segment: undefined, endBytes: 0 }
    const isWanted = this.#options.wanted?.has(name) ?? true
    this.#last = undefined
    if (isWanted) {
      this.#charge(MEMBER_BYTES + name.length)
      const isFirst = this.#outputBytes > this.#options.startBytes
      file.segment = { name, isFirst, isLast: false, pieces: [], skippedBytes: 0, isRewritten: false }
      if (isFirst) this.segments.push(file.segment)
    }
    stream.stream_ops = {
      ...stream.stream_ops,
      write: (_, buffer, offset, length, position) => {
        if (file.segment !== undefined)
          this.#write(file, file.segment, buffer.subarray(offset, offset + length), position)
        return length
      },
      llseek: (at, offset, whence) =>
        whence === 0 ? offset : whence === 2 ? file.endBytes + offset : positionOf(at) + offset,
      close: () => {
        this.#written = name
        this.#close(file.segment)
      },
    }
    return stream
  }

  #write(file: OpenFile, segment: Segment, bytes: Int8Array, position: number): void {
    if (position < file.endBytes) segment.isRewritten = true
    else if (position > file.endBytes) this.#hole(segment, position - file.endBytes)
    const fresh = Math.max(0, Math.min(bytes.length, position + bytes.length - file.endBytes))
    file.endBytes = Math.max(file.endBytes, position + bytes.length)
    this.#take(segment, new Uint8Array(bytes.buffer, bytes.byteOffset + bytes.length - fresh, fresh))
  }

  #hole(segment: Segment, size: number): void {
    const zeros = Math.min(size, MAX_HOLE_BYTES)
    segment.skippedBytes += size - zeros
    const piece = new Uint8Array(Math.min(zeros, CLOCK_BYTES))
    for (let left = zeros; left > 0; left -= piece.length) this.#take(segment, piece.subarray(0, left))
  }

  /** Keeps the part of `bytes` that lies in the window. */
  #take(segment: Segment, bytes: Uint8Array): void {
    const { startBytes, windowBytes } = this.#options
    const at = this.#outputBytes
    const from = Math.max(0, startBytes - at)
    const to = Math.min(bytes.length, startBytes + windowBytes - at)
    if (from < to) {
      if (!segment.isFirst && segment.pieces.length === 0) this.segments.push(segment)
      segment.pieces.push(bytes.slice(from, to))
    }
    this.#charge(bytes.length)
  }

  #charge(size: number): void {
    this.#outputBytes += size
    this.#sinceClockBytes += size
    if (this.#outputBytes > this.#options.startBytes + this.#options.windowBytes) this.#cutOff('window')
    if (this.#sinceClockBytes < CLOCK_BYTES) return
    this.#sinceClockBytes = 0
    if (performance.now() > this.#options.deadlineMs) this.#cutOff('time')
  }

  #cutOff(why: 'window' | 'time'): never {
    this.cut = why
    throw new CutOff()
  }

  #close(segment: Segment | undefined): void {
    this.#last = segment
    if (segment === undefined) return
    segment.isLast = true
    // It started in an earlier window, and ended exactly where that did.
    if (!segment.isFirst && segment.pieces.length === 0 && this.#outputBytes >= this.#options.startBytes)
      this.segments.push(segment)
  }
}

function positionOf(stream: SevenZipStream): number {
  return (stream as SevenZipStream & { readonly position: number }).position
}
