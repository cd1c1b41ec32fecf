import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { identify, importTable, readExecutable } from '../src/formats/index.ts'
import { buildElf, buildMachO, buildPe } from '../src/formats/testing.ts'

// The readers against the programs that define or know the formats: clamscan and sigtool (Debian package clamav),
// readelf (binutils), and the files of Debian's clamav-testfiles and libwine where they are installed.

const MAX_FILES = 60
const MAX_FILE_BYTES = 2_000_000
const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
const [clamscan, sigtool, readelf] = ['clamscan', 'sigtool', 'readelf'].map(has)
for (const [program, there] of Object.entries({ clamscan, sigtool, readelf }))
  if (!there) console.warn(`${program} is not installed: its part of this suite is skipped`)

const folder = mkdtempSync(join(tmpdir(), 'lazaret-formats-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')
const layoutOf = (content: Uint8Array) => readExecutable(identify(content), content)

/** Some regular files of a folder, evenly spread over its listing. */
function filesOf(path: string, ending = ''): string[] {
  if (!existsSync(path)) return []
  const all = readdirSync(path)
    .filter(name => name.endsWith(ending))
    .map(name => join(path, name))
    .filter(file => statSync(file).isFile() && statSync(file).size > 5 && statSync(file).size < MAX_FILE_BYTES)
  const step = Math.max(1, Math.floor(all.length / MAX_FILES))
  return all.filter((_, i) => i % step === 0)
}

const WINE = '/usr/lib/x86_64-linux-gnu/wine'
const PROGRAMS = [
  ...filesOf('/usr/share/clamav-testfiles', '.exe'),
  ...filesOf(join(WINE, 'x86_64-windows')),
  ...filesOf(join(WINE, 'i386-windows')),
]

describe.skipIf(!sigtool || PROGRAMS.length === 0)('sigtool', () => {
  const ask = (option: string, file: string): string => {
    const { stdout, stderr } = spawnSync('sigtool', [option, file], { encoding: 'latin1' })
    return stdout + stderr
  }

  it.each(PROGRAMS)('hashes the same sections of %s', file => {
    const theirs = [...ask('--mdb', file).matchAll(/Section\{\d+\}: (\d+:\w+)/g)].map(match => match[1]).sort()
    const content = readFileSync(file)
    const sections = (layoutOf(content)?.sections ?? []).filter(section => section.rawSize > 0)
    const ours = sections.map(
      ({ rawOffset, rawSize }) => `${rawSize}:${md5(content.subarray(rawOffset, rawOffset + rawSize))}`,
    )
    expect(ours.sort()).toEqual(theirs)
  })

  it.each(PROGRAMS)('hashes the same imports of %s', file => {
    const theirs = /Imphash: (\w+:\d+)/.exec(ask('--imp', file))?.[1]
    const table = importTable(readFileSync(file))
    // ClamAV finds no imports where only the address table lists them, as packers write it; other tools and we do.
    if (theirs === `${md5(new Uint8Array(0))}:0`) return
    expect(table === undefined ? undefined : `${md5(Buffer.from(table.text, 'latin1'))}:${table.size}`).toBe(theirs)
  })
})

describe.skipIf(!readelf)('readelf', () => {
  it.each(filesOf('/usr/bin').filter(file => readFileSync(file).subarray(1, 4).toString() === 'ELF'))('%s', file => {
    const layout = layoutOf(readFileSync(file))
    const listing = execFileSync('readelf', ['-SW', file], { encoding: 'latin1' })
    const theirs = [...listing.matchAll(/^ +\[ *\d+\] (\S*) +[A-Z]\S+ +[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+)/gm)].map(
      ([, name, offset, size]) => [name, Number.parseInt(offset, 16), Number.parseInt(size, 16)],
    )
    const ours = layout?.sections.map(section => [section.name, section.rawOffset, section.rawSize])
    expect(ours).toEqual(theirs)
  })
})

/** Bytes that occur once. */
function unique(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let at = 0; at + 16 <= size; at += 16) bytes.set(createHash('md5').update(`${seed} ${at}`).digest(), at)
  return bytes
}

interface Forged {
  readonly name: string
  readonly target: number
  readonly content: Uint8Array<ArrayBuffer>
}

const sections = [
  { name: '.a', data: unique(0x800, 1) },
  { name: '.b', data: unique(0x500, 2) },
]
const versionInfo = { CompanyName: 'Lazaret', FileVersion: '1.0.3', ProductName: 'Quarantine station' }

function forged(): Forged[] {
  const files: Forged[] = []
  for (const is64 of [false, true]) {
    files.push({ name: `pe-${is64}`, target: 1, content: buildPe({ is64, sections, entryPoint: 0x1123, versionInfo }) })
    for (const bigEndian of [false, true]) {
      const name = `${is64}-${bigEndian}`
      files.push({
        name: `elf-${name}`,
        target: 6,
        content: buildElf({ is64, bigEndian, sections, entryOffset: 0x200 }),
      })
      files.push({
        name: `macho-${name}`,
        target: 9,
        content: buildMachO({ is64, bigEndian, sections, entryOffset: 0x400 }),
      })
    }
  }
  return files
}

/** PE fields worth changing, as [offset, size], for PE32 with two sections and version information. */
const PE_FIELDS = [
  0xa8, 0xb8, 0xbc, 0xd4, 0x178, 0x17c, 0x180, 0x184, 0x188, 0x18c, 0x190, 0x194, 0x1a0, 0x1a4, 0x1a8, 0x1ac,
]
const VALUES = [0, 1, 0x1ff, 0x200, 0x201, 0x1000, 0x1001, 0x2000, 0x3000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]

function mutated(): Forged[] {
  const pe = buildPe({ sections, versionInfo })
  return PE_FIELDS.flatMap(offset =>
    VALUES.map(value => {
      const content = pe.slice()
      new DataView(content.buffer).setUint32(offset, value, true)
      return { name: `pe-${offset.toString(16)}-${value.toString(16)}`, target: 1, content }
    }),
  )
}

/** Signatures at every relative offset our layout tells, with the bytes that are there. */
function signaturesFor({ target, content }: Forged): string[] {
  const layout = layoutOf(content)
  if (layout === undefined) return []
  const lines: string[] = []
  const add = (name: string, offset: string, at: number): void => {
    const bytes = Buffer.from(content.subarray(at, at + 12))
    if (at >= 0 && bytes.length === 12 && bytes.some(byte => byte !== 0))
      lines.push(`${name}:${target}:${offset}:${bytes.toString('hex')}`)
  }
  add('EP', 'EP+0', layout.entryPoint)
  for (const [i, { rawOffset, rawSize }] of layout.sections.entries()) {
    add(`S${i}`, `S${i}+0`, rawOffset)
    if (rawSize >= 12 && rawSize < content.length) add(`SE${i}`, `SE${i}`, rawOffset + rawSize - 12)
  }
  add('SL', 'SL+0', layout.sections.at(-1)?.rawOffset ?? -1)
  for (const [i, offset] of layout.versionInfoOffsets.entries()) add(`VI${i}`, 'VI', offset)
  return lines
}

describe.skipIf(!clamscan)('clamscan', () => {
  const scan = (content: Uint8Array, lines: readonly string[]): string[] => {
    writeFileSync(join(folder, 'file'), content)
    writeFileSync(join(folder, 'test.ndb'), `${lines.join('\n')}\n`)
    const options = ['-d', join(folder, 'test.ndb'), '--no-summary', '--allmatch', join(folder, 'file')]
    const { stdout } = spawnSync('clamscan', options, { encoding: 'latin1' })
    return [...new Set([...stdout.matchAll(/: (\w+)\.UNOFFICIAL FOUND/g)].map(match => match[1]))].sort()
  }

  it.each([...forged(), ...mutated()])('finds at $name what our layout says', file => {
    const lines = signaturesFor(file)
    if (lines.length > 0) {
      expect(scan(file.content, lines)).toEqual(lines.map(line => line.split(':')[0]).sort())
    } else {
      // No layout: then no relative offset may match, wherever it might lead.
      const anywhere = sections.map((section, i) => `S${i}:${file.target}:S0+0,9999:${hexOf(section.data)}`)
      expect(scan(file.content, anywhere)).toEqual([])
    }
  })

  it.each([...filesOf('/usr/share/clamav-testfiles'), ...filesOf('/etc'), ...filesOf('/usr/bin')])(
    'has the same target for %s',
    path => {
      if (path.endsWith('emax.tgz')) return // made to be slow
      const content = readFileSync(path).subarray(0, 65_536)
      writeFileSync(join(folder, 'typed'), content)
      writeFileSync(join(folder, 'typed.ndb'), 'X:0:*:00112233445566778899aabb\n')
      const options = [
        '-d',
        join(folder, 'typed.ndb'),
        '--no-summary',
        '--gen-json=yes',
        '--debug',
        '--scan-archive=no',
      ]
      const { stderr } = spawnSync('clamscan', [...options, join(folder, 'typed')], {
        encoding: 'latin1',
        maxBuffer: 2 ** 28,
      })
      const theirs = /"RootFileType":"(\w+)"/.exec(stderr)?.[1] ?? 'none'
      expect(familyOf(identify(content).clamType)).toBe(familyOf(theirs))
    },
  )
})

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 12)).toString('hex')

/** ClamAV calls UTF-8 text ASCII, and what is no text often UTF-16; OLE2 documents have names of their own. */
function familyOf(clamType: string): string {
  if (/^CL_TYPE_(TEXT_|BINARY_DATA)/.test(clamType))
    return clamType === 'CL_TYPE_TEXT_UTF8' ? 'CL_TYPE_TEXT_ASCII' : clamType
  return /^CL_TYPE_MS(WORD|PPT|XL|OLE2)$/.test(clamType) ? 'CL_TYPE_MSOLE2' : clamType
}
