import { CLAMD_COMMANDS, MAX_CLAMD_COMMAND_BYTES, matchClamdCommand } from './commands.ts'
import type { ClamdCommandName } from './commands.ts'

// What a clamd client sends, read incrementally.
//
//   first byte  command ends at                                     replies end with
//   n           '\n' (a '\r' before it is dropped)                  '\n'
//   z           NUL                                                 NUL
//   other       first '\n' or NUL, or the end of the packet         '\n'
//
// One command per connection, except between IDSESSION and END, where n and z commands are numbered from 1.
// After INSTREAM: chunks of (u32 big-endian length, data), ended by a length of 0.

/** How replies to a command end. */
export type ClamdTerminator = '\n' | '\0'

/** Where a reply belongs: its number in an IDSESSION, or 0 outside, and how it ends. */
export interface ClamdReplyTo {
  readonly id: number
  readonly terminator: ClamdTerminator
}

export interface ClamdCommand extends ClamdReplyTo {
  readonly name: ClamdCommandName
  /** Binary string: one character per byte. */
  readonly argument: string
}

/**
 * Why the decoder reads no more commands: `unknown` command; `too-long`: the connection is reset without a reply;
 * `invalid-in-session`, `old-style-in-session`: not allowed inside IDSESSION; `stream-too-large`: the chunks of an
 * INSTREAM claim more than the limit (the chunks that follow are still read and dropped until their end).
 */
export type ClamdFault = 'unknown' | 'too-long' | 'invalid-in-session' | 'old-style-in-session' | 'stream-too-large'

/** Where a decoder puts what it read. */
export interface ClamdHandler {
  command(command: ClamdCommand): void
  /** A piece of an INSTREAM, in order. Borrowed: valid only until the call returns. */
  streamData(piece: Uint8Array): void
  /** The INSTREAM is complete; after `stream-too-large`: everything was drained. */
  streamEnd(): void
  fault(fault: ClamdFault, to: ClamdReplyTo): void
}

const LF = 0x0a
const CR = 0x0d
const PREFIX_N = 0x6e
const PREFIX_Z = 0x7a
const LENGTH_BYTES = 4

type State = 'command' | 'length' | 'data' | 'ended'

/** Incremental decoder of one connection. Memory: one command of at most MAX_CLAMD_COMMAND_BYTES; no stream bytes. */
export class ClamdDecoder {
  readonly #handler: ClamdHandler
  readonly #maxStreamBytes: number
  #state: State = 'command'
  #gathered: Uint8Array | undefined
  #fill = 0
  #session = false
  #commands = 0
  #terminator: ClamdTerminator = '\n'
  #length = 0
  #lengthFill = 0
  #left = 0
  #streamBytes = 0
  #draining = false
  #paused = false

  /** @param maxStreamBytes - most bytes that the chunks of one INSTREAM may claim together */
  constructor(handler: ClamdHandler, maxStreamBytes: number) {
    this.#handler = handler
    this.#maxStreamBytes = maxStreamBytes
  }

  /** True inside IDSESSION. */
  get inSession(): boolean {
    return this.#session
  }

  /** True while the chunks of an INSTREAM are awaited. */
  get inStream(): boolean {
    return this.#state === 'length' || this.#state === 'data'
  }

  /** True when nothing that follows matters any more. */
  get ended(): boolean {
    return this.#state === 'ended'
  }

  /** Makes the running push() return after the command being handled: for sessions with enough work in hand. */
  pause(): void {
    this.#paused = true
  }

  /**
   * Feeds one packet.
   * @returns bytes consumed; fewer than given only after pause(): feed the rest again later
   */
  push(packet: Uint8Array): number {
    this.#paused = false
    let at = 0
    while (at < packet.length && !this.#paused) {
      switch (this.#state) {
        case 'command':
          at = this.#readCommand(packet, at)
          break
        case 'length':
          at = this.#readLength(packet, at)
          break
        case 'data':
          at = this.#readData(packet, at)
          break
        case 'ended':
          return packet.length
      }
    }
    return at
  }

  #readCommand(packet: Uint8Array, at: number): number {
    const first = this.#fill > 0 && this.#gathered !== undefined ? this.#gathered[0] : packet[at]
    if (first !== PREFIX_N && first !== PREFIX_Z) {
      this.#oldStyle(packet, at)
      return packet.length
    }
    const end = packet.indexOf(first === PREFIX_N ? LF : 0, at)
    const stop = end < 0 ? packet.length : end
    if (this.#fill + stop - at + (end < 0 ? 0 : 1) > MAX_CLAMD_COMMAND_BYTES) {
      this.#end('too-long', { id: 0, terminator: '\n' })
      return packet.length
    }
    if (end < 0) {
      this.#gather(packet, at)
      return packet.length
    }
    this.#terminator = first === PREFIX_N ? '\n' : '\0'
    let text = textOf(packet, at, stop)
    if (this.#fill > 0 && this.#gathered !== undefined) text = textOf(this.#gathered, 0, this.#fill) + text
    this.#fill = 0
    this.#command(text.slice(1), false)
    return end + 1
  }

  #gather(packet: Uint8Array, at: number): void {
    this.#gathered ??= new Uint8Array(MAX_CLAMD_COMMAND_BYTES)
    this.#gathered.set(packet.subarray(at), this.#fill)
    this.#fill += packet.length - at
  }

  #oldStyle(packet: Uint8Array, at: number): void {
    if (this.#session) {
      this.#end('old-style-in-session', { id: this.#commands + 1, terminator: this.#terminator })
      return
    }
    const text = textOf(packet, at, Math.min(packet.length, at + MAX_CLAMD_COMMAND_BYTES))
    const end = text.indexOf('\n')
    this.#command(end < 0 ? text : text.slice(0, end), true)
  }

  #command(text: string, oldStyle: boolean): void {
    const id = this.#session ? ++this.#commands : 0
    const to = { id, terminator: this.#terminator }
    const matched = matchClamdCommand(clean(text, this.#terminator))
    const rule = matched === undefined ? undefined : CLAMD_COMMANDS[matched.name]
    if (matched === undefined || rule === undefined || (this.#session && !rule.session)) {
      return this.#end(this.#session ? 'invalid-in-session' : 'unknown', to)
    }
    if ((oldStyle && !rule.oldStyle) || (!this.#session && matched.name === 'END')) return this.#end('unknown', to)
    if (matched.name === 'END') this.#commands--
    this.#next(matched.name)
    this.#handler.command({ ...matched, ...to })
  }

  #next(name: ClamdCommandName): void {
    if (name === 'INSTREAM') {
      this.#state = 'length'
      this.#lengthFill = 0
      this.#length = 0
      this.#streamBytes = 0
    } else if (name === 'IDSESSION') {
      this.#session = true
    } else if (!this.#session || name === 'END') {
      this.#state = 'ended'
    }
  }

  #readLength(packet: Uint8Array, start: number): number {
    let at = start
    while (this.#lengthFill < LENGTH_BYTES && at < packet.length) {
      this.#length = ((this.#length << 8) | packet[at++]) >>> 0
      this.#lengthFill++
    }
    if (this.#lengthFill < LENGTH_BYTES) return at
    this.#lengthFill = 0
    this.#left = this.#length
    this.#length = 0
    if (this.#left === 0) {
      this.#endStream()
    } else {
      this.#state = 'data'
      this.#streamBytes += this.#left
      if (this.#streamBytes > this.#maxStreamBytes && !this.#draining) {
        this.#draining = true
        this.#handler.fault('stream-too-large', {
          id: this.#session ? this.#commands : 0,
          terminator: this.#terminator,
        })
      }
    }
    return at
  }

  #endStream(): void {
    this.#state = this.#session && !this.#draining ? 'command' : 'ended'
    this.#handler.streamEnd()
  }

  #readData(packet: Uint8Array, at: number): number {
    const take = Math.min(this.#left, packet.length - at)
    this.#left -= take
    if (this.#left === 0) this.#state = 'length'
    if (!this.#draining) this.#handler.streamData(packet.subarray(at, at + take))
    return at + take
  }

  #end(fault: ClamdFault, to: ClamdReplyTo): void {
    this.#state = 'ended'
    this.#handler.fault(fault, to)
  }
}

/** A command as a C string reads: up to the first NUL, without the '\r' that a line may end with. */
const clean = (text: string, terminator: ClamdTerminator): string => {
  const nul = text.indexOf('\0')
  const cut = nul < 0 ? text : text.slice(0, nul)
  return terminator === '\n' && cut.charCodeAt(cut.length - 1) === CR ? cut.slice(0, -1) : cut
}

/** Bytes as a binary string; at most MAX_CLAMD_COMMAND_BYTES of them, so the argument list is short enough. */
const textOf = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to))
