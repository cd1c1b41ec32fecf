import { asar } from '../formats/index.ts'
import type { Component, ComponentInput, Emission } from '../scan/index.ts'

/**
 * Archives of Electron applications. Files that are marked as unpacked lie beside the archive and are no part of it. What
 * no file holds is given as gap-at-OFFSET.
 */
export const asarComponent: Component = {
  manifest: {
    name: 'asar',
    version: '1',
    description: 'Takes archives of Electron applications apart',
    accepts: ['asar'],
    stage: 'extract',
  },
  process: read,
}

function* read({ bytes }: ComponentInput): Generator<Emission> {
  const { files, dataStart, isClipped } = asar.readAsar(bytes)
  const stretches: { readonly start: number; readonly end: number }[] = []
  for (const { name, link, extent, isUnpacked } of files) {
    if (link !== undefined) yield { emit: 'child', name, content: new TextEncoder().encode(link) }
    else if (extent !== undefined) {
      const end = Math.min(extent.end, bytes.length)
      stretches.push({ start: extent.start, end })
      yield { emit: 'child', name, content: bytes.subarray(extent.start, end) }
      if (end < extent.end)
        yield { emit: 'missed', reason: 'malformed', detail: 'It ends behind the end of the archive', member: name }
    } else if (!isUnpacked)
      yield { emit: 'missed', reason: 'malformed', detail: 'The directory does not tell where it is', member: name }
  }
  if (isClipped) yield { emit: 'missed', reason: 'too-large', detail: 'There are more files than are followed' }
  yield { emit: 'property', name: 'asar.files', value: `${files.length}` }
  let reached = dataStart
  for (const { start, end } of [...stretches.sort((a, b) => a.start - b.start), { start: bytes.length, end: 0 }]) {
    if (start > reached && bytes.subarray(reached, start).some(byte => byte !== 0)) {
      yield { emit: 'anomaly', code: 'ambiguous', detail: 'Content that no file holds', offset: reached }
      yield {
        emit: 'child',
        name: `gap-at-${reached}`,
        relation: 'supplementary',
        content: bytes.subarray(reached, start),
      }
    }
    reached = Math.max(reached, end)
  }
}
