import type { Socket } from 'node:net'
import { CLAMD_STREAM_NAME, CLAMD_TEXTS, ClamdDecoder, clamdLine, clamdResult } from '../../protocol/index.ts'
import type { ClamdCommand, ClamdCommandName, ClamdFault, ClamdHandler, ClamdReplyTo } from '../../protocol/index.ts'
import { ScanFailure } from '../../scan/index.ts'
import type { ContentSource } from '../../scan/index.ts'
import { reloadInBackground, statsText, versionCommandsText, versionText } from './answers.ts'
import type { ClamdHost } from './host.ts'
import { isPathCommand, scanOne, scanPath } from './scans.ts'
import { IncomingStream } from './stream.ts'
import { ClientWatch } from './watch.ts'

/** Made once: a stack for every stream would cost more than most of what is done for it. */
const SCAN_ENDED = new Error('the scan has ended')

/** An INSTREAM whose content is arriving. */
interface Arriving {
  readonly content: IncomingStream
  readonly to: ClamdReplyTo
  readonly abort: AbortController
}

/** Carries out a command that names no path. */
type Perform = (connection: ClamdConnection, command: ClamdCommand) => void

/** One connection of the clamd dialect. */
export class ClamdConnection implements ClamdHandler {
  /** One table for all connections: it would cost each of them more than most do. */
  static readonly #COMMANDS: Readonly<Record<ClamdCommandName, Perform>> = {
    PING: (self, to) => self.#say(to, CLAMD_TEXTS.pong),
    VERSION: (self, to) => self.#sayLater(to, versionText(self.#host)),
    VERSIONCOMMANDS: (self, to) => self.#sayLater(to, versionCommandsText(self.#host)),
    RELOAD: (self, to) => {
      self.#say(to, CLAMD_TEXTS.reloading)
      reloadInBackground(self.#host)
    },
    STATS: (self, to) => self.#sayLater(to, statsText(self.#host)),
    INSTREAM: (self, to) => self.#beginStream(to),
    IDSESSION: self => self.#beginSession(),
    END: () => {},
    QUIT: (self, to) => self.#shutdown(to),
    SHUTDOWN: (self, to) => self.#shutdown(to),
    FILDES: (self, to) => {
      // A descriptor may follow; it cannot be received, but the text must be read.
      self.#faulty = true
      self.#say(to, CLAMD_TEXTS.noDescriptors)
    },
    // Removed from clamd: it closes without a word.
    DETSTATS: () => {},
    DETSTATSCLEAR: () => {},
    SCAN: () => {},
    CONTSCAN: () => {},
    MULTISCAN: () => {},
    ALLMATCHSCAN: () => {},
  }

  readonly #socket: Socket
  readonly #host: ClamdHost
  readonly #decoder: ClamdDecoder
  readonly #watch: ClientWatch
  /** Of streams; paths have one for all. */
  readonly #scans = new Set<AbortController>()
  readonly #paths = new AbortController()
  /** Commands without their whole reply. */
  #pending = 0
  #out = ''
  #stream: Arriving | undefined
  /** What was read behind a command for which there was no room. */
  #rest: Uint8Array | undefined
  #held = false
  /** The last reply was written; what still arrives does not matter. */
  #closing = false
  #peerEnded = false
  /** The client sent something that it should not have: more of it may be under way. */
  #faulty = false
  #inSession = false
  #feeding = false
  #flushing = false

  constructor(socket: Socket, host: ClamdHost, isUnix: boolean) {
    this.#socket = socket
    this.#host = host
    this.#decoder = new ClamdDecoder(this, host.limits.maxStreamBytes)
    this.#watch = new ClientWatch(socket, host.limits, isUnix)
    socket.on('data', (packet: Buffer) => this.#receive(packet))
    socket.on('end', () => this.#onEnd())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#onClose())
  }

  /** True when nothing is in hand that closing the listener should wait for. */
  get isIdle(): boolean {
    return this.#pending === 0 && this.#stream === undefined && this.#socket.writableLength === 0
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Looks at the time limits. Call it regularly. */
  sweep(nowMs: number): void {
    const state = {
      closing: this.#closing,
      draining: this.#closing && this.#decoder.inStream,
      streaming: this.#decoder.inStream && !this.#held,
      waiting: this.#pending === 0 && !this.#decoder.ended && !this.#decoder.inStream,
      answering: this.#pending > 0,
      peerEnded: this.#peerEnded,
    }
    const finding = this.#watch.look(state, nowMs)
    if (finding === 'gone') this.#socket.destroy()
    else if (finding === 'timed-out') this.#timeOut()
  }

  command(command: ClamdCommand): void {
    const { name } = command
    if (isPathCommand(name)) this.#scanPath({ ...command, name })
    else ClamdConnection.#COMMANDS[name](this, command)
    this.#pauseWhenFull()
  }

  streamData(piece: Uint8Array): void {
    this.#watch.streamed(piece.length)
    this.#stream?.content.push(piece)
  }

  streamEnd(): void {
    const stream = this.#stream
    if (this.#closing || stream === undefined) return this.#socket.destroySoon()
    this.#stream = undefined
    const content = stream.content.end()
    if (content !== undefined) void this.#scanStream(stream, content)
    this.#pauseWhenFull()
  }

  fault(fault: ClamdFault, to: ClamdReplyTo): void {
    this.#faulty = true
    switch (fault) {
      case 'too-long':
        return void this.#socket.destroy()
      case 'unknown':
        return this.#say(to, CLAMD_TEXTS.unknown)
      case 'invalid-in-session':
        return this.#say(to, CLAMD_TEXTS.invalidInSession)
      case 'old-style-in-session':
        this.#say(to, CLAMD_TEXTS.oldStyleInSession)
        return this.#say(to, CLAMD_TEXTS.notProcessed)
      case 'stream-too-large':
        this.#say(to, CLAMD_TEXTS.streamTooLarge)
        this.#dropStream()
        // Said at once, while the client may still be sending; what it sends is read until it has seen the text.
        return this.#end()
    }
  }

  #pauseWhenFull(): void {
    if (this.#inSession && this.#pending >= this.#host.limits.maxSessionScans) this.#decoder.pause()
  }

  #receive(packet: Buffer): void {
    this.#watch.received()
    if (this.#closing && !this.#decoder.inStream) return
    this.#feed(packet)
  }

  #feed(packet: Uint8Array): void {
    this.#feeding = true
    const used = this.#decoder.push(packet)
    this.#feeding = false
    if (used < packet.length) {
      this.#rest = packet.subarray(used)
      this.#flow()
    }
    this.#flush()
  }

  /** Reads on, or not, as there is room. */
  #flow(): void {
    if (this.#held || this.#rest !== undefined) this.#socket.pause()
    else this.#socket.resume()
  }

  #readOn(): void {
    const rest = this.#rest
    if (rest === undefined || this.#pending >= this.#host.limits.maxSessionScans) return
    this.#rest = undefined
    this.#feed(rest)
    this.#flow()
  }

  #say(to: ClamdReplyTo, text: string): void {
    this.#out += clamdLine(to, text)
  }

  #sayLater(to: ClamdReplyTo, text: Promise<string>): void {
    this.#pending++
    text
      .catch((error: unknown) => {
        this.#host.log(`clamd: ${(error as Error).message}`)
        return CLAMD_TEXTS.notProcessed
      })
      .then(said => {
        this.#say(to, said)
        this.#done()
      })
      .catch((error: unknown) => this.#host.log(`clamd: ${(error as Error).message}`))
  }

  #done(): void {
    this.#pending--
    this.#readOn()
    this.#flushSoon()
  }

  /** What is said in one turn of the event loop leaves in one write: a write costs more than the saying. */
  #flushSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    process.nextTick(() => {
      this.#flushing = false
      this.#flush()
    })
  }

  /** Writes what was said; with the last reply, ends. */
  #flush(): void {
    if (this.#feeding || this.#closing) return
    const noMore = this.#decoder.ended || (this.#peerEnded && this.#rest === undefined)
    if (this.#pending === 0 && noMore) return this.#faulty ? this.#end() : this.#finish()
    if (this.#out === '') return
    const out = this.#out
    this.#out = ''
    this.#socket.write(out, 'latin1')
  }

  /** The last reply to a client that did everything right: closed at once, as clamd does, without waiting for it. */
  #finish(): void {
    this.#closing = true
    this.#watch.closing()
    const socket = this.#socket
    if (this.#out === '') socket.destroySoon()
    // A stream destroyed inside the callback of its last write makes an error that nobody hears.
    else socket.write(this.#out, 'latin1', () => queueMicrotask(() => socket.destroy()))
    this.#out = ''
  }

  /** The last reply to a client that may still be sending: a close with unread bytes could cost it the text. */
  #end(): void {
    if (this.#closing) return
    this.#closing = true
    this.#watch.closing()
    if (this.#out === '') this.#socket.end()
    else this.#socket.end(this.#out, 'latin1')
    this.#out = ''
    this.#rest = undefined
    this.#held = false
    this.#socket.resume()
  }

  #timeOut(): void {
    this.#dropStream()
    this.#out += `${CLAMD_TEXTS.timedOut}\n`
    this.#end()
  }

  #onEnd(): void {
    this.#peerEnded = true
    this.#watch.peerEnded()
    // A stream or a command without its end: clamd says nothing to that.
    if (this.#decoder.inStream) return void this.#socket.destroy()
    this.#flush()
  }

  #onClose(): void {
    this.#closing = true
    this.#dropStream()
    for (const scan of this.#scans) scan.abort()
    this.#paths.abort()
    if (this.#inSession) this.#host.sessions--
    this.#inSession = false
  }

  #beginSession(): void {
    if (this.#host.sessions >= this.#host.limits.maxSessions) return void this.#socket.destroy()
    this.#host.sessions++
    this.#inSession = true
  }

  #shutdown(to: ClamdReplyTo): void {
    if (this.#host.shutdown === undefined) return this.#say(to, CLAMD_TEXTS.unavailable)
    this.#host.shutdown()
  }

  #scanPath(command: Parameters<typeof scanPath>[1]): void {
    this.#pending++
    const say = (name: string, result: string): void => {
      this.#out += clamdResult(command, name, result)
      this.#flushSoon()
    }
    scanPath(this.#host, command, this.#paths.signal, say).then(
      () => this.#done(),
      (error: unknown) => {
        this.#host.log(`clamd: ${(error as Error).message}`)
        this.#say(command, CLAMD_TEXTS.notProcessed)
        this.#done()
      },
    )
  }

  #beginStream(to: ClamdReplyTo): void {
    this.#watch.streamBegins()
    const abort = new AbortController()
    this.#scans.add(abort)
    const host = this.#host
    const content: IncomingStream = new IncomingStream(
      {
        reserve: bytes => {
          if (host.inlineBytes + bytes > host.limits.maxInlineBytes) return false
          host.inlineBytes += bytes
          return true
        },
        release: bytes => void (host.inlineBytes -= bytes),
        hold: full => {
          this.#held = full
          if (!full) this.#watch.received()
          this.#flow()
        },
      },
      host.limits,
      streamed => void this.#scanStream({ content, to, abort }, streamed),
    )
    this.#stream = { content, to, abort }
  }

  async #scanStream(stream: Arriving, content: ContentSource): Promise<void> {
    this.#pending++
    const { signal } = stream.abort
    const submission = { name: CLAMD_STREAM_NAME, content, allMatches: false, signal }
    const [result] = await scanOne(this.#host, submission)
    if (!signal.aborted) stream.content.answered()
    // Lets go of it; and an answer may come before all of the content has.
    stream.content.fail(SCAN_ENDED)
    this.#scans.delete(stream.abort)
    if (!signal.aborted) this.#out += clamdResult(stream.to, CLAMD_STREAM_NAME, result)
    this.#done()
  }

  /** The stream that is arriving is worth nothing any more. */
  #dropStream(): void {
    const stream = this.#stream
    if (stream === undefined) return
    this.#stream = undefined
    stream.abort.abort()
    stream.content.fail(new ScanFailure('cancelled'))
    this.#scans.delete(stream.abort)
  }
}
