import type { Component } from '../../scan/index.ts'
import { emitBinHex, emitBlocks } from './emit.ts'

/** Data and resource forks of BinHex 4.0 files. */
export const binhex: Component = {
  manifest: {
    name: 'binhex',
    version: '1',
    description: 'Decodes BinHex files into their data and resource forks',
    accepts: ['binhex'],
    stage: 'extract',
  },
  *process({ bytes }) {
    yield* emitBinHex(bytes, true)
    yield* emitBlocks(bytes)
  },
}
