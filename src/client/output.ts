import { fstatSync, write, writeSync } from 'node:fs'

// Output by file descriptor: in a single-file executable, process.stdout alone would take as long to load as all the
// rest of the client.

const PAUSE_MS = 5

/** Writes text in order; what comes while a write is under way is joined to the next one. */
export interface Output {
  /** Resolves when the system has taken the text. @throws the system's error, for example EPIPE */
  write(text: string): Promise<void>
}

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
  let next: Promise<void> | undefined
  let last: Promise<void> = Promise.resolve()
  return {
    write: async text => {
      if (text === '') return
      waiting += text
      next ??= last.then(async () => {
        const joined = waiting
        waiting = ''
        next = undefined
        await writeAll(fd, joined)
      })
      last = next
      await last
    },
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
