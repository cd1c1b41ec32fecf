/** Where Lazaret means to differ from ClamAV: case → what Lazaret detects there, and why. */
export interface Deviation {
  readonly ours: readonly string[]
  readonly why: string
}

const LENIENT = 'ClamAV refuses the whole database for this line. Lazaret understands it, or leaves only it out.'
const SMALL = 'ClamAV never looks at files of five bytes and less. Lazaret looks at every file.'
const IMPORTS = 'ClamAV computes import hashes of PE32 only. Lazaret computes them of PE32+ as well.'
const NAMES = 'ClamAV keeps one name for a hash that is listed twice. Lazaret reports both.'
const BRACKET =
  'With a single byte and [n-m] in front, ClamAV counts the offset from the literal behind the bracket. Lazaret counts it from the first byte of the pattern, as everywhere.'
const LINE =
  'ClamAV sees CR LF as a line end inside a pattern only behind more than two bytes. Lazaret sees it everywhere.'
const LEVEL = 'Lazaret announces a later engine level than 216.'

export const DEVIATIONS: Readonly<Record<string, Deviation>> = {
  'file of three bytes is never scanned': { ours: ['T'], why: SMALL },
  'file of five bytes is never scanned': { ours: ['T'], why: SMALL },
  'hash of a file of five bytes': { ours: ['T'], why: SMALL },
  'hash of a file of one byte': { ours: ['T'], why: SMALL },
  'import hash of pe32+ is not compared': { ours: ['T'], why: IMPORTS },
  'the same hash twice: the last name': { ours: ['T', 'U'], why: NAMES },
  'offset with bracket first counts from the literal': { ours: [], why: BRACKET },
  'offset with bracket first, of the single byte': { ours: ['T'], why: BRACKET },
  'number of sections needs an executable': { ours: [], why: LENIENT },
  'offset SL with minus': { ours: [], why: LENIENT },
  'comment with leading space': { ours: ['T'], why: LENIENT },
  'line marker in the middle, two bytes': { ours: ['T'], why: LINE },
  'blank line': { ours: ['T', 'U'], why: LENIENT },
  'engine range holds': { ours: [], why: LEVEL },
  'engine range above': { ours: ['T'], why: LEVEL },
  'hash with too high level': { ours: ['T'], why: LEVEL },
  'hash with level range': { ours: [], why: LEVEL },
  'ndb with too high minimum level': { ours: ['T', 'U'], why: LEVEL },
  'ndb with maximum level': { ours: [], why: LEVEL },
}
