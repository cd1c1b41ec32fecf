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

/** The DOS header ends here; Upack puts the entry point inside of it. */
const DOS_HEADER_BYTES = 64

/** The packer of a program, by the names of its sections or by where it starts. */
function packerOf(layout: ExecutableLayout): string | undefined {
  for (const section of layout.sections) {
    const name = section.name.split('\0')[0]
    if (Object.hasOwn(PACKER_SECTIONS, name)) return PACKER_SECTIONS[name]
  }
  // Libraries of nothing but resources have no entry point: it is 0.
  return layout.entryPoint > 0 && layout.entryPoint < DOS_HEADER_BYTES ? 'Upack or the like' : undefined
}

/**
 * Says in a sentence what of a program is not seen by matching its bytes; undefined where nothing is known to be hidden.
 * @param layout - header facts, or undefined
 */
export function hiddenContent(layout: ExecutableLayout | undefined): string | undefined {
  if (layout === undefined || layout.format !== 'pe') return undefined
  const packer = packerOf(layout)
  return packer === undefined
    ? undefined
    : `The program is packed with ${packer} and is not unpacked yet; only its packed form was matched`
}
