import { connect, type Socket } from 'node:net'

/** What came of many scans in one session. */
export interface SessionResult {
  readonly elapsedMs: number
  /** Path → what the server said after it: `OK`, `Name FOUND`, `… ERROR`. */
  readonly answers: ReadonlyMap<string, string>
}

/**
 * Scans files by path in one IDSESSION of clamd's protocol, `window` requests ahead.
 * @param socket - path of the server's Unix socket
 */
export function scanPaths(socket: string, paths: readonly string[], window = 8): Promise<SessionResult> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket)
    const answers = new Map<string, string>()
    const start = performance.now()
    let sent = 0
    let buffered = ''
    const fill = () => {
      while (sent < paths.length && sent - answers.size < window) connection.write(`zSCAN ${paths[sent++]}\0`)
    }
    connection.on('connect', () => {
      connection.write('zIDSESSION\0')
      fill()
    })
    connection.setEncoding('utf8').on('data', (text: string) => {
      buffered += text
      for (let end = buffered.indexOf('\0'); end >= 0; end = buffered.indexOf('\0')) {
        note(buffered.slice(0, end), paths, answers)
        buffered = buffered.slice(end + 1)
      }
      if (answers.size === paths.length) {
        connection.write('zEND\0')
        connection.end()
        resolve({ elapsedMs: performance.now() - start, answers })
      } else fill()
    })
    connection.on('error', error =>
      reject(new Error(`${socket}: ${error.message} after ${answers.size} of ${paths.length} answers`)),
    )
    connection.on('close', () =>
      reject(new Error(`session closed after ${answers.size} of ${paths.length} answers: ${buffered}`)),
    )
  })
}

/** Notes `7: /path: OK` under the path of the seventh request. */
function note(line: string, paths: readonly string[], answers: Map<string, string>): void {
  const match = /^(\d+): (?:.*): (.+)$/s.exec(line)
  if (match === null) throw new Error(`not an answer: ${line}`)
  answers.set(paths[Number(match[1]) - 1], match[2])
}

/** One INSTREAM request with the whole content in one chunk. */
export function instream(content: Uint8Array): Buffer {
  const head = Buffer.from('zINSTREAM\0\0\0\0\0', 'latin1')
  head.writeUInt32BE(content.length, 10)
  return Buffer.concat(content.length === 0 ? [head] : [head, content, Buffer.alloc(4)])
}

/** Reads answers that end in a zero byte. */
export function readAnswers(connection: Socket, onAnswer: (answer: string) => void): void {
  let buffered = ''
  connection.setEncoding('latin1').on('data', (text: string) => {
    buffered += text
    for (let end = buffered.indexOf('\0'); end >= 0; end = buffered.indexOf('\0')) {
      const answer = buffered.slice(0, end)
      buffered = buffered.slice(end + 1)
      onAnswer(answer)
    }
  })
}
