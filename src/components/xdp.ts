import { decodeBase64 } from '../codecs/index.ts'
import { textElements } from '../formats/index.ts'
import type { Component, ComponentInput, Emission } from '../scan/index.ts'

/** Elements, extensions of what they hold, and whether that is base64. */
const ELEMENTS = new Map([
  ['chunk', { extension: '.pdf', isBase64: true }],
  ['image', { extension: '', isBase64: true }],
  ['script', { extension: '.js', isBase64: false }],
])
/** Shorter text is no content. */
const MIN_TEXT_BYTES = 16

/** PDF documents, images and scripts inside XML data packages. */
export const xdp: Component = {
  manifest: {
    name: 'xdp',
    version: '1',
    description: 'PDF documents, images and scripts of XML data packages',
    accepts: ['xdp'],
    stage: 'extract',
  },
  process,
}

function* process({ bytes }: ComponentInput): Generator<Emission, void, void> {
  for (const { name, start, text, isOpen } of textElements(bytes, [...ELEMENTS.keys()])) {
    if (text.length < MIN_TEXT_BYTES) continue
    const { extension, isBase64 } = ELEMENTS.get(name)!
    const member = `${name}-at-${start}${extension}`
    yield { emit: 'child', name: member, content: isBase64 ? decodeBase64(text) : text }
    if (isOpen) yield { emit: 'missed', reason: 'malformed', detail: 'An element without an end tag', member }
  }
}
