import { createHash } from 'node:crypto'
import { join, noise, toHex, wide } from '../carriers/bytes.ts'
import {
  buildElf,
  buildMacho,
  buildPe,
  ELF_FIRST_SECTION,
  MACHO_FIRST_SECTION,
  PE_FIRST_SECTION,
} from '../carriers/executables.ts'
import { one, type Case } from './case.ts'

const PATTERN = 'Lazaret!'
const PATTERN_HEX = toHex(PATTERN)

const first = join(noise(0x40, 3), PATTERN, noise(0x100, 4))
const second = join(noise(0x20, 5), PATTERN, noise(0x200, 6))
const third = join(PATTERN, noise(0x90, 8))
const sections = (...data: readonly Uint8Array[]) => data.map((bytes, index) => ({ name: `.s${index}`, data: bytes }))

const pe = buildPe({ sections: sections(first), entryOffset: 0x40 })
const pe64 = buildPe({ sections: sections(first), entryOffset: 0x40, is64: true })
const pe3 = buildPe({ sections: sections(noise(0x120, 3), second, noise(0x40, 9)), entryOffset: 0x10 })
const peLast = buildPe({ sections: sections(noise(0x120, 3), noise(0x40, 9), third), entryOffset: 0x10 })
const peOverlay = buildPe({ sections: sections(noise(0x120, 3)), overlay: join(noise(0x10), PATTERN, noise(0x20)) })
const peNoEntry = buildPe({ sections: sections(first), entryOffset: -1 })
const peVersion = buildPe({
  sections: sections(noise(0x120, 3)),
  versionInfo: { CompanyName: 'Pest House', FileVersion: '1.2' },
})
const elf = buildElf({ sections: sections(first), entryOffset: 0x40 })
const elf32 = buildElf({ sections: sections(first), entryOffset: 0x40, is64: false })
const elfBig = buildElf({ sections: sections(first), entryOffset: 0x40, is64: false, bigEndian: true })
const elf64Big = buildElf({ sections: sections(first), entryOffset: 0x40, bigEndian: true })
const elf3 = buildElf({ sections: sections(noise(0x120, 3), second, third) })
const macho = buildMacho({ sections: sections(first), entryOffset: 0x40 })
const macho64 = buildMacho({ sections: sections(first), entryOffset: 0x40, is64: true })
const macho2 = buildMacho({ sections: sections(noise(0x120, 3), second) })

/** A body signature 'T' with target and offset on an executable: found or not. */
function at(name: string, target: number, offset: string, content: Uint8Array, found: boolean | 'refused'): Case {
  const expected = found === 'refused' ? 'refused' : found ? ['T'] : []
  return one(name, 't.ndb', `T:${target}:${offset}:${PATTERN_HEX}`, content, expected)
}

const OFFSET_CASES: readonly Case[] = [
  at('pe any offset', 1, '*', pe, true),
  at('pe32+ any offset', 1, '*', pe64, true),
  at('pe in target 0', 0, '*', pe, true),
  at('pe in target 6', 6, '*', pe, false),
  at('pe absolute', 1, String(PE_FIRST_SECTION + 0x40), pe, true),
  at('pe entry point', 1, 'EP+0', pe, true),
  at('pe entry point, one off', 1, 'EP+1', pe, false),
  at('pe entry point with range', 1, 'EP+0,4', pe, true),
  at('pe32+ entry point', 1, 'EP+0', pe64, true),
  at('pe entry point plus', 1, 'EP+48', buildPe({ sections: sections(first), entryOffset: 0x10 }), true),
  at('pe entry point minus', 1, 'EP-16', buildPe({ sections: sections(first), entryOffset: 0x50 }), true),
  at('pe entry point minus, one off', 1, 'EP-17', buildPe({ sections: sections(first), entryOffset: 0x50 }), false),
  at('pe without entry point', 1, 'EP+0', peNoEntry, false),
  at('pe without entry point, any offset', 1, '*', peNoEntry, true),
  at('pe section 0', 1, 'S0+64', pe, true),
  at('pe section 0, one off', 1, 'S0+65', pe, false),
  at('pe section 1', 1, 'S1+32', pe3, true),
  at('pe section 1 in section 0', 1, 'S0+32', pe3, false),
  at('pe section 1 beyond section 0', 1, 'S0+544', pe3, true),
  at('pe section 9 does not exist', 1, 'S9+0', pe3, false),
  at('pe section with range', 1, 'S1+0,64', pe3, true),
  at('pe last section', 1, 'SL+0', peLast, true),
  at('pe last section, one off', 1, 'SL+1', peLast, false),
  at('pe last section, pattern in another', 1, 'SL+0', pe3, false),
  at('pe inside section 1', 1, 'SE1', pe3, true),
  at('pe inside section 0', 1, 'SE0', pe3, false),
  at('pe inside section 2', 1, 'SE2', peLast, true),
  at('pe inside section 9', 1, 'SE9', pe3, false),
  at('pe overlay is in no section', 1, 'SE0', peOverlay, false),
  at('pe overlay, any offset', 1, '*', peOverlay, true),
  at('pe from the end', 1, `EOF-${0x20 + PATTERN.length}`, peOverlay, true),
  at('elf any offset', 6, '*', elf, true),
  at('elf in target 1', 1, '*', elf, false),
  at('elf entry point', 6, 'EP+0', elf, true),
  at('elf entry point, one off', 6, 'EP-1', elf, false),
  at('elf 32 bit entry point', 6, 'EP+0', elf32, true),
  at('elf big endian entry point', 6, 'EP+0', elfBig, true),
  at('elf 64 bit big endian entry point', 6, 'EP+0', elf64Big, true),
  at('elf section 1 is the first real one', 6, 'S1+64', elf, true),
  at('elf section 0 is the empty one', 6, `S0+${ELF_FIRST_SECTION + 0x40}`, elf, true),
  at('elf section 2', 6, 'S2+32', elf3, true),
  at('elf inside section 2', 6, 'SE2', buildElf({ sections: sections(noise(0x120, 3), second) }), true),
  at('elf inside section 1', 6, 'SE1', buildElf({ sections: sections(noise(0x120, 3), second) }), false),
  at('elf last section is the table of names', 6, 'SL+0', elf3, false),
  at('mach-o any offset', 9, '*', macho, true),
  at('mach-o 64 bit any offset', 9, '*', macho64, true),
  at('mach-o for intel has no entry point', 9, 'EP+0', macho, false),
  at('mach-o 64 bit for intel has no entry point', 9, 'EP+0', macho64, false),
  at('mach-o for intel has its entry point at zero', 9, `EP+${MACHO_FIRST_SECTION + 0x40}`, macho, true),
  at('mach-o section 0', 9, 'S0+64', macho, true),
  at('mach-o section 1', 9, 'S1+32', macho2, true),
  at('mach-o absolute', 9, String(MACHO_FIRST_SECTION + 0x40), macho, true),
  at('offset EP in target 2', 2, 'EP+0', pe, 'refused'),
  at('offset SL with minus', 1, 'SL-4', pe, 'refused'),
  at('offset SE with plus', 1, 'SE0+4', pe, 'refused'),
]

const VERSION_CASES: readonly Case[] = [
  ['version information key and value', toHex(wide('CompanyName')) + '00000000' + toHex(wide('Pest House')), ['T']],
  ['version information key', toHex(wide('CompanyName')), ['T']],
  ['version information, second key', toHex(wide('FileVersion')), ['T']],
  ['version information is anchored at keys', toHex(wide('Pest House')), []],
  ['version information, other key', toHex(wide('ProductName')), []],
].map(([name, pattern, expected]) =>
  one(name as string, 't.ldb', `T;Engine:52-255,Target:1;0;VI:${pattern as string}`, peVersion, expected as string[]),
)

/** A logical signature on an executable with a description. */
function described(name: string, description: string, content: Uint8Array, found: boolean): Case {
  return one(name, 't.ldb', `T;Engine:51-255,${description};0;${PATTERN_HEX}`, content, found ? ['T'] : [])
}

const DESCRIPTION_CASES: readonly Case[] = [
  described('number of sections', 'Target:1,NumberOfSections:3-3', pe3, true),
  described('number of sections, range', 'Target:1,NumberOfSections:1-5', pe3, true),
  described('number of sections, wrong', 'Target:1,NumberOfSections:4-9', pe3, false),
  described(
    'entry point as file offset',
    `Target:1,EntryPoint:${PE_FIRST_SECTION + 0x40}-${PE_FIRST_SECTION + 0x40}`,
    pe,
    true,
  ),
  described('entry point as address', 'Target:1,EntryPoint:4160-4160', pe, false),
  described('number of sections of elf', 'Target:6,NumberOfSections:3-3', elf, true),
  described(
    'entry point of elf',
    `Target:6,EntryPoint:${ELF_FIRST_SECTION + 0x40}-${ELF_FIRST_SECTION + 0x40}`,
    elf,
    true,
  ),
  described('number of sections of mach-o', 'Target:9,NumberOfSections:1-1', macho, true),
  described('file size of pe', `Target:1,FileSize:${pe.length}-${pe.length}`, pe, true),
  described(
    'all conditions at once',
    'Target:1,FileSize:100-100000,NumberOfSections:1-2,Container:CL_TYPE_ANY',
    pe,
    true,
  ),
  one('entry point in a subsignature', 't.ldb', `T;Engine:51-255,Target:1;0&1;EP+0:${PATTERN_HEX};4d5a`, pe, ['T']),
  one(
    'entry point in a subsignature, one off',
    't.ldb',
    `T;Engine:51-255,Target:1;0&1;EP+1:${PATTERN_HEX};4d5a`,
    pe,
    [],
  ),
]

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')
const sha1 = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex')
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const raw = pe.slice(PE_FIRST_SECTION, PE_FIRST_SECTION + 0x200)
const raw64 = pe64.slice(PE_FIRST_SECTION, PE_FIRST_SECTION + 0x200)

const imported = { 'KERNEL32.dll': ['ExitProcess', 'LoadLibraryA'], 'USER32.dll': ['MessageBoxA'] }
const importing = buildPe({ sections: sections(first), imports: imported })
const importing64 = buildPe({ sections: sections(first), imports: imported, is64: true })
const importText = 'kernel32.exitprocess,kernel32.loadlibrarya,user32.messageboxa'
const importHash = createHash('md5').update(importText).digest('hex')

const SECTION_HASH_CASES: readonly Case[] = [
  one('section md5', 't.mdb', `512:${md5(raw)}:T`, pe, ['T']),
  one('section md5 of pe32+', 't.mdb', `512:${md5(raw64)}:T`, pe64, ['T']),
  one('section md5 with wrong size', 't.mdb', `511:${md5(raw)}:T`, pe, []),
  one('section md5 of other content', 't.mdb', `512:${md5(raw.slice(1))}:T`, pe, []),
  one('section md5, upper case', 't.mdb', `512:${md5(raw).toUpperCase()}:T`, pe, ['T']),
  one('section md5 with any size', 't.mdb', `*:${md5(raw)}:T:73`, pe, ['T']),
  one('section md5 with any size without level', 't.mdb', `*:${md5(raw)}:T`, pe, 'refused'),
  one('section sha1', 't.msb', `512:${sha1(raw)}:T:73`, pe, ['T']),
  one('section sha256', 't.msb', `512:${sha256(raw)}:T:73`, pe, ['T']),
  one('section hash of elf', 't.mdb', `${first.length}:${md5(first)}:T`, elf, []),
  one('import hash', 't.imp', `${importHash}:${importText.length}:T`, importing, ['T']),
  one('import hash with any size', 't.imp', `${importHash}:*:T`, importing, ['T']),
  one('import hash with wrong size', 't.imp', `${importHash}:${importText.length + 1}:T`, importing, []),
  one('import hash of pe32+ is not compared', 't.imp', `${importHash}:*:T`, importing64, []),
  one('import hash of other imports', 't.imp', `${md5(new Uint8Array(1))}:*:T`, importing, []),
]

export const EXECUTABLE_CASES: readonly Case[] = [
  ...OFFSET_CASES,
  ...VERSION_CASES,
  ...DESCRIPTION_CASES,
  ...SECTION_HASH_CASES,
]
