import { decodeBase64, joinPieces, zlibInflate } from '../../codecs/index.ts'
import { endOfCms, readCms } from '../../formats/index.ts'
import type { Component, ComponentInput, Emission } from '../../scan/index.ts'

const DASH = 0x2d
const LINE_FEED = 0x0a

/** What messages of S/MIME and PKCS#7 (.p7m, .p7s) hold. */
export const cms: Component = {
  manifest: {
    name: 'cms',
    version: '1',
    description: 'Content of signed and compressed messages of S/MIME and PKCS#7',
    accepts: ['cms'],
    stage: 'extract',
  },
  process,
}

/** The message, and where it ends in `bytes`. */
interface Extent {
  readonly message: Uint8Array
  readonly end: number
}

/** The first block of PEM. */
function unarmoured(bytes: Uint8Array): Extent {
  const start = bytes.indexOf(LINE_FEED) + 1
  const dash = bytes.indexOf(DASH, start)
  const end = dash === -1 ? bytes.length : dash
  const line = bytes.indexOf(LINE_FEED, end)
  const message = joinPieces(decodeBase64(bytes.subarray(start, end)), bytes.length)
  return { message, end: line === -1 ? bytes.length : line + 1 }
}

function* process({ bytes }: ComponentInput): Generator<Emission, void, void> {
  const isArmoured = bytes[0] === DASH
  const { message, end } = isArmoured ? unarmoured(bytes) : { message: bytes, end: 0 }
  const { kind, pieces, error } = readCms(message)
  yield { emit: 'property', name: 'cms.kind', value: kind }
  if (kind === 'encrypted')
    yield { emit: 'missed', reason: 'encrypted', detail: 'The message is encrypted for its recipients' }
  if (kind === 'other') yield { emit: 'missed', reason: 'unsupported', detail: 'A kind of message that is not known' }
  if (pieces.length > 0) {
    const content = joinPieces(pieces, message.length)
    yield { emit: 'child', name: 'content', content: kind === 'compressed' ? zlibInflate(content, 0) : content }
  }
  if (error !== undefined) yield { emit: 'missed', reason: error.reason, detail: error.message }
  else yield* behind(message, endOfCms(message))
  if (isArmoured) yield* behind(bytes, end)
}

/** Further blocks of PEM, or whatever else follows: programs that read messages do not look at it, others do. */
function* behind(bytes: Uint8Array, end: number): Generator<Emission, void, void> {
  let start = end
  while (start < bytes.length && isBlank(bytes[start])) start++
  if (start < bytes.length) yield { emit: 'child', name: 'behind', content: bytes.subarray(start) }
}

/** White space and zeros, with which messages are filled up. */
const isBlank = (byte: number): boolean =>
  byte <= 0x20 && (byte === 0 || byte === 0x20 || (byte >= 0x09 && byte <= 0x0d))
