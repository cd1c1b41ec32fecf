import { ContentError, u32le } from '../bytes/index.ts'
import { lzma, lzmaProperties, zlibInflate } from '../codecs/index.ts'
import type { Decoder } from '../codecs/index.ts'
import type { Component, ComponentInput, Emission } from '../scan/index.ts'

// Compressed Flash animations: `CWS` is zlib from offset 8 on, `ZWS` LZMA from offset 17 on. Uncompressed they are the
// same with `FWS` in front. Source: SWF File Format Specification, version 19, chapter 2.

const HEADER_BYTES = 8
const ZWS_PROPERTIES = 12
const ZWS_DATA = 17
const LETTER_F = 0x46
const LETTER_C = 0x43
/** Less than this behind the end is padding. */
const MIN_REST_BYTES = 16

/** The animation as it is without compression, and what stands behind it. */
export const swf: Component = {
  manifest: {
    name: 'swf',
    version: '1',
    description: 'Content of compressed Flash animations',
    accepts: ['swf-compressed'],
    stage: 'extract',
  },
  process,
}

function* process({ bytes }: ComponentInput): Generator<Emission, void, void> {
  if (bytes.length < HEADER_BYTES) throw new ContentError('malformed', 'The header is cut off', 0)
  yield { emit: 'property', name: 'swf.version', value: String(bytes[3]) }
  yield { emit: 'property', name: 'swf.compression', value: bytes[0] === LETTER_C ? 'zlib' : 'lzma' }
  let end = bytes.length
  let size = HEADER_BYTES
  function* content(): Generator<Uint8Array, void, void> {
    const header = new Uint8Array(bytes.subarray(0, HEADER_BYTES))
    header[0] = LETTER_F
    yield header
    const decoder = body(bytes)
    for (let next = decoder.next(); ; next = decoder.next()) {
      if (next.done === true) {
        end = next.value
        return
      }
      size += next.value.length
      yield next.value
    }
  }
  yield { emit: 'child', name: 'uncompressed.swf', type: 'swf', content: content() }
  // The content was taken before this point was reached.
  if (bytes.length - end < MIN_REST_BYTES) return
  yield { emit: 'child', name: `gap-at-${end}`, content: bytes.subarray(end) }
  if (size < u32le(bytes, 4)) {
    const detail = `The compressed data ends after ${size} bytes of ${u32le(bytes, 4)}`
    yield { emit: 'missed', reason: 'malformed', detail, member: 'uncompressed.swf' }
  }
}

function body(bytes: Uint8Array): Decoder {
  if (bytes[0] === LETTER_C) return zlibInflate(bytes, HEADER_BYTES)
  if (bytes.length < ZWS_DATA) throw new ContentError('malformed', 'The header is cut off', 0)
  const properties = lzmaProperties(bytes[ZWS_PROPERTIES], u32le(bytes, ZWS_PROPERTIES + 1), ZWS_PROPERTIES)
  return lzma(bytes, ZWS_DATA, properties, Math.max(0, u32le(bytes, 4) - HEADER_BYTES))
}
