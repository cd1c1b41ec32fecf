import type { Component } from '../../scan/index.ts'
import { emitBinHex, emitBlocks, emitRuns, plainText } from './emit.ts'

/** Encoded files that stand in text. PEM blocks are left alone: keys and certificates hide nothing. */
export const textBlocks: Component = {
  manifest: {
    name: 'text-blocks',
    version: '1',
    description: 'Finds uuencoded, yEnc, BinHex and long base64 files in text',
    // A file that holds yEnc is text no more: its lines use nearly all bytes. So is damaged text.
    accepts: ['text', 'text-utf8', 'text-utf16le', 'text-utf16be', 'html', 'data'],
    marks: ['uuencode', 'yenc', 'binhex', 'base64'],
    stage: 'extract',
    place: 'engine',
  },
  *process({ bytes, type }) {
    const text = plainText(bytes, type)
    yield* emitBlocks(text)
    if (type === 'data') return
    yield* emitBinHex(text, false)
    yield* emitRuns(text, type === 'html')
  },
}
