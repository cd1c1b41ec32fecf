import { u16le } from '../../bytes/index.ts'
import { zlibInflate } from '../../codecs/index.ts'
import type { Component } from '../../scan/index.ts'

// "ActiveMime": how Word and Excel store their macro storage beside XML and HTML, as editdata.mso. A header whose size
// it tells, then zlib data of a compound file. Source: observed; not published.

/** Where the size of the header's variable part stands, and what is added to it. */
const OFFSET_AT = 0x1e
const FIXED = 46
/** The header's size as a rule. */
const USUAL = 0x32

/** Offset of the zlib data: what the header says if it fits there, else the usual one. */
function dataOffset(bytes: Uint8Array): number {
  const told = bytes.length < OFFSET_AT + 2 ? 0 : u16le(bytes, OFFSET_AT) + FIXED
  return told + 2 <= bytes.length && (bytes[told] & 15) === 8 && told >= USUAL - 18 ? told : USUAL
}

/** Less than this behind the compressed data is padding. */
const MIN_REST_BYTES = 64

/** ActiveMime wrappers: the compound file in them. */
export const activeMime: Component = {
  manifest: {
    name: 'activemime',
    version: '1',
    description: 'Decompresses the compound file in an ActiveMime wrapper (editdata.mso)',
    accepts: ['activemime'],
    stage: 'extract',
  },
  *process({ bytes }) {
    let end = bytes.length
    yield {
      emit: 'child',
      name: 'editdata',
      content: (function* () {
        end = yield* zlibInflate(bytes, dataOffset(bytes))
      })(),
    }
    if (bytes.length - end < MIN_REST_BYTES) return
    yield { emit: 'child', name: 'rest', content: bytes.subarray(end) }
    yield { emit: 'missed', reason: 'malformed', detail: 'The compressed data ends early', member: 'editdata' }
  },
}
