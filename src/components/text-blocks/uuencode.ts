import type { Component } from '../../scan/index.ts'
import { emitBinHex, emitBlocks } from './emit.ts'

/** Files in uuencode, classic and base64. */
export const uuencode: Component = {
  manifest: {
    name: 'uuencode',
    version: '1',
    description: 'Decodes uuencoded files',
    accepts: ['uuencode'],
    stage: 'extract',
  },
  *process({ bytes }) {
    yield* emitBlocks(bytes)
    yield* emitBinHex(bytes, false)
  },
}
