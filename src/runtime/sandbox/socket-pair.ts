import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Two connected sockets, one to keep and one for a child. The pipes that spawn makes hand over a new buffer for every
// 64 KiB that a child says; here one buffer is used again and again, which halves what moving bytes costs.

const BUFFER_BYTES = 256 * 1024

export interface SocketPair {
  /** What is written to `far` is heard here. Starts to listen at once. */
  readonly near: Socket
  /** For the child; to be destroyed once it has been started. */
  readonly far: Socket
}

/**
 * @param hear - what was read; borrowed for the call. False: no more until near.resume(), and the bytes stay as they are
 * @returns undefined where the system has no such sockets or no place for one
 */
export const openSocketPair = async (hear: (bytes: Buffer) => boolean): Promise<SocketPair | undefined> => {
  if (process.platform === 'win32') return undefined
  let folder: string
  try {
    // Nobody else can connect: the folder is open to its owner only, and gone a moment later.
    folder = mkdtempSync(join(tmpdir(), 'lazaret-'))
  } catch {
    return undefined
  }
  const server = createServer({ pauseOnConnect: true })
  try {
    const path = join(folder, 'socket')
    server.listen(path)
    await once(server, 'listening')
    const connection = once(server, 'connection')
    const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
    const near = connect({ path, onread: { buffer, callback: count => hear(buffer.subarray(0, count)) } })
    near.on('error', () => {})
    const [[far]] = (await Promise.all([connection, once(near, 'connect')])) as [[Socket], unknown]
    far.on('error', () => {})
    return { near, far }
  } catch {
    return undefined
  } finally {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
