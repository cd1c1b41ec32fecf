import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { parseAddress } from '../../../protocol/index.ts'

/** What a server said to some packets, and how it ended. */
export interface Talk {
  readonly said: string
  /** System error code, or '' when the server ended in order. */
  readonly error: string
}

export interface TalkOptions {
  /** End this side after the last packet. */
  readonly half?: boolean
  /** Give up after so long; `error` is then `TIMEOUT`. */
  readonly timeoutMs?: number
}

const PACKET_GAP_MS = 15

export const connectTo = (address: string): Socket => {
  const where = parseAddress(address)
  if (where.kind === 'unix') return connect({ path: where.path, allowHalfOpen: true })
  return connect({ host: where.host, port: where.port, allowHalfOpen: true, noDelay: true })
}

/** Sends packets (binary strings), one after the other, and reads until the server ends. */
export const talk = (address: string, packets: readonly string[], options: TalkOptions = {}): Promise<Talk> =>
  new Promise(resolve => {
    const socket = connectTo(address)
    let said = ''
    let error = ''
    const timer = setTimeout(() => {
      error = 'TIMEOUT'
      socket.destroy()
    }, options.timeoutMs ?? 5000)
    socket.on('data', chunk => (said += chunk.toString('latin1')))
    socket.on('error', problem => (error ||= (problem as NodeJS.ErrnoException).code ?? problem.message))
    socket.on('end', () => socket.end())
    socket.on('close', () => {
      clearTimeout(timer)
      resolve({ said, error })
    })
    const send = async (): Promise<void> => {
      for (const [i, packet] of packets.entries()) {
        if (i > 0) await new Promise(next => setTimeout(next, PACKET_GAP_MS))
        if (!socket.writable) return
        socket.write(packet, 'latin1')
      }
      if (options.half === true) socket.end()
    }
    void send()
  })

/** One chunk of an INSTREAM. */
export const chunk = (text: string): string => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  return length.toString('latin1') + text
}

/** The chunk that ends an INSTREAM. */
export const STREAM_END = '\0\0\0\0'

/** A whole INSTREAM of one chunk with NUL framing. */
export const instream = (text: string): string => `zINSTREAM\0${text === '' ? '' : chunk(text)}${STREAM_END}`
