import { decodeUtf16 } from '../../codecs/index.ts'
import { isNormalText, normalText } from '../../formats/index.ts'
import type { Component } from '../../scan/index.ts'

/** Text as signatures of text expect it. */
export const textNormalise: Component = {
  manifest: {
    name: 'text-normalise',
    version: '1',
    description: 'Folds white space, lower-cases letters and drops what is not ASCII',
    accepts: ['text', 'text-utf8', 'text-utf16le', 'text-utf16be'],
    stage: 'extract',
    place: 'engine',
  },
  *process({ bytes, type }) {
    const isUtf16 = type === 'text-utf16le' || type === 'text-utf16be'
    if (!isUtf16 && isNormalText(bytes)) return
    const pieces = isUtf16 ? decodeUtf16(bytes, type === 'text-utf16le') : [bytes]
    yield { emit: 'child', name: 'text', relation: 'view', type: 'text', content: normalText(pieces, bytes.length) }
  },
}
