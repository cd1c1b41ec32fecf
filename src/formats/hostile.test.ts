import { describe, expect, it } from 'vitest'
import { identify, importTable, readExecutable, universalSlices } from './index.ts'
import { buildElf, buildMachO, buildPe, buildUniversal } from './testing.ts'

// Every reader on every truncation and on thousands of mutations: nothing may throw, and what is answered must lie
// where it says it lies.

const data = (size: number, seed: number) => Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed) & 0xff)
const sections = [
  { name: '.text', data: data(600, 1) },
  { name: '.data', data: data(300, 2) },
]
const imports = [{ library: 'KERNEL32.dll', functions: ['ExitProcess', 7] }]
const versionInfo = { CompanyName: 'Lazaret', ProductVersion: '1.0' }

const FILES: readonly (readonly [string, Uint8Array])[] = [
  ['PE32', buildPe({ sections, imports, versionInfo })],
  ['PE32+', buildPe({ is64: true, sections, imports, versionInfo })],
  ['ELF32 little', buildElf({ is64: false, sections })],
  ['ELF64 little', buildElf({ sections })],
  ['ELF32 big', buildElf({ is64: false, bigEndian: true, sections })],
  ['ELF64 big', buildElf({ bigEndian: true, sections })],
  ['Mach-O 32 little', buildMachO({ is64: false, sections })],
  ['Mach-O 64 little', buildMachO({ sections })],
  ['Mach-O 32 big', buildMachO({ is64: false, bigEndian: true, sections })],
  ['Mach-O 64 big', buildMachO({ bigEndian: true, sections })],
  ['universal', buildUniversal([buildMachO({ is64: false, sections }), buildMachO({ sections })])],
]
const MUTATIONS = 2_000

/** Asks for everything, and checks what must hold whatever the bytes are. */
function readAll(content: Uint8Array): void {
  const type = identify(content)
  const layout = readExecutable(type, content)
  if (layout !== undefined) {
    expect(layout.sections.length).toBeLessThanOrEqual(65_535)
    expect(Number.isInteger(layout.entryPoint)).toBe(true)
    for (const { rawOffset, rawSize } of layout.sections) {
      expect(rawOffset >= 0 && rawSize >= 0).toBe(true)
      if (layout.format === 'pe' && rawSize > 0) expect(rawOffset + rawSize).toBeLessThanOrEqual(content.length)
    }
    for (const offset of layout.versionInfoOffsets) expect(offset).toBeLessThan(content.length)
    if (layout.format === 'pe') expect(layout.entryPoint).toBeLessThan(content.length)
  }
  const table = importTable(content)
  if (table !== undefined) expect(table.size).toBe(table.text.length)
  for (const { offset, size } of universalSlices(content)) expect(offset + size).toBeLessThanOrEqual(content.length)
}

/** A generator of numbers that is the same on every machine (Lehmer). */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state * 48_271) % 0x7fff_ffff
    return state % below
  }
}

const INTERESTING = [0, 1, 0x7f, 0x80, 0xff]

describe.each(FILES)('%s', (name, file) => {
  it('is read when whole', () => {
    readAll(file)
    const layout = readExecutable(identify(file), file)
    if (name === 'universal') expect(universalSlices(file)).toHaveLength(2)
    else expect(layout?.sections.map(section => section.name)).toContain('.text')
  })

  it('survives truncation at every offset', () => {
    for (let size = 0; size < file.length; size++) readAll(file.subarray(0, size))
  })

  it(`survives ${MUTATIONS} mutations`, () => {
    const next = numbers(20_260_101 + name.length)
    let different = 0
    for (let i = 0; i < MUTATIONS; i++) {
      const content = file.slice()
      // Half of the changes hit the headers, where they matter most.
      const range = next(2) === 0 ? Math.min(512, content.length) : content.length
      for (let k = 1 + next(8); k > 0; k--)
        content[next(range)] = next(3) === 0 ? INTERESTING[next(INTERESTING.length)] : next(256)
      readAll(content)
      if (readExecutable(identify(content), content) === undefined) different++
    }
    expect(different).toBeGreaterThan(0)
  })
})
