import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cutStalled } from './stalls.ts'

const STALL_MS = 200
const PIECE = Buffer.alloc(64 * 1024)
const PIECES = 1600

let server: Server
beforeEach(async () => {
  server = createServer((_, response) => {
    // Something is written all the time, as a stream of events does.
    const timer = setInterval(() => response.write('beat'), 20)
    response.once('close', () => clearInterval(timer))
    for (let i = 0; i < PIECES; i++) response.write(PIECE)
  })
  cutStalled(server, STALL_MS, false)
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const ask = (): Promise<Socket> =>
  new Promise(resolve => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      resolve(socket)
    })
    socket.on('error', () => {})
  })
const readSome = (socket: Socket, bytes: number): Promise<void> =>
  new Promise(resolve => {
    let read = 0
    const take = (chunk: Buffer): void => {
      read += chunk.length
      if (read < bytes) return
      socket.pause()
      socket.off('data', take)
      resolve()
    }
    socket.on('data', take)
    socket.resume()
  })
const connections = (): Promise<number> =>
  new Promise(resolve => void server.getConnections((_, count) => resolve(count)))

describe('a client', () => {
  it('that reads nothing of its answer is cut', async () => {
    const socket = await ask()
    socket.pause()
    await expect.poll(connections, { timeout: 100 * STALL_MS }).toBe(1)
    await expect.poll(connections, { timeout: 100 * STALL_MS }).toBe(0)
    socket.destroy()
  })

  it('that reads, however slowly, is not', async () => {
    const socket = await ask()
    const startedMs = performance.now()
    while (performance.now() - startedMs < 8 * STALL_MS) {
      // A megabyte at a time: the window of TCP opens in steps.
      await new Promise(resolve => setTimeout(resolve, STALL_MS / 8))
      await readSome(socket, 1 << 20)
    }
    expect(socket.destroyed).toBe(false)
    expect(await connections()).toBe(1)
    socket.destroy()
  })

  it('that waits for an answer is not', async () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    await new Promise(resolve => setTimeout(resolve, 4 * STALL_MS))
    expect(await connections()).toBe(1)
    socket.destroy()
  })
})
