import { join, latin, noise } from '../carriers/bytes.ts'
import { buildElf, buildMacho, buildPe } from '../carriers/executables.ts'
import type { Random } from '../agreement/random.ts'

/** In every mutated file, outside of what is mutated: a scanner that says "clean" was wrong. */
export const MARKER = 'lazaret-hostile-marker'

const versionInfo = { CompanyName: 'House', FileVersion: '1.0', ProductName: 'Thing' }
const imports = { 'KERNEL32.dll': ['ExitProcess', 'CreateFileA'], 'USER32.dll': ['MessageBoxA'] }
const sections = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ name: `.s${i}`, data: noise(300 + i * 50, i + 1) }))

/** Valid executables of every kind that a bounded reader takes apart. */
export const SEEDS: readonly Uint8Array[] = [
  buildPe(),
  buildPe({ is64: true, sections: sections(3), versionInfo }),
  buildPe({ sections: sections(5), imports, versionInfo, overlay: noise(200, 9) }),
  buildPe({ is64: true, sections: sections(2), imports }),
  buildElf(),
  buildElf({ is64: false, sections: sections(4) }),
  buildElf({ is64: false, bigEndian: true }),
  buildElf({ bigEndian: true, sections: sections(2) }),
  buildMacho(),
  buildMacho({ is64: true, sections: sections(3) }),
  fat([buildMacho(), buildMacho({ is64: true })]),
]

/** A universal binary of these programs. Source: mach-o/fat.h */
function fat(programs: readonly Uint8Array[]): Uint8Array {
  const head = new Uint8Array(0x1000)
  const view = new DataView(head.buffer)
  view.setUint32(0, 0xcafebabe)
  view.setUint32(4, programs.length)
  let offset = head.length
  programs.forEach((program, index) => {
    const at = 8 + index * 20
    ;[index === 0 ? 7 : 0x01000007, 3, offset, program.length, 12].forEach((value, field) =>
      view.setUint32(at + field * 4, value),
    )
    offset += program.length
  })
  return join(head, ...programs)
}

const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0xfe]

/** A seed with damaged headers, cut, repeated or overwritten; with the marker at its end, where `isMarked`. */
export function mutate(random: Random, isMarked: boolean): Uint8Array {
  let bytes = Uint8Array.from(random.pick(SEEDS))
  if (random.below(3) === 0) bytes = bytes.slice(0, random.below(bytes.length))
  const headerBytes = Math.max(1, Math.min(bytes.length, 0x400))
  for (let i = random.below(24); i > 0 && bytes.length > 0; i--) {
    const at = random.below(random.below(4) === 0 ? bytes.length : headerBytes)
    const width = random.pick([1, 2, 4, 8])
    const value = random.below(2) === 0 ? random.pick(EXTREMES) : random.below(256)
    bytes.fill(value, at, Math.min(bytes.length, at + width))
  }
  return isMarked ? join(bytes, ' ', MARKER, latin(` ${random.below(1e9)}`)) : bytes
}

const PIECES = [
  '{',
  '}',
  '{-',
  '{5-3}',
  '{999999999999}',
  '*',
  '**',
  '(',
  ')',
  '|',
  '!',
  '!(',
  '(B)',
  '(L',
  '[',
  '[0-99]',
  '??',
  '?',
  ';',
  ':',
  '::',
  '::i',
  ',',
  '&',
  '>',
  '=',
  '=0',
  '(0|1)>2,9',
  'EP+0',
  'EOF-',
  'SE99999',
  'VI',
  'Target:99',
  'Engine:',
  'FileSize:9-',
  '\u0000',
  '\n',
  '\r\n',
  '#',
  '/a/',
  '${1-2}x$',
  'fuzzy_img#',
  '0(>>0#ib1#=1)',
]

/** A signature line with pieces of the grammar cut out, doubled or put where they do not belong. */
export function mutateLine(random: Random, line: string): string {
  let text = line
  for (let i = 1 + random.below(6); i > 0; i--) {
    const at = random.below(text.length + 1)
    const kind = random.below(4)
    if (kind === 0) text = text.slice(0, at) + random.pick(PIECES) + text.slice(at)
    else if (kind === 1) text = text.slice(0, at) + text.slice(at + 1 + random.below(12))
    else if (kind === 2) text = text.slice(0, at) + text.slice(random.below(text.length + 1))
    else text = text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1)
  }
  return text
}
