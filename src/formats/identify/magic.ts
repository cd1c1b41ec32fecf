import type { FileTypeName } from './file-types.ts'

// The magic table: what stands at a fixed offset. Rows are tried in order, so the more exact ones come first.
// A row is [type, offset, hexadecimal bytes]; `??` is any byte. What needs more than this stands in refine.ts.

type MagicRow = readonly [type: FileTypeName, offset: number, hex: string]

/** One compiled row; `mask` has 0 where any byte fits. */
export interface Magic {
  readonly type: FileTypeName
  readonly offset: number
  readonly value: Uint8Array
  readonly mask: Uint8Array
}

/** At the very start of the content. */
// prettier-ignore
const HEAD_ROWS: readonly MagicRow[] = [
  ['dos', 0, '4d5a'],
  ['elf', 0, '7f454c46'],
  ['macho', 0, 'feedface'], ['macho', 0, 'feedfacf'], ['macho', 0, 'cefaedfe'], ['macho', 0, 'cffaedfe'],
  ['macho-universal', 0, 'cafebabe'], ['macho-universal', 0, 'cafebabf'],
  ['pyc', 0, '??0c0d0a'], ['pyc', 0, '??0d0d0a'], ['pyc', 0, '??0e0d0a'], ['pyc', 0, '??0f0d0a'],
  ['pyc', 0, '03f30d0a'], ['pyc', 0, '??f20d0a'],
  ['wasm', 0, '0061736d01000000'],
  ['dex', 0, '6465780a30'],
  ['lnk', 0, '4c0000000114020000000000c000000000000046'],
  ['script-encoded', 0, '23407e5e'],
  ['cms', 0, '308006092a864886f70d0107'], ['cms', 0, '3080060b2a864886f70d01091001'],
  ['cms', 0, '3081??06092a864886f70d0107'], ['cms', 0, '3081??060b2a864886f70d01091001'],
  ['cms', 0, '3082????06092a864886f70d0107'], ['cms', 0, '3082????060b2a864886f70d01091001'],
  ['cms', 0, '3083??????06092a864886f70d0107'], ['cms', 0, '3083??????060b2a864886f70d01091001'],
  ['cms', 0, '3084????????06092a864886f70d0107'], ['cms', 0, '3084????????060b2a864886f70d01091001'],
  ['cms', 0, '2d2d2d2d2d424547494e20504b4353372d2d2d2d2d'], ['cms', 0, '2d2d2d2d2d424547494e20434d532d2d2d2d2d'],
  ['tnef', 0, '789f3e22'],
  ['pst', 0, '2142444e'],
  ['gif', 0, '47494638'],
  ['png', 0, '89504e47'],
  ['jpeg', 0, 'ffd8ff'],
  ['tiff', 0, '49492a00'], ['tiff', 0, '4d4d002a'],
  ['bmp', 0, '424d'],
  ['jpeg2000', 0, '0000000c6a502020'],
  ['riff', 0, '52494646'], ['riff', 0, '52494658'],
  ['ogg', 0, '4f676753'],
  ['mp3', 0, '494433'], ['mp3', 0, 'fffb'],
  ['realmedia', 0, '2e524d46'],
  ['swf', 0, '465753'], ['swf-compressed', 0, '435753'], ['swf-compressed', 0, '5a5753'],
  ['pdf', 0, '255044462d'],
  ['ole2', 0, 'd0cf11e0a1b11ae1'],
  ['rtf', 0, '7b5c7274'],
  ['hwp3', 0, '48575020446f63756d656e742046696c65'],
  ['onenote', 0, 'e4525c7b8cd8a74daeb15378d02996d3'], ['onenote', 0, 'a12fff43d9ef764c9ee210ea5722765f'],
  ['activemime', 0, '4163746976654d696d65'],
  ['chm', 0, '49545346'],
  ['zip', 0, '504b0304'], ['zip', 0, '504b0506'], ['zip', 0, '504b0708504b0304'], ['zip', 0, '504b3030504b0304'],
  ['asar', 0, '04000000????????????????????????7b2266696c6573'],
  ['rar', 0, '526172211a07'], ['rar', 0, '52457e5e'],
  ['7z', 0, '377abcaf271c'],
  ['arj', 0, '60ea'],
  ['alz', 0, '414c5a01'],
  ['egg', 0, '45474741'],
  ['cab', 0, '4d534346'],
  ['cab-installshield', 0, '49536328'],
  ['cpio-old', 0, 'c771'], ['cpio-old', 0, '71c7'],
  ['cpio-odc', 0, '303730373237'],
  ['cpio-newc', 0, '303730373031'], ['cpio-crc', 0, '303730373032'], ['cpio-odc', 0, '303730373037'],
  ['deb', 0, '213c617263683e0a64656269616e2d62696e617279'], ['ar', 0, '213c617263683e0a'], ['ar', 0, '213c7468696e3e0a'],
  ['rpm', 0, 'edabeedb'],
  ['xar', 0, '78617221'],
  ['sis', 0, '7a1a2010'],
  ['warc', 0, '574152432f'],
  ['gzip', 0, '1f8b'],
  ['bzip2', 0, '425a68'],
  ['xz', 0, 'fd377a585a00'],
  ['zstd', 0, '28b52ffd'], ['zstd', 0, '5?2a4d18'],
  ['lz4', 0, '04224d18'], ['lz4', 0, '02214c18'],
  ['lzip', 0, '4c5a4950'],
  ['lzop', 0, '894c5a4f000d0a1a0a'],
  ['lrzip', 0, '4c525a49'],
  ['compress', 0, '1f9d'],
  ['lzma', 0, '5d0000'],
  ['szdd', 0, '535a4444'], ['szdd', 0, '535a2088f02733d1'],
  ['kwaj', 0, '4b57414a88f027d1'],
  ['wim', 0, '4d5357494d000000'], ['wim', 0, '574c50574d000000'],
  ['vhd', 0, '636f6e6563746978'],
  ['vhdx', 0, '7668647866696c65'],
  ['vmdk', 0, '4b444d56'], ['vmdk', 0, '434f5744'],
  ['qcow', 0, '514649fb'],
  ['squashfs', 0, '68737173'], ['squashfs', 0, '73717368'],
  ['cramfs', 0, '453dcd28'], ['cramfs', 0, '28cd3d45'],
  ['sqlite', 0, '53514c69746520666f726d6174203300'],
]

/** Further inside; looked at where the head says nothing certain. */
// prettier-ignore
const DEEP_ROWS: readonly MagicRow[] = [
  ['lha', 2, '2d6c68??2d'], ['lha', 2, '2d6c7a??2d'],
  ['ace', 7, '2a2a4143452a2a'],
  ['sis', 8, '19040010'],
  ['zoo', 20, 'dca7c4fd'],
  ['vdi', 64, '7f10dabe'],
  ['gpt', 512, '4546492050415254'],
  ['hfsplus', 1024, '482b0004'], ['hfsplus', 1024, '48580005'],
  ['iso9660', 0x8001, '4344303031'], ['iso9660', 0x9311, '4344303031'],
  ['udf', 0x8001, '4245413031'], ['udf', 0x8801, '4e535230'], ['udf', 0x8001, '4e535230'],
]

/** At an offset from the end. */
// prettier-ignore
const TAIL_ROWS: readonly MagicRow[] = [
  ['dmg', 512, '6b6f6c79'],
  ['vhd', 512, '636f6e6563746978'],
]

/** Rows for the start, by their first byte. */
const HEAD: readonly (readonly Magic[])[] = bucketByFirstByte(HEAD_ROWS.map(compile))
const DEEP: readonly Magic[] = DEEP_ROWS.map(compile)
const TAIL: readonly Magic[] = TAIL_ROWS.map(compile)

/** Type of the first row that fits the start. Cost: the few rows with the same first byte. */
export function headMagic(content: Uint8Array): FileTypeName | undefined {
  const rows = HEAD[content[0] ?? 0]
  for (const row of rows) if (fits(content, 0, row)) return row.type
  return undefined
}

/** Type of the first row that fits further inside or at the end; reads a few bytes in at most 33 KiB and the tail. */
export function deepMagic(content: Uint8Array): FileTypeName | undefined {
  for (const row of DEEP) if (fits(content, row.offset, row)) return row.type
  for (const row of TAIL) if (fits(content, content.length - row.offset, row)) return row.type
  return undefined
}

function compile([type, offset, hex]: MagicRow): Magic {
  const size = hex.length / 2
  const value = new Uint8Array(size)
  const mask = new Uint8Array(size)
  for (let i = 0; i < hex.length; i++) {
    const digit = hex[i]
    if (digit === '?') continue
    const shift = i % 2 === 0 ? 4 : 0
    value[i >> 1] = value[i >> 1] | (Number.parseInt(digit, 16) << shift)
    mask[i >> 1] = mask[i >> 1] | (15 << shift)
  }
  return { type, offset, value, mask }
}

function bucketByFirstByte(rows: readonly Magic[]): readonly (readonly Magic[])[] {
  return Array.from({ length: 256 }, (_, byte) => rows.filter(row => (byte & row.mask[0]) === row.value[0]))
}

function fits(content: Uint8Array, at: number, { value, mask }: Magic): boolean {
  if (at < 0 || at + value.length > content.length) return false
  for (let i = 0; i < value.length; i++) if ((content[at + i] & mask[i]) !== value[i]) return false
  return true
}
