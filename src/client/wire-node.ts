import type { Socket } from 'node:net'
import type { Address } from '../protocol/index.ts'
import type { ClientTls, Dial, Wire } from './wire.ts'

/** Connects with the sockets of Node; loaded only when needed, and TLS only for tls: addresses. */
export const dialNode: Dial = async (address, tls, handler) => {
  const socket = address.kind === 'tls' ? await startTls(address, tls) : await startPlain(address)
  let failure: NodeJS.ErrnoException | undefined
  socket.on('error', error => {
    failure = error
  })
  socket.on('close', () => handler.closed(failure))
  socket.once(address.kind === 'tls' ? 'secureConnect' : 'connect', () => {
    socket.setNoDelay(true)
    socket.on('data', handler.data)
    handler.opened(wireOf(socket))
  })
  return { abandon: () => socket.destroy() }
}

const startPlain = async (address: Address): Promise<Socket> => {
  const { connect } = await import('node:net')
  return address.kind === 'unix' ? connect(address.path) : connect(address.port, address.host)
}

const startTls = async (address: Exclude<Address, { kind: 'unix' }>, tls: ClientTls): Promise<Socket> => {
  const { connect } = await import('node:tls')
  const servername = /^[\d.]+$|:/.test(address.host) ? {} : { servername: address.host }
  return connect({ host: address.host, port: address.port, ...tls, ...servername, minVersion: 'TLSv1.2' })
}

const wireOf = (socket: Socket): Wire => {
  let corked = false
  return {
    write: bytes => {
      if (!socket.writable) return
      // What is written in one turn of the event loop leaves in one system call.
      if (!corked) {
        corked = true
        socket.cork()
        process.nextTick(() => {
          corked = false
          socket.uncork()
        })
      }
      socket.write(bytes)
    },
    end: () => {
      socket.end()
      socket.unref()
    },
    destroy: () => socket.destroy(),
  }
}
