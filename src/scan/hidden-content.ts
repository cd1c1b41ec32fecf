import type { ExecutableLayout } from '../formats/index.ts'

// Programs that hold what neither raw matching nor any component sees: those packed by known packers. Known marks only,
// no guessing: what is found makes the verdict `unscannable`, never `infected`.

/** Names that packers give their sections. */
const PACKER_SECTIONS: Readonly<Record<string, string>> = {
  UPX0: 'UPX',
  UPX1: 'UPX',
  '.aspack': 'ASPack',
  '.petite': 'Petite',
  '.WWP32': 'WWPack32',
  yC: "Yoda's Crypter",
  '.MPRESS1': 'MPRESS',
  '.nsp0': 'NsPack',
  MEW: 'MEW',
}

/** How the code of packers begins that leave no name; `??` is any byte. */
const PACKER_CODE: readonly (readonly [hex: string, packer: string])[] = [
  ['eb016860e8000000008b1c2483c3', 'PESpin'],
  ['8725????????6194', 'FSG'],
  ['bbd0014000bf00104000be', 'FSG'],
  ['60be????????8dbe', 'UPX'],
  ['60e803000000e9eb', 'ASPack'],
  ['9c60e8000000005d83ed07', 'NsPack'],
  ['558bec53565760e8000000005d81ed', "Yoda's Crypter"],
]

/** The DOS header ends here; Upack puts the entry point inside of it. */
const DOS_HEADER_BYTES = 64

/** The packer of a Windows program, by the names of its sections or by where it starts. */
export function packerOf(layout: ExecutableLayout | undefined, content: Uint8Array): string | undefined {
  if (layout === undefined || layout.format !== 'pe') return undefined
  for (const section of layout.sections) {
    const name = section.name.split('\0')[0]
    if (Object.hasOwn(PACKER_SECTIONS, name)) return PACKER_SECTIONS[name]
  }
  for (const [hex, packer] of PACKER_CODE) if (hasCode(content, layout.entryPoint, hex)) return packer
  // Libraries of nothing but resources have no entry point: it is 0.
  return layout.entryPoint > 0 && layout.entryPoint < DOS_HEADER_BYTES ? 'Upack or the like' : undefined
}

function hasCode(content: Uint8Array, at: number, hex: string): boolean {
  if (at < 0) return false
  for (let i = 0; i < hex.length; i += 2)
    if (hex[i] !== '?' && content[at + i / 2] !== Number.parseInt(hex.slice(i, i + 2), 16)) return false
  return true
}

/** What of a packed program is not seen by matching its bytes, as a sentence. */
export const hiddenBy = (packer: string): string =>
  `The program is packed with ${packer} and is not unpacked yet; only its packed form was matched`
