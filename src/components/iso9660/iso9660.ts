import { isoTrees, type IsoFile } from '../../formats/index.ts'
import type { Component } from '../../scan/index.ts'

/**
 * Files that only one of the directory trees of a disc shows. Whoever opens a disc with Joliet sees that tree, and so
 * does the component that takes discs apart; others see the primary one.
 */
export const iso9660: Component = {
  manifest: {
    name: 'iso9660',
    version: '1',
    description: 'Finds the files of ISO 9660 discs that Joliet does not show',
    accepts: ['iso9660'],
    stage: 'extract',
    place: 'engine',
  },
  *process({ bytes }) {
    const trees = isoTrees(bytes)
    if (!trees.some(({ isJoliet }) => isJoliet)) return
    const shown = new Set(trees.flatMap(({ isJoliet, files }) => (isJoliet ? files.map(placeOf) : [])))
    for (const { isJoliet, files, isCut } of trees) {
      if (isJoliet) continue
      if (isCut) yield { emit: 'missed', reason: 'malformed', detail: 'A directory outside of Joliet is damaged' }
      for (const file of files) {
        if (shown.has(placeOf(file))) continue
        shown.add(placeOf(file))
        yield { emit: 'anomaly', code: 'ambiguous', detail: 'A file stands in one of two directory trees only' }
        yield { emit: 'child', name: file.name, content: bytes.subarray(file.offset, file.offset + file.length) }
      }
    }
  },
}

const placeOf = ({ offset, length }: IsoFile): string => `${offset} ${length}`
