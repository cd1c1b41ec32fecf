import { u32be, u32le } from '../../bytes/index.ts'
import { hasPeSignature } from '../pe/index.ts'
import type { FileTypeName } from './file-types.ts'
import { textEncoding } from './text.ts'
import { zipType } from './zip.ts'

// Second looks: where the magic number alone would lie, a function decides. It answers a type, or undefined where the
// magic number was an accident and the search goes on.

type Refinement = (content: Uint8Array, head: Uint8Array) => FileTypeName | undefined

/** Universal binaries and Java classes share 0xCAFEBABE; no universal binary has this many slices, no class so few. */
const FIRST_CLASS_VERSION = 43
const LAST_CLASS_VERSION = 200
const MAX_SWF_VERSION = 60
const MAX_LZMA_SIZE_HIGH = 0x100

const REFINEMENTS: Readonly<Partial<Record<FileTypeName, Refinement>>> = {
  dos: content => (hasPeSignature(content) ? 'pe' : 'dos'),
  zip: zipType,
  'macho-universal': content => {
    if (content.length < 8) return undefined
    const count = u32be(content, 4)
    const version = count & 0xffff
    if (count > 0 && count < FIRST_CLASS_VERSION) return 'macho-universal'
    return content[3] === 0xbe && version >= FIRST_CLASS_VERSION && version <= LAST_CLASS_VERSION
      ? 'java-class'
      : undefined
  },
  // Two letters are a weak magic number: text that starts with them is text.
  bmp: (_, head) => (textEncoding(head) === undefined ? 'bmp' : undefined),
  swf: content => (content[3] <= MAX_SWF_VERSION && content[3] !== 0x20 ? 'swf' : undefined),
  'swf-compressed': content => (content[3] <= MAX_SWF_VERSION && content[3] !== 0x20 ? 'swf-compressed' : undefined),
  bzip2: content => (content[3] >= 0x31 && content[3] <= 0x39 ? 'bzip2' : undefined),
  lzma: content => (isLzma(content) ? 'lzma' : undefined),
}

/** The exact type behind a magic number, or undefined where it was an accident. */
export function refine(type: FileTypeName, content: Uint8Array, head: Uint8Array): FileTypeName | undefined {
  const refinement = REFINEMENTS[type]
  return refinement === undefined ? type : refinement(content, head)
}

/** LZMA "alone": a dictionary of 2^n or 3·2^n bytes, and a size that is unknown or below 1 TiB. */
function isLzma(content: Uint8Array): boolean {
  if (content.length < 14) return false
  const dictionary = u32le(content, 1)
  const odd = dictionary / (dictionary & -dictionary)
  const high = u32le(content, 9)
  return dictionary !== 0 && (odd === 1 || odd === 3) && (high < MAX_LZMA_SIZE_HIGH || high === 0xffff_ffff)
}
