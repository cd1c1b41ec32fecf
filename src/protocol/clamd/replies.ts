import type { ClamdReplyTo } from './decoder.ts'
import { CLAMD_COMMANDS } from './commands.ts'
import type { ClamdCommandName } from './commands.ts'

// The lines a clamd server says, as binary strings (write them with latin1). Nothing that comes from a path or from a
// signature can end a line: control characters are written visibly, as \x0a.

/** The fixed texts. Source: clamd 1.4.6, observed, unless said. */
export const CLAMD_TEXTS = {
  pong: 'PONG',
  reloading: 'RELOADING',
  unknown: 'UNKNOWN COMMAND',
  /** clamd 1.5 and later, for a command that its configuration disables. */
  unavailable: 'COMMAND UNAVAILABLE',
  timedOut: 'COMMAND READ TIMED OUT',
  streamTooLarge: 'INSTREAM size limit exceeded. ERROR',
  invalidInSession: 'Command invalid inside IDSESSION. ERROR',
  oldStyleInSession: 'Only nCMDS\\n and zCMDS\\0 are accepted inside IDSESSION. ERROR',
  notProcessed: 'Error processing command. ERROR',
  /** Ours: clamd passes file descriptors over unix sockets. */
  noDescriptors: 'FILDES is not supported, send the content with INSTREAM. ERROR',
} as const

/** Results of one path or stream that are not verdicts. Source: clamd 1.4.6, observed, unless said. */
export const CLAMD_RESULTS = {
  ok: 'OK',
  noSuchFile: 'File path check failure: No such file or directory. ERROR',
  notDirectory: 'File path check failure: Not a directory. ERROR',
  nameTooLong: 'File path check failure: File name too long. ERROR',
  permissionDenied: 'File path check failure: Permission denied. ERROR',
  accessDenied: 'Access denied. ERROR',
  notSupported: 'Not supported file type ERROR',
  unreadable: "Can't read file ERROR",
  /** Ours: links are followed only where an option says so, and what was not looked at is not OK. */
  linkNotFollowed: 'Symbolic link not followed ERROR',
  /** Ours: a folder deeper than the limit was not entered. */
  tooDeep: 'Directory recursion limit exceeded ERROR',
  /** Ours: the queue is full; clamd would let the client wait. */
  busy: 'Scanner is busy, try again later ERROR',
  shuttingDown: 'Scanner is shutting down ERROR',
  internal: 'Scanner failed, see its log ERROR',
} as const

/** What an INSTREAM is called in replies. */
export const CLAMD_STREAM_NAME = 'stream'

const encoder = new TextEncoder()

/** A text as a binary string of its UTF-8; texts in ASCII are returned as they are. */
export const toBinaryString = (text: string): string => {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return binaryOf(encoder.encode(text))
  }
  return text
}

const binaryOf = (bytes: Uint8Array): string => {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

/** Writes every control character visibly, so that the text stays one line in every framing. */
export const escapeControl = (text: string): string => {
  for (let i = 0; i < text.length; i++) {
    if (isControl(text.charCodeAt(i))) return escapeAll(text)
  }
  return text
}

const isControl = (code: number): boolean => code < 0x20 || code === 0x7f

const escapeAll = (text: string): string => {
  let out = ''
  for (const char of text) {
    const code = char.charCodeAt(0)
    out += isControl(code) ? `\\x${code.toString(16).padStart(2, '0')}` : char
  }
  return out
}

/** One reply: `text` is written as it is, so it must be one of this folder's or escaped. */
export const clamdLine = (to: ClamdReplyTo, text: string): string =>
  to.id === 0 ? text + to.terminator : `${to.id}: ${text}${to.terminator}`

/**
 * The reply for one path or stream: `NAME: RESULT`.
 * @param name - binary string, escaped here
 */
export const clamdResult = (to: ClamdReplyTo, name: string, result: string): string =>
  clamdLine(to, `${escapeControl(name)}: ${result}`)

/** `SIGNATURE FOUND`, with the signature's name escaped. */
export const clamdFound = (signature: string): string => `${escapeControl(toBinaryString(signature))} FOUND`

/**
 * The reply to VERSIONCOMMANDS.
 * @param leftOut - commands that the configuration disables
 */
export const clamdVersionCommands = (version: string, leftOut: readonly ClamdCommandName[]): string => {
  const names = Object.keys(CLAMD_COMMANDS) as ClamdCommandName[]
  const listed = names.filter(name => CLAMD_COMMANDS[name].served && !leftOut.includes(name))
  return `${version}| COMMANDS: ${listed.join(' ')}`
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A time as C's ctime() writes it, in UTC and without the newline: `Sun Mar 15 07:24:00 2026`. */
export const clamdTime = (timeMs: number): string => {
  const time = new Date(timeMs)
  const clock = [time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds()]
  const date = `${DAYS[time.getUTCDay()]} ${MONTHS[time.getUTCMonth()]} ${String(time.getUTCDate()).padStart(2)}`
  return `${date} ${clock.map(part => String(part).padStart(2, '0')).join(':')} ${time.getUTCFullYear()}`
}
