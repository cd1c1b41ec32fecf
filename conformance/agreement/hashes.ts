import { createHash } from 'node:crypto'
import { noise } from '../carriers/bytes.ts'
import { buildPe, PE_FIRST_SECTION } from '../carriers/executables.ts'
import { Random } from './random.ts'

/** Files made first and hash signatures made for them: nothing can be forged from a digest. */
export interface HashSet {
  /** Database file name → lines. */
  readonly database: Readonly<Record<string, readonly string[]>>
  readonly contents: readonly Uint8Array[]
}

const DIGESTS = ['md5', 'sha1', 'sha256'] as const
const SECTION_BYTES = 0x200

/** `total` files, each with one signature: of the right size, of any size, of a wrong size, or of other content. */
export function makeHashSet(total: number): HashSet {
  const random = new Random('hashes')
  const database: Record<string, string[]> = { 'made.hdb': [], 'made.hsb': [], 'made.mdb': [], 'made.msb': [] }
  const contents: Uint8Array[] = []
  for (let i = 0; i < total; i++) {
    const isPe = i % 3 === 0
    const part = noise(isPe ? SECTION_BYTES : 6 + random.below(5000), i + 1)
    const content = isPe ? buildPe({ sections: [{ name: '.text', data: part }], is64: i % 2 === 0 }) : part
    contents.push(content)
    const digest = random.pick(DIGESTS)
    const isSection = isPe && i % 2 === 0
    const hashed = isSection ? content.subarray(PE_FIRST_SECTION, PE_FIRST_SECTION + SECTION_BYTES) : content
    const kind = i % 5
    const hash = createHash(digest)
      .update(kind === 4 ? 'other' : hashed)
      .digest('hex')
    const size = kind === 1 ? '*' : String(hashed.length + (kind === 3 ? 1 : 0))
    const name = `Made.${isSection ? 'Section' : 'File'}-${i}-${kind}`
    const file = `made.${isSection ? 'm' : 'h'}${digest === 'md5' ? 'db' : 'sb'}`
    database[file].push(isSection ? `${size}:${hash}:${name}:73` : `${hash}:${size}:${name}:73`)
  }
  return { database, contents }
}
