import type { Component } from '../../scan/index.ts'

/** Hangul documents before OLE2: nothing is taken out of them yet. */
export const hwp3: Component = {
  manifest: {
    name: 'hwp3',
    version: '1',
    description: 'Says that Hangul 3 documents are not taken apart',
    accepts: ['hwp3'],
    stage: 'extract',
  },
  *process() {
    yield { emit: 'missed', reason: 'unsupported', detail: 'Hangul 3 documents are not taken apart' }
  },
}
