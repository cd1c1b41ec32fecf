import type { Component } from '../../scan/index.ts'
import { Unzip } from './unzip.ts'

/**
 * ZIP archives, and what is one under another name. All readings of an archive that readers in use may come to are taken,
 * so content that one of them would find is among the children. Anomalies: `ambiguous`, `zip-overlap`, `zip-checksum`,
 * `zip-size`. A child called gap-at-OFFSET is what no record and no member holds.
 */
export const zipComponent: Component = {
  manifest: {
    name: 'zip',
    version: '1',
    description: 'Takes ZIP archives apart, in every way in which they can be read',
    accepts: ['zip', 'jar', 'apk', 'epub', 'odf', 'docx', 'xlsx', 'pptx', 'zip-sfx', 'ooxml-hwp'],
    stage: 'extract',
  },
  process: (input, context) => new Unzip(input, context).run(),
}
