import { describe, expect, it } from 'vitest'
import { identify, importTable, readExecutable, universalSlices } from './index.ts'
import { buildElf, buildMachO, buildPe, buildUniversal } from './testing.ts'
import type { PeRecipe } from './testing.ts'

const filled = (size: number, byte: number) => new Uint8Array(size).fill(byte)
const text = { name: '.text', data: filled(600, 0x41) }
const data = { name: '.data', data: filled(300, 0x42) }
const layoutOf = (content: Uint8Array) => readExecutable(identify(content), content)
const extents = (content: Uint8Array) => layoutOf(content)?.sections.map(s => [s.rawOffset, s.rawSize])

// Offsets of fields in what buildPe writes.
const PE = { lfanew: 60, sections: 0x86, optionalSize: 0x94, entry: 0xa8, sectionAlignment: 0xb8, fileAlignment: 0xbc }
const SECTION_TABLE = 0x80 + 24 + 224
const sectionField = (index: number, field: number) => SECTION_TABLE + 40 * index + field

function patched(recipe: PeRecipe, changes: readonly (readonly [offset: number, value: number, size?: 2 | 4])[]) {
  const file = buildPe(recipe)
  const view = new DataView(file.buffer)
  for (const [offset, value, size] of changes)
    if (size === 2) view.setUint16(offset, value, true)
    else view.setUint32(offset, value, true)
  return file
}

describe('PE', () => {
  it.each([false, true])('is64 %s: entry point, sections, no anomalies', is64 => {
    expect(layoutOf(buildPe({ is64, sections: [text, data], entryPoint: 0x2010 }))).toMatchObject({
      format: 'pe',
      is64,
      entryPoint: 0x600 + 0x10,
      sections: [
        { name: '.text', rawOffset: 0x200, rawSize: 0x400, virtualAddress: 0x1000, virtualSize: 0x1000 },
        { name: '.data', rawOffset: 0x600, rawSize: 0x200, virtualAddress: 0x2000, virtualSize: 0x1000 },
      ],
      versionInfoOffsets: [],
      anomalies: [],
    })
  })

  it.each([
    [
      'raw pointers are rounded down',
      [[sectionField(1, 20), 0x7ff]],
      [
        [0x200, 0x400],
        [0x600, 0x200],
      ],
    ],
    [
      'raw sizes are rounded up',
      [[sectionField(0, 16), 0x201]],
      [
        [0x200, 0x400],
        [0x600, 0x200],
      ],
    ],
    [
      'raw sizes end with the file',
      [[sectionField(0, 16), 0x7000_0000]],
      [
        [0x200, 0x600],
        [0x600, 0x200],
      ],
    ],
    [
      'raw data outside counts for nothing',
      [[sectionField(1, 20), 0x4000]],
      [
        [0x200, 0x400],
        [0x4000, 0],
      ],
    ],
    [
      'a file alignment nobody keeps is 512',
      [[PE.fileAlignment, 0x1000]],
      [
        [0x200, 0x400],
        [0x600, 0x200],
      ],
    ],
    [
      'a file alignment of 0 rounds nothing',
      [
        [PE.fileAlignment, 0],
        [sectionField(0, 16), 0x201],
      ],
      [
        [0x200, 0x201],
        [0x600, 0x200],
      ],
    ],
  ] as const)('%s', (_, changes, expected) => {
    expect(extents(patched({ sections: [text, data] }, changes))).toEqual(expected)
  })

  it.each([
    ['an entry point outside every section', [[PE.entry, 0x9000]]],
    ['no section', [[PE.sections, 0, 2]]],
    ['too many sections', [[PE.sections, 97, 2]]],
    ['a short optional header', [[PE.optionalSize, 223, 2]]],
    ['a section above 2 GiB', [[sectionField(1, 12), 0x8000_0000]]],
    ['a section of 2 GiB', [[sectionField(1, 8), 0x8000_0000]]],
    ['a raw size that overflows', [[sectionField(1, 16), 0xffff_ffff]]],
    [
      'a section table outside the file',
      [
        [PE.sections, 96, 2],
        [PE.optionalSize, 0xf000, 2],
      ],
    ],
  ] as const)('%s makes the header unreadable', (_, changes) => {
    const file = patched({ sections: [text, data] }, changes)
    expect(identify(file).name).toBe('pe')
    expect(layoutOf(file)).toBeUndefined()
  })

  it('tells an entry point in the headers by its own address', () => {
    expect(layoutOf(buildPe({ sections: [text], entryPoint: 0x40 }))?.entryPoint).toBe(0x40)
  })

  it('reports sections that the file does not hold', () => {
    const file = patched({ sections: [text, data] }, [[sectionField(1, 20), 0x4000]])
    expect(layoutOf(file)?.anomalies.map(anomaly => anomaly.code)).toEqual(['section-outside'])
    expect(layoutOf(buildPe({ sections: [text, data] }).subarray(0, 0x500))?.anomalies.map(a => a.code)).toEqual([
      'section-truncated',
      'section-outside',
    ])
  })

  it('is a DOS program without a PE signature, and then has no layout', () => {
    const file = patched({ sections: [text] }, [[PE.lfanew, 0x90]])
    expect([identify(file).name, layoutOf(file)]).toEqual(['dos', undefined])
  })
})

describe('version information', () => {
  const strings = { CompanyName: 'Lazaret', FileVersion: '1.0', Empty: '', ProductName: 'Quarantine' }

  it.each([false, true])('is64 %s: keys of the strings that have a value', is64 => {
    const file = buildPe({ is64, sections: [text], versionInfo: strings })
    const found = layoutOf(file)!.versionInfoOffsets.map(offset => utf16At(file, offset))
    // The value of an empty string still is its NUL, which has a length of one.
    expect(found).toEqual(['CompanyName', 'FileVersion', 'Empty', 'ProductName'])
  })

  it('leaves out a last string whose padding is cut off, and empty ones', () => {
    const file = buildPe({ sections: [text], versionInfo: strings })
    const offsets = layoutOf(file)!.versionInfoOffsets
    const last = offsets[3] - 6
    const view = new DataView(file.buffer)
    view.setUint16(offsets[0] - 4, 0, true)
    view.setUint16(last, view.getUint16(last, true) + 3, true)
    expect(layoutOf(file)!.versionInfoOffsets).toEqual([offsets[1], offsets[2]])
  })

  it('is read once', () => {
    const layout = layoutOf(buildPe({ sections: [text], versionInfo: strings }))!
    expect(layout.versionInfoOffsets).toBe(layout.versionInfoOffsets)
  })

  it('ends where a resource directory leads back to itself', () => {
    const file = buildPe({ sections: [], versionInfo: strings })
    const at = layoutOf(file)!.sections[0].rawOffset
    new DataView(file.buffer).setUint32(at + 20, 0x8000_0000, true)
    expect(layoutOf(file)!.versionInfoOffsets).toEqual([])
  })
})

function utf16At(file: Uint8Array, offset: number): string {
  let key = ''
  for (let at = offset; file[at] !== 0; at += 2) key += String.fromCharCode(file[at])
  return key
}

describe('import table', () => {
  const imports = [
    { library: 'KERNEL32.dll', functions: ['ExitProcess', 'Sleep', 5] },
    { library: 'WS2_32.DLL', functions: [1, 2, 115, 9999] },
    { library: 'oleaut32.ocx', functions: [2] },
    { library: 'Odd.Name.exe', functions: ['X'] },
  ]

  it.each([false, true])('is64 %s: names in order, lower case, ordinals as names where they are known', is64 => {
    expect(importTable(buildPe({ is64, sections: [text], imports }))).toEqual({
      text: 'kernel32.exitprocess,kernel32.sleep,kernel32.ord5,ws2_32.accept,ws2_32.bind,ws2_32.wsastartup,ws2_32.ord9999,oleaut32.sysallocstring,odd.name.exe.x',
      size: 147,
    })
  })

  it.each([
    ['no imports', buildPe({ sections: [text] })],
    ['no PE file', filled(1000, 0x41)],
  ])('%s', (_, file) => expect(importTable(file)).toBeUndefined())
})

describe('ELF', () => {
  it.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('is64 %s, bigEndian %s', (is64, bigEndian) => {
    const first = is64 ? 128 : 96
    const file = buildElf({ is64, bigEndian, sections: [text, data], entryOffset: first + 40 })
    expect(layoutOf(file)).toMatchObject({ format: 'elf', is64, entryPoint: first + 40, anomalies: [] })
    expect(layoutOf(file)?.sections.map(s => [s.name, s.rawOffset, s.rawSize])).toEqual([
      ['', 0, 0],
      ['.text', first, 600],
      ['.data', Math.ceil((first + 600) / 16) * 16, 300],
      ['.shstrtab', expect.any(Number), 23],
    ])
  })

  const changed = (offset: number, value: number) => {
    const file = buildElf({ sections: [text] })
    new DataView(file.buffer).setUint16(offset, value, true)
    return file
  }
  it.each([
    ['class', 4, 0x0103],
    ['byte order', 5, 0x0103],
    ['size of a segment header', 54, 55],
    ['number of segments', 56, 129],
    ['size of a section header', 58, 63],
    ['number of sections', 60, 2049],
    ['entry point outside the segments', 26, 0x7fff],
  ])('a wrong %s makes the header unreadable', (_, offset, value) => {
    expect(layoutOf(changed(offset, value))).toBeUndefined()
  })

  it('without segments has no entry point', () => expect(layoutOf(changed(56, 0))?.entryPoint).toBe(-1))
})

describe('Mach-O', () => {
  it.each([
    [false, false, 304, 0],
    [true, false, 448, 0],
    [false, true, 400, 400],
    [true, true, 592, 592],
  ])('is64 %s, bigEndian %s', (is64, bigEndian, first, entryPoint) => {
    const layout = layoutOf(buildMachO({ is64, bigEndian, sections: [text, data] }))
    expect(layout).toMatchObject({ format: 'macho', is64, entryPoint, anomalies: [] })
    expect(layout?.sections.map(s => [s.name, s.rawOffset, s.rawSize, s.virtualSize])).toEqual([
      ['.text', first, 608, 600],
      ['.data', first + 608, 304, 300],
    ])
  })

  it('universal files have slices instead of a layout', () => {
    const slices = [buildMachO({ is64: false, sections: [text] }), buildMachO({ sections: [text] })]
    const file = buildUniversal(slices)
    expect(layoutOf(file)).toBeUndefined()
    expect(universalSlices(file)).toEqual([
      { offset: 0x1000, size: slices[0].length },
      { offset: 0x2000, size: slices[1].length },
    ])
    const inside = universalSlices(file).map(({ offset, size }) => file.subarray(offset, offset + size))
    expect(inside.map(slice => identify(slice).name)).toEqual(['macho', 'macho'])
  })
})
