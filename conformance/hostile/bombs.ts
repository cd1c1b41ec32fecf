import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join as path } from 'node:path'
import { constants, crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { buildPdf, PAGES } from '../../src/components/pdf/build.ts'
import { buildOle2 } from '../../src/formats/testing.ts'
import { oldSparseEntry, tar, tarEntry } from '../../src/formats/tar/build.ts'
import { buildZip, centralRecord, endRecord, localRecord, type MemberRecipe } from '../../src/formats/zip/build.ts'
import { join } from '../carriers/bytes.ts'
import { gzipQuine } from './quine.ts'

// Files that are small and become large, deep or endless. Made by code and by the system's compressors.

export interface Bomb {
  readonly name: string
  readonly make: (file: string) => void
  /** Why it cannot be looked at to its end; `clean` where it can. */
  readonly reasons: readonly ('too-large' | 'too-deep' | 'time' | 'malformed' | 'clean')[]
}

const MIB = 1 << 20
const GIB_IN_MIB = 1024
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const write = (make: () => Uint8Array) => (file: string) => writeFileSync(file, make())

/** Deflated content of one piece, again and again: costs one compression. */
function repeated(piece: Uint8Array, times: number): { raw: Uint8Array; checksum: number; size: number } {
  const block = deflateRawSync(piece, { level: 9, finishFlush: constants.Z_FULL_FLUSH })
  const end = deflateRawSync(new Uint8Array(0))
  let checksum = 0
  for (let i = 0; i < times; i++) checksum = crc32(piece, checksum)
  return { raw: join(...Array<Uint8Array>(times).fill(block), end), checksum, size: piece.length * times }
}

function gzipOf(piece: Uint8Array, times: number): Uint8Array {
  const { raw, checksum, size } = repeated(piece, times)
  const tail = Buffer.alloc(8)
  tail.writeUInt32LE(checksum, 0)
  tail.writeUInt32LE(size % 2 ** 32, 4)
  return join(bytes('\x1f\x8b\x08\0\0\0\0\0\0\x03'), raw, tail)
}

const zeros = (size: number) => new Uint8Array(size)

/** Archives in archives, five levels, no two of them alike; at the bottom zeros, four gigabytes of them. */
function nestedZips(): Uint8Array {
  const leaf = zeros(4 * MIB)
  const packed: MemberRecipe = {
    name: 'zeros',
    content: '',
    method: 8,
    data: deflateRawSync(leaf),
    crc: crc32(leaf),
    packed: deflateRawSync(leaf).length,
    unpacked: leaf.length,
  }
  let serial = 0
  const level = (depth: number): Uint8Array => {
    const number: MemberRecipe = { name: 'number', content: String(serial++) }
    if (depth === 0) return buildZip([number, packed])
    return buildZip([
      number,
      ...Array.from({ length: 4 }, (_, i) => deflated({ name: `${i}.zip`, content: level(depth - 1) })),
    ])
  }
  return level(5)
}

const deflated = (member: MemberRecipe): MemberRecipe => ({
  ...member,
  method: 8,
  data: deflateRawSync(member.content, { level: 1 }),
})

/** One kernel of zeros, behind every local header. Source: D. Fifield, "A better zip bomb" (2019), full overlap. */
function overlappingZip(): Uint8Array {
  const content = zeros(10 * MIB)
  const data = deflateRawSync(content)
  const crc = crc32(content)
  const recipe = (i: number): MemberRecipe => ({
    name: `f${i}`,
    content: '',
    method: 8,
    crc,
    packed: data.length,
    unpacked: content.length,
  })
  const local = localRecord({ ...recipe(0), data })
  const central = join(...Array.from({ length: 10_000 }, (_, i) => centralRecord(recipe(i), 0)))
  return join(local, central, endRecord(10_000, central.length, local.length))
}

/** Each member's data begin with a stored block that quotes the next one's header: headers and kernel are shared. */
function quotingZip(): Uint8Array {
  const count = 250
  const kernel = zeros(10 * MIB)
  let data: Uint8Array = deflateRawSync(kernel)
  let checksum = crc32(kernel)
  let size = kernel.length
  const tails: Uint8Array[] = []
  const records: { recipe: MemberRecipe; size: number }[] = []
  for (let i = count - 1; i >= 0; i--) {
    const recipe = { name: `f${i}`, content: '', method: 8, crc: checksum, packed: data.length, unpacked: size }
    const header = localRecord({ ...recipe, data: zeros(0) })
    records.unshift({ recipe, size: header.length })
    tails.unshift(header)
    const block = Buffer.alloc(5)
    block.writeUInt16LE(header.length, 1)
    block.writeUInt16LE(header.length ^ 0xffff, 3)
    if (i === 0) data = join(header, data)
    else {
      data = join(block, header, data)
      checksum = crc32(
        kernel,
        [...tails].reduce((sum, tail) => crc32(tail, sum), 0),
      )
      size += header.length
    }
  }
  // A member begins with its header: behind the block that quotes it, except for the first.
  let at = 0
  const central = records.map(({ recipe, size: length }) => {
    const entry = centralRecord(recipe, at)
    at += length + 5
    return entry
  })
  const directory = join(...central)
  return join(data, directory, endRecord(count, directory.length, data.length))
}

function nestedGzip(): Uint8Array {
  let whole = gzipOf(zeros(MIB), GIB_IN_MIB)
  for (let i = 1; i < 10; i++) whole = gzipSync(whole)
  return whole
}

/** A million members without content, in blocks of a thousand, with so many names in turn. */
function manyMembers(names: number): Uint8Array {
  const headers = join(...Array.from({ length: 1000 }, (_, i) => tarEntry({ name: `empty/${i % names}` })))
  return gzipOf(headers, 1000)
}

const claims = (): Uint8Array =>
  tar(
    tarEntry({ name: 'a', size: 8 * 2 ** 30 - 1, data: bytes('not that much') }),
    tarEntry({ name: 'b', size: 2 ** 52, base256: true, data: bytes('nor that') }),
  )

const holes = (): Uint8Array =>
  tar(
    oldSparseEntry('a', [0, 7, 8 * 2 ** 30 - 8, 7], 8 * 2 ** 30 - 1, bytes('content')),
    tarEntry({ name: 'b', data: bytes('small') }),
  )

function laughs(): Uint8Array {
  const entities = Array.from({ length: 12 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`)
  const text = `<?xml version="1.0"?><!DOCTYPE w:document [<!ENTITY l0 "ha">${entities.join('')}]><w:document>&l12;</w:document>`
  return buildZip(
    [
      { name: '[Content_Types].xml', content: '<Types/>' },
      { name: 'word/document.xml', content: bytes(text) },
    ].map(member => ({ ...member, content: bytes(Buffer.from(member.content).toString('latin1')) })),
  )
}

function filters(): Uint8Array {
  const { raw } = repeated(zeros(MIB), GIB_IN_MIB)
  let data: Uint8Array = join(bytes('\x78\xda'), raw, zeros(4))
  for (let i = 0; i < 3; i++) data = new Uint8Array(deflateSync(data))
  return buildPdf([...PAGES, { dictionary: `/Filter[${'/FlateDecode'.repeat(4)}]`, data }])
}

const nestedArrays = (): Uint8Array =>
  buildPdf([...PAGES, `${'['.repeat(500_000)}${']'.repeat(500_000)}`, '<</A'.repeat(500_000)])

const nestedParts = (): Uint8Array => {
  const heads = Array.from(
    { length: 10_000 },
    (_, i) => `Content-Type: multipart/mixed; boundary="b${i}"\r\n\r\n--b${i}\r\n`,
  )
  return bytes(`From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n${heads.join('')}`)
}

const manyUrls = (): Uint8Array => {
  const link = (i: number) => `<a href="data:;base64,${Buffer.from(`link ${i} `).toString('base64')}">x</a>\n`
  return bytes(`<html><body>${Array.from({ length: 1_000_000 }, (_, i) => link(i)).join('')}</body></html>`)
}

/** Every chain of sectors goes round in a circle, and every stream claims two gigabytes. */
function loops(): Uint8Array {
  const streams = Array.from({ length: 100 }, (_, i) => ({ path: `s${i}`, data: zeros(4096) }))
  const file = Buffer.from(buildOle2({ entries: streams }))
  const sector = (number: number): number => (number + 1) * 512
  const directory: number[] = []
  for (let at = file.readUInt32LE(48); at < 0xffff_fff0; at = next(file, at)) directory.push(sector(at))
  for (const at of directory)
    for (let entry = at; entry < at + 512; entry += 128)
      if (file[entry + 66] === 2) file.writeUInt32LE(0x7fff_ffff, entry + 120)
  for (let number = 0; number < 100 * 8; number++)
    if (next(file, number) === 0xffff_fffe) file.writeUInt32LE(number - 7, placeOf(file, number))
  return file
}

/** Where the table has its entry of a sector. */
const placeOf = (file: Buffer, number: number): number =>
  (file.readUInt32LE(76 + (number >> 7) * 4) + 1) * 512 + (number & 127) * 4
const next = (file: Buffer, number: number): number => file.readUInt32LE(placeOf(file, number))

function shell(command: string): (file: string) => void {
  return file => void execFileSync('sh', ['-c', command], { env: { ...process.env, FILE: file }, stdio: 'ignore' })
}

/** A sparse file, given to a program of the system. */
const image = (file: string): void => {
  const source = `${file}.iso`
  const sector = Buffer.alloc(2048)
  sector.write('\x01CD001\x01', 'latin1')
  closeSync(openSync(source, 'w'))
  writeFileSync(source, join(zeros(32_768), sector, bytes('\xffCD001\x01'), zeros(2041)))
  truncateSync(source, 700 * MIB)
  execFileSync('sh', ['-c', `xz -0 -c "${source}" > "${file}"`])
  rmSync(source)
}

const solid = (file: string): void => {
  const folder = `${file}.d`
  mkdirSync(folder)
  for (let i = 0; i < 100; i++) {
    const one = path(folder, `${i}`)
    writeFileSync(one, `${i}`)
    truncateSync(one, 10 * MIB)
  }
  execFileSync('7z', ['a', '-mx=1', '-ms=on', `${file}.7z`, folder], { stdio: 'ignore' })
  execFileSync('mv', [`${file}.7z`, file])
  rmSync(folder, { recursive: true })
}

const HUGE = ['too-large'] as const

export const BOMBS: readonly Bomb[] = [
  { name: 'archives in archives (42.zip)', make: write(nestedZips), reasons: HUGE },
  { name: 'overlapping members', make: write(overlappingZip), reasons: ['too-large', 'malformed'] },
  { name: 'members that quote each other', make: write(quotingZip), reasons: ['too-large', 'malformed'] },
  {
    name: 'bzip2 in bzip2',
    make: shell('head -c 1073741824 /dev/zero | bzip2 -9 | bzip2 -9 > "$FILE"'),
    reasons: HUGE,
  },
  { name: 'gzip ten times', make: write(nestedGzip), reasons: HUGE },
  { name: 'gzip that holds itself', make: write(gzipQuine), reasons: ['too-deep'] },
  { name: 'a gibibyte in gzip', make: write(() => gzipOf(zeros(MIB), GIB_IN_MIB)), reasons: HUGE },
  { name: 'a gibibyte in xz', make: shell('head -c 1073741824 /dev/zero | xz -0 -T2 > "$FILE"'), reasons: HUGE },
  { name: 'a million members in tar.gz', make: write(() => manyMembers(1)), reasons: HUGE },
  // Packed to an eightieth, not to a thousandth: 222 MB of it are a member like any other.
  { name: 'a million names in tar.gz', make: write(() => manyMembers(1000)), reasons: HUGE },
  { name: 'sizes that tar claims', make: write(claims), reasons: ['malformed'] },
  { name: 'holes in tar', make: write(holes), reasons: HUGE },
  // Entities are never expanded: all there is was looked at.
  { name: 'entities in docx', make: write(laughs), reasons: ['clean'] },
  { name: 'chained filters in PDF', make: write(filters), reasons: HUGE },
  { name: 'nested arrays in PDF', make: write(nestedArrays), reasons: ['too-deep', 'too-large', 'malformed'] },
  { name: 'multiparts in multiparts', make: write(nestedParts), reasons: ['too-deep', 'too-large', 'malformed'] },
  { name: 'a gibibyte in 7z', make: shell('head -c 1073741824 /dev/zero | 7z a -mx=1 -si0 "$FILE.7z" && mv "$FILE.7z" "$FILE"'), reasons: HUGE }, // prettier-ignore
  { name: 'a solid 7z', make: solid, reasons: HUGE },
  { name: 'an image of zeros in xz', make: image, reasons: HUGE },
  { name: 'a million data: URLs', make: write(manyUrls), reasons: HUGE },
  { name: 'loops in OLE2', make: write(loops), reasons: ['malformed'] },
]
