import { fstatSync, write, writeSync } from 'node:fs'

// Output by file descriptor: in a single-file executable, process.stdout alone would take as long to load as all the
// rest of the client.

const PAUSE_MS = 5

/** Writes text in order; what comes while a write is under way is joined to the next one. */
export interface Output {
  /** Resolves when little enough waits to be written. @throws the system's error, for example EPIPE */
  write(text: string): Promise<void>
  /** Resolves when everything is written. @throws the system's error */
  flush(): Promise<void>
}

/** Text that may wait, in UTF-16 units, before its writers are made to wait. */
const MAX_WAITING = 64 * 1024

const isFull = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EAGAIN'

const writeSome = async (fd: number, bytes: Uint8Array): Promise<number> =>
  new Promise((resolve, reject) => {
    write(fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error === null) resolve(written)
      else if (isFull(error)) setTimeout(resolve, PAUSE_MS, 0)
      else reject(error)
    })
  })

const writeAll = async (fd: number, text: string): Promise<void> => {
  let bytes: Uint8Array = Buffer.from(text)
  while (bytes.length > 0) bytes = bytes.subarray(await writeSome(fd, bytes))
}

/** Output to a descriptor; the event loop goes on while a slow reader makes it wait. */
export const createOutput = (fd: number): Output => {
  let waiting = ''
  let writing: Promise<void> | undefined
  let failure: Error | undefined
  const drain = async (): Promise<void> => {
    await new Promise(setImmediate) // what is written in the same turn goes along
    try {
      while (waiting !== '') {
        const text = waiting
        waiting = ''
        await writeAll(fd, text)
      }
    } catch (error) {
      failure = error as Error
    }
    writing = undefined
  }
  const flush = async (): Promise<void> => {
    if (waiting !== '' && failure === undefined) writing ??= drain()
    await writing
    if (failure !== undefined) throw failure
  }
  return {
    write: async text => {
      if (failure !== undefined) throw failure
      waiting += text
      if (waiting.length > MAX_WAITING) await flush()
      else void flush().catch(() => {}) // told to the next one who writes
    },
    flush,
  }
}

/** Writes a message at once, as far as it goes: the last thing a program says. */
export const complain = (text: string): void => {
  try {
    writeSync(2, text)
  } catch {
    // nobody reads it: there is no other place to say so
  }
}

/** True for a terminal. What is no character device is none, and costs no more than that look. */
export const isTerminal = async (fd: number): Promise<boolean> => {
  try {
    if (!fstatSync(fd).isCharacterDevice()) return false
  } catch {
    return false // closed
  }
  const { isatty } = await import('node:tty')
  return isatty(fd)
}
