import { FRAME, PING_BYTES } from './constants.ts'
import { FrameDecoder } from './decoder.ts'
import type { FrameHandler, Sender } from './decoder.ts'
import { encodeControl, encodeFrame } from './encoder.ts'
import { NativeError } from './errors.ts'
import { errorFromPeer, errorPayload, helloPayload, readError, readHello } from './payloads.ts'
import type { Hello } from './payloads.ts'

/** How an endpoint is put on a transport. */
export interface EndpointOptions {
  /** What this side announces. */
  readonly hello: Hello
  /**
   * Takes the next bytes for the transport, in order. The bytes are given away: an endpoint never changes them again,
   * and content passed to it must not be changed by its owner until the transport has sent it.
   */
  readonly write: (bytes: Uint8Array) => void
}

/** What both sides tell their owner. */
export interface EndpointHandler {
  /** The peer's HELLO was read. */
  readonly hello?: (peer: Hello) => void
  readonly pong?: (payload: Uint8Array) => void
  /** The connection is over by an error of either side; once, and nothing follows. The owner closes the transport. */
  readonly closed: (error: NativeError, side: 'own' | 'peer') => void
}

/**
 * What both sides of a connection share: HELLO first, versions, PING, errors of the connection. Pure: bytes in by
 * `receive`, bytes out by `write`. Source: docs/protocol.md, "Connection".
 */
export abstract class Endpoint {
  readonly hello: Hello
  protected readonly write: (bytes: Uint8Array) => void
  readonly #decoder: FrameDecoder
  readonly #common: EndpointHandler
  readonly #frames: FrameHandler
  #peer: Hello | undefined
  #closed: NativeError | undefined

  constructor(peerIs: Sender, options: EndpointOptions, common: EndpointHandler) {
    this.hello = options.hello
    this.write = options.write
    this.#decoder = new FrameDecoder(peerIs)
    this.#common = common
    this.#frames = {
      frame: (type, flags, streamId, payload) => this.#frame(type, flags, streamId, payload),
      data: (streamId, piece, flags, last) => {
        this.#stopIfClosed()
        this.#requireHello()
        this.onData(streamId, piece, flags, last)
      },
    }
  }

  /** The peer's HELLO, once it was read. */
  get peer(): Hello | undefined {
    return this.#peer
  }

  /** The error that ended the connection, if one did. */
  get closed(): NativeError | undefined {
    return this.#closed
  }

  /** Sends this side's HELLO. Both sides do so at once, without waiting for the other. */
  start(): void {
    this.write(encodeControl(FRAME.HELLO, 0, helloPayload(this.hello)))
  }

  /** Feeds bytes from the transport. Never throws for what the peer sent: that ends in `closed`. */
  receive(chunk: Uint8Array): void {
    if (this.#closed !== undefined) return
    try {
      this.#decoder.push(chunk, this.#frames)
    } catch (error) {
      if (!(error instanceof NativeError)) throw error
      if (this.#closed === undefined) this.fail(this.#explain(error))
    }
  }

  /** Tells that the transport has ended. Inside a frame that is an error, between frames it is not. */
  transportEnded(): void {
    if (this.#closed === undefined && !this.#decoder.atBoundary) this.#close(new NativeError('truncated'), 'own')
  }

  /** Ends the connection with an error that the peer is told. */
  fail(error: NativeError): void {
    if (this.#closed !== undefined) return
    this.write(encodeControl(FRAME.ERROR, 0, errorPayload(error)))
    this.#close(error, 'own')
  }

  /** Asks for a PONG with the same PING_BYTES bytes. */
  ping(payload: Uint8Array): void {
    if (payload.length !== PING_BYTES) throw new RangeError(`a PING carries ${PING_BYTES} bytes`)
    this.write(encodeFrame(FRAME.PING, 0, 0, payload))
  }

  /** The frames that only one side receives. */
  protected abstract onFrame(type: number, flags: number, streamId: number, payload: Uint8Array): void
  protected abstract onData(streamId: number, piece: Uint8Array, flags: number, last: boolean): void
  protected onHello(_peer: Hello): void {}

  #frame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    this.#stopIfClosed()
    if (type === FRAME.HELLO) return this.#readHello(payload)
    // An ERROR may come before the HELLO: a server that has no room says so and nothing else.
    if (type === FRAME.ERROR && streamId === 0) return this.#peerFailed(payload)
    this.#requireHello()
    if (type === FRAME.PING) this.write(encodeFrame(FRAME.PONG, 0, 0, payload))
    else if (type === FRAME.PONG) this.#common.pong?.(payload)
    else this.onFrame(type, flags, streamId, payload)
  }

  #peerFailed(payload: Uint8Array): never {
    const error = errorFromPeer(readError(payload))
    this.#close(error, 'peer')
    throw error // what follows in the same chunk is not read any more; receive() knows that it is closed
  }

  #readHello(payload: Uint8Array): void {
    if (this.#peer !== undefined) throw new NativeError('bad-frame', 'a second HELLO')
    const peer = readHello(payload)
    const version = Math.min(this.hello.version, peer.version)
    if (version < this.hello.minVersion || version < peer.minVersion) {
      throw new NativeError('unsupported-version', `${peer.software} speaks ${peer.minVersion} to ${peer.version}`)
    }
    this.#peer = peer
    this.onHello(peer)
    this.#common.hello?.(peer)
  }

  /** The owner may have ended the connection while it was told of an earlier frame of the same chunk. */
  #stopIfClosed(): void {
    if (this.#closed !== undefined) throw this.#closed
  }

  #requireHello(): void {
    if (this.#peer === undefined) throw new NativeError('hello-expected')
  }

  /** Before the HELLO, bytes that make no frame are another protocol; afterwards they are a fault. */
  #explain(error: NativeError): NativeError {
    const offset = error.offset ?? this.#decoder.frameOffset
    const foreign = this.#peer === undefined && ['bad-type', 'bad-frame', 'frame-too-large'].includes(error.code)
    if (foreign) return new NativeError('not-lazaret', undefined, { offset })
    if (error.offset !== undefined) return error
    const explained = new NativeError(error.code, undefined, { offset })
    explained.message = error.message
    return explained
  }

  #close(error: NativeError, side: 'own' | 'peer'): void {
    this.#closed = error
    this.#common.closed(error, side)
  }
}
