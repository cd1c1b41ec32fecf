// Marks: what files that may lie inside of others begin with. They are compiled into every image beside the signatures,
// so that looking for them costs nothing; a mark that matches is no detection, but a reason to look closer.

/** Archives and documents are looked for in everything: whatever plays, shows or runs one may have one behind it. */
const ANY_TARGET = 0
/** Targets in which programs are looked for: PE, graphics, ELF, Mach-O, Flash, Java, other. */
const TARGETS = [1, 5, 6, 9, 11, 12, 14] as const

/** Name → how it begins, in the language of body signatures. */
const BEGINNINGS: readonly (readonly [name: string, hex: string])[] = [
  ['zip', '504b0304'],
  ['rar', '526172211a07'],
  ['7z', '377abcaf271c'],
  ['cab', '4d53434600000000'],
  ['ole2', 'd0cf11e0a1b11ae1'],
  ['pdf', '255044462d312e'],
  ['gzip', '1f8b0800'],
  ['gzip', '1f8b0808'],
  ['xz', 'fd377a585a0000'],
  ['lha', '2d6c68352d'],
  ['nsis', 'efbeadde4e756c6c736f6674496e7374'],
  ['autoit', '4155332145413035'],
  ['autoit', '4155332145413036'],
  ['installshield', '49536328'],
  ['installshield', '496e7374616c6c536869656c6400'],
  ['setup-stream', '4953536574757053747265616d'],
  ['inno', '496e6e6f205365747570205365747570204461746120'],
  ['pyinstaller', '4d45490c0b0a0b0e'],
]

/** Headers of programs: every program has one of its own, so in its own kind a second one counts. */
const PROGRAMS: readonly (readonly [name: string, hex: string, own: number])[] = [
  ['pe', '50450000(4c01|6486|c401|64aa)', 1],
  ['elf', '7f454c46(01|02)(01|02)01', 6],
]

/** Targets of text: HTML, mail, ASCII. */
const TEXT_TARGETS = [3, 7] as const

/** How encoded files begin in text; `::i`: whatever the case of letters. */
const ENCODED: readonly (readonly [name: string, hex: string])[] = [
  ['uuencode', '626567696e20(30|31|32|33|34|35|36|37)'],
  ['uuencode', '626567696e2d626173653634'],
  ['yenc', '3d79626567696e20'],
  ['binhex', '636f6e76657274656420776974682042696e486578'],
  ['data-url', '3b6261736536342c::i'],
  ['data-url', '646174613a::i'],
  ['script-encoded', '23407e5e'],
  // Base64 of MZ, PK, %PDF, Rar!, 7z, gzip, OLE2, ELF, <script
  ['base64', '5456(71|70|6f|72|6d|6e)'],
  ['base64', '5545734442'],
  ['base64', '4a564245526930'],
  ['base64', '556d46794952'],
  ['base64', '4e3371387279'],
  ['base64', '4834734941'],
  ['base64', '304d3852344b4778'],
  ['base64', '663045'],
]

const row = (name: string, target: number, expression: string, hex: string): string =>
  `${name};Engine:51-255,Target:${target};${expression};${hex}\n`

/** Text with other bytes in it is data: yEnc uses nearly all of them. */
const IN_DATA = 14
const ENCODED_IN_DATA: ReadonlySet<string> = new Set(['uuencode', 'yenc'])

/** The marks as a logical database. */
export const MARKS_SOURCE = [
  ...BEGINNINGS.map(([name, hex]) => row(name, ANY_TARGET, '0', hex)),
  ...TARGETS.flatMap(target =>
    PROGRAMS.map(([name, hex, own]) => row(name, target, target === own ? '0>1' : '0', hex)),
  ),
  ...TEXT_TARGETS.flatMap(target => ENCODED.map(([name, hex]) => row(name, target, '0', hex))),
  ...ENCODED.filter(([name]) => ENCODED_IN_DATA.has(name)).map(([name, hex]) => row(name, IN_DATA, '0', hex)),
].join('')
