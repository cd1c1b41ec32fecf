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
    let children = 0
    for (const emission of emitBlocks(bytes)) {
      if (emission.emit === 'child') children++
      yield emission
    }
    yield* emitBinHex(bytes, false)
    if (children === 0) yield { emit: 'missed', reason: 'malformed', detail: 'No uuencoded file was found' }
  },
}
