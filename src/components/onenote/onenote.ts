import { cutContent, oneNoteFiles, oneNotePackage } from '../../formats/index.ts'
import type { Component } from '../../scan/index.ts'

/** OneNote sections: attached files and pictures. */
export const oneNote: Component = {
  manifest: {
    name: 'onenote',
    version: '1',
    description: 'Takes attached files and pictures out of OneNote sections',
    accepts: ['onenote'],
    stage: 'extract',
  },
  *process({ bytes }) {
    const { files, isCut } = oneNoteFiles(bytes)
    for (const [index, { start, end, missing }] of files.entries())
      yield { emit: 'child', name: `file-${index + 1}`, content: cutContent(bytes.subarray(start, end), missing) }
    if (isCut) yield { emit: 'missed', reason: 'too-large', detail: `The section has more than ${files.length} files` }
    const packaged = oneNotePackage(bytes)
    if (packaged === undefined) return
    for (const [index, { start, end, missing }] of packaged.blobs.entries())
      yield { emit: 'child', name: `blob-${index + 1}`, content: cutContent(bytes.subarray(start, end), missing) }
    if (packaged.stoppedAt === undefined) return
    yield { emit: 'missed', reason: 'malformed', detail: 'The section goes on with something unknown' }
  },
}
