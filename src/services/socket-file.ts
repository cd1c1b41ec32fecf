import { lstat, mkdir, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { ListenError } from './listen-error.ts'

/** sun_path holds 108 bytes on Linux and 104 elsewhere, with the closing NUL. */
const MAX_SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103
const PROBE_TIMEOUT_MS = 1000

/** Whether somebody answers on a unix socket. */
const answers = async (path: string): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(path)
    const done = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(PROBE_TIMEOUT_MS, () => done(true)) // a full backlog is somebody, too
    socket.once('connect', () => done(true))
    socket.once('error', error => done((error as NodeJS.ErrnoException).code === 'EAGAIN'))
  })

/**
 * Makes room for a unix socket: creates its folder for the owner alone, removes a socket that a dead server left.
 * @throws ListenError `socket-path-too-long`, `address-in-use` (somebody answers), `not-a-socket` (never removed)
 */
export const clearSocketPath = async (path: string): Promise<void> => {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new ListenError(
      'socket-path-too-long',
      `${path} is longer than ${MAX_SOCKET_PATH_BYTES} bytes; use a shorter path`,
    )
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket()) {
    throw new ListenError('not-a-socket', `${path} exists and is no socket; move it away or choose another path`)
  }
  if (await answers(path)) {
    throw new ListenError('address-in-use', `Another server answers on ${path}; stop it or choose another path`)
  }
  await unlink(path)
}
