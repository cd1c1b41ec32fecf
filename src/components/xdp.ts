import { decodeBase64 } from '../codecs/index.ts'
import { textElements } from '../formats/index.ts'
import type { Component, ComponentInput, Emission } from '../scan/index.ts'

/** Elements that hold base64, and extensions of what they hold. */
const ELEMENTS = new Map([
  ['chunk', '.pdf'],
  ['image', ''],
])
/** Shorter text is no content. */
const MIN_TEXT_BYTES = 16

/** PDF documents and images inside XML data packages. */
export const xdp: Component = {
  manifest: {
    name: 'xdp',
    version: '1',
    description: 'PDF documents and images of XML data packages',
    accepts: ['xdp'],
    stage: 'extract',
  },
  process,
}

function* process({ bytes }: ComponentInput): Generator<Emission, void, void> {
  for (const { name, start, text, isOpen } of textElements(bytes, [...ELEMENTS.keys()])) {
    if (text.length < MIN_TEXT_BYTES) continue
    const member = `${name}-at-${start}${ELEMENTS.get(name) ?? ''}`
    yield { emit: 'child', name: member, content: decodeBase64(text) }
    if (isOpen) yield { emit: 'missed', reason: 'malformed', detail: 'An element without an end tag', member }
  }
}
