/** Where Lazaret means to differ from ClamAV: case → what Lazaret detects there, and why. */
export interface Deviation {
  readonly ours: readonly string[]
  readonly why: string
}

const LENIENT = 'ClamAV refuses the whole database for this line. Lazaret understands it, or leaves only it out.'
const SMALL = 'ClamAV never looks at files of five bytes and less. Lazaret looks at every file.'
const LEVEL = 'Lazaret announces a later engine level than 216.'

export const DEVIATIONS: Readonly<Record<string, Deviation>> = {
  'file of three bytes is never scanned': { ours: ['T'], why: SMALL },
  'file of five bytes is never scanned': { ours: ['T'], why: SMALL },
  'hash of a file of five bytes': { ours: ['T'], why: SMALL },
  'hash of a file of one byte': { ours: ['T'], why: SMALL },
  'two bytes in target 0': { ours: ['T'], why: LENIENT },
  'exact gap with one-byte part after a range': { ours: ['T'], why: LENIENT },
  'exact gap with one-byte part after a gap of zero': { ours: ['T'], why: LENIENT },
  'gap of zero with a one-byte part': { ours: ['T'], why: LENIENT },
  'nocase with negated set': { ours: ['T'], why: LENIENT },
  'comment with leading space': { ours: ['T'], why: LENIENT },
  'blank line': { ours: ['T', 'U'], why: LENIENT },
  'engine range holds': { ours: [], why: LEVEL },
  'engine range above': { ours: ['T'], why: LEVEL },
  'hash with too high level': { ours: ['T'], why: LEVEL },
  'hash with level range': { ours: [], why: LEVEL },
  'ndb with too high minimum level': { ours: ['T', 'U'], why: LEVEL },
  'ndb with maximum level': { ours: [], why: LEVEL },
}
