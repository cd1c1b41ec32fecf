import { equalsAt, bytesOf } from '../../bytes/index.ts'
import type { FileTypeName } from '../../formats/index.ts'

// Which of 7-Zip's formats reads which type. The format is always named: otherwise 7-Zip opens the first member that it
// takes for the main one, too, and hides the others.

/** 7-Zip's formats by type, in the order in which they are tried. */
const FORMATS = {
  '7z': ['7z'],
  '7z-sfx': ['7z'],
  rar: ['rar5', 'rar'],
  'rar-sfx': ['rar5', 'rar'],
  cab: ['cab'],
  'cab-sfx': ['cab'],
  arj: ['arj'],
  'arj-sfx': ['arj'],
  lha: ['lzh'],
  iso9660: ['iso'],
  udf: ['udf', 'iso'],
  wim: ['wim'],
  xar: ['xar'],
  dmg: ['dmg'],
  hfsplus: ['hfs'],
  squashfs: ['squashfs'],
  ext: ['ext'],
  ntfs: ['ntfs'],
  fat: ['fat'],
  mbr: ['mbr'],
  gpt: ['gpt'],
  apm: ['apm'],
  vhd: ['vhd'],
  vhdx: ['vhdx'],
  vmdk: ['vmdk'],
  vdi: ['vdi'],
  qcow: ['qcow'],
  rpm: ['rpm'],
  nsis: ['nsis'],
  chm: ['chm'],
  cramfs: ['cramfs'],
  'swf-compressed': ['swfc'],
} as const satisfies Partial<Record<FileTypeName, readonly string[]>>

/** What 7-Zip reads, too, but readers of our own read better: kept to compare with. */
export const ALSO_READ = {
  gzip: ['gzip'],
  bzip2: ['bzip2'],
  xz: ['xz'],
  lzma: ['lzma'],
  zstd: ['zstd'],
  compress: ['z'],
  zip: ['zip'],
  tar: ['tar'],
  'tar-old': ['tar'],
  'cpio-old': ['cpio'],
  'cpio-odc': ['cpio'],
  'cpio-newc': ['cpio'],
  'cpio-crc': ['cpio'],
  ar: ['ar'],
  deb: ['ar'],
} as const satisfies Partial<Record<FileTypeName, readonly string[]>>

/** Types that the component takes. */
export const SEVEN_ZIP_TYPES = Object.keys(FORMATS) as (keyof typeof FORMATS)[]

const BY_TYPE: ReadonlyMap<string, readonly string[]> = new Map(Object.entries({ ...ALSO_READ, ...FORMATS }))

/** 7-Zip's formats for content of that type. The first that opens it counts. */
export function formatsFor(type: FileTypeName): readonly string[] {
  return BY_TYPE.get(type) ?? []
}

const UDF_MARKS = [bytesOf('NSR02'), bytesOf('NSR03')]
const DESCRIPTORS = 0x8000
const SECTOR = 0x800
const MAX_DESCRIPTORS = 32

/** Formats by which the content can be read as well, with other members: a disc may carry two file systems. */
export function otherFormats(type: FileTypeName, bytes: Uint8Array): readonly string[] {
  if (type !== 'iso9660') return []
  for (let i = 0; i < MAX_DESCRIPTORS; i++)
    if (UDF_MARKS.some(mark => equalsAt(bytes, DESCRIPTORS + i * SECTOR + 1, mark))) return ['udf']
  return []
}
