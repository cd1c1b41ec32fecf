import { decodeBase64, joinPieces, zlibInflate } from '../../codecs/index.ts'
import { readCms } from '../../formats/index.ts'
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

/** The body of the first PEM block, and whether others follow. */
function unarmoured(bytes: Uint8Array): { message: Uint8Array; more: boolean } {
  const start = bytes.indexOf(LINE_FEED) + 1
  const dash = bytes.indexOf(DASH, start)
  const end = dash === -1 ? bytes.length : dash
  const message = joinPieces(decodeBase64(bytes.subarray(start, end)), bytes.length)
  return { message, more: new TextDecoder('latin1').decode(bytes.subarray(end)).includes('-----BEGIN ') }
}

function* process({ bytes }: ComponentInput): Generator<Emission, void, void> {
  const { message, more } = bytes[0] === DASH ? unarmoured(bytes) : { message: bytes, more: false }
  if (more) yield { emit: 'missed', reason: 'unsupported', detail: 'Blocks of PEM behind the first are not read' }
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
}
