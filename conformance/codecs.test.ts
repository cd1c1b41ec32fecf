import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { SHARED } from '../bench/lib/folders.ts'
import { decode, sampleText } from '../src/codecs/testing/hostile.ts'
import { implode, shrink } from '../src/codecs/testing/pkzip-encoders.ts'
import { compressedComponents } from '../src/components/compressed/index.ts'
import { collect, missedOf } from '../src/components/testing/collect.ts'
import { bzip2, gzip, lz4, lzip, lzmaAlone, lzop, szdd, uncompress, xz, zstd } from '../src/codecs/index.ts'
import { identify } from '../src/formats/index.ts'
import { missing } from './needs.ts'

// Decompressors against the usual tools: what they pack, we unpack, and what they unpack, we unpack alike.

const folder = mkdtempSync(join(tmpdir(), 'lazaret-codecs-'))
afterAll(() => rmSync(folder, { recursive: true }))

const FILES = {
  machineCode: readFileSync(process.execPath).subarray(20 << 20, 22 << 20),
  text: readFileSync(new URL('../package-lock.json', import.meta.url)),
  zeros: Buffer.alloc(3 << 20),
  tiny: Buffer.from('a'),
  empty: Buffer.alloc(0),
}

const LZMA2 = '--lzma2=preset=1'
const TOOLS: readonly (readonly [typeof gzip, string, readonly (readonly string[])[]])[] = [
  [gzip, 'gzip', [['-1'], ['-9']]],
  [bzip2, 'bzip2', [['-1'], ['-9']]],
  [lzmaAlone, 'lzma', [['-0'], ['-9e']]],
  [
    xz,
    'xz',
    [
      ['-0'],
      ['-9e', '-Csha256'],
      ['-1', '--block-size=100000', '-Cnone'],
      ...['--x86', '--powerpc', '--ia64', '--arm', '--armthumb', '--arm64', '--sparc', '--delta=dist=4'].map(filter => [
        filter,
        LZMA2,
      ]),
      ['--lzma2=preset=6,lc=1,lp=3,pb=0'],
    ],
  ],
  [lzip, 'lzip', [['-0'], ['-9', '-b200000']]],
  [lz4, 'lz4', [['-1'], ['-9', '-BD', '-B4'], ['-BX', '--content-size', '-B5'], ['-l']]],
  [zstd, 'zstd', [['-1'], ['-19'], ['--ultra', '-22', '--long=27'], ['--fast=9', '--no-check']]],
  [uncompress, 'compress', [['-f'], ['-f', '-b', '10'], ['-f', '-b', '12']]],
  [lzop, 'lzop', [['-1'], ['-9', '-CF'], ['-3', '-F']]],
]

describe.skipIf(missing('compressors').length > 0)('what tools pack', () => {
  for (const [decoder, tool, runs] of TOOLS)
    it.each(runs.map(options => options.join(' ')))(`${tool} %s`, options => {
      for (const [name, data] of Object.entries(FILES)) {
        const path = join(folder, name)
        writeFileSync(path, data)
        const packed = execFileSync(tool, [...options.split(' '), '-c', path], { maxBuffer: 1 << 30 })
        const { bytes, end, error } = decode(decoder(packed, 0))
        expect([name, error]).toEqual([name, undefined])
        expect([name, Buffer.compare(bytes, data)]).toEqual([name, 0])
        expect([name, end]).toEqual([name, packed.length])
      }
    })

  it('mscompress', () => {
    // It packs the shortest ones wrongly.
    for (const [name, data] of Object.entries(FILES).filter(([, data]) => data.length > 1)) {
      const path = join(folder, `${name}.sz`)
      writeFileSync(path, data)
      execFileSync('mscompress', [path], { stdio: 'ignore' })
      const { bytes, error } = decode(szdd(readFileSync(`${path}_`), 0))
      expect([name, error, Buffer.compare(bytes, data)]).toEqual([name, undefined, 0])
    }
  })
})

/** A ZIP of one member. */
function zipOf(method: number, flags: number, packed: Uint8Array, data: Uint8Array): Buffer {
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x0403_4b50, 0)
  local.writeUInt16LE(20, 4)
  local.writeUInt16LE(flags, 6)
  local.writeUInt16LE(method, 8)
  local.writeUInt32LE(crc32(data), 14)
  local.writeUInt32LE(packed.length, 18)
  local.writeUInt32LE(data.length, 22)
  local.writeUInt16LE(1, 26)
  const central = Buffer.alloc(46)
  central.writeUInt32LE(0x0201_4b50, 0)
  local.copy(central, 6, 4)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x0605_4b50, 0)
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(47, 12)
  end.writeUInt32LE(31 + packed.length, 16)
  const name = Buffer.from('m')
  return Buffer.concat([local, name, packed, central, name, end])
}

describe.skipIf(missing('compressors').length > 0)('unzip reads what the encoders of our tests write', () => {
  const data = sampleText(60_000)
  const cases = [
    ['shrink', 1, 0, shrink(data)],
    ...[0, 2, 4, 6].map(flags => [`implode ${flags}`, 6, flags, implode(data, flags)] as const),
  ] as const
  it.each(cases)('%s', (_, method, flags, packed) => {
    const path = join(folder, 'old.zip')
    writeFileSync(path, zipOf(method, flags, packed, data))
    expect(Buffer.compare(execFileSync('unzip', ['-p', path]), data)).toBe(0)
  })
})

/** Of gzip and lzop: all is there, but something is odd. */
const WARNING = 2
const CORPUS = join(SHARED, 'corpora', 'libarchive')
const UNPACK: Readonly<Record<string, readonly string[]>> = {
  gzip: ['gzip', '-dc'],
  compress: ['gzip', '-dc'],
  bzip2: ['bzip2', '-dc'],
  xz: ['xz', '-dc'],
  lzma: ['xz', '--format=lzma', '-dc'],
  lzip: ['lzip', '-dc'],
  lz4: ['lz4', '-dc'],
  zstd: ['zstd', '-dc'],
  lzop: ['lzop', '-dc'],
}

/** The first file of a uuencoded text. */
function uudecode(text: string): Buffer {
  const lines = text.split('\n')
  const pieces: Buffer[] = []
  for (let i = lines.findIndex(line => line.startsWith('begin ')) + 1; i < lines.length; i++) {
    const line = lines[i]
    const length = (line.charCodeAt(0) - 32) & 63
    if (line === 'end' || length === 0) break
    const piece = Buffer.alloc(Math.ceil(length / 3) * 3)
    for (let at = 0; at * 3 < length; at++) {
      const [a, b, c, d] = [1, 2, 3, 4].map(n => (line.charCodeAt(at * 4 + n) - 32) & 63)
      piece.writeUIntBE((a << 18) | (b << 12) | (c << 6) | d, at * 3, 3)
    }
    pieces.push(piece.subarray(0, length))
  }
  return Buffer.concat(pieces)
}

describe.skipIf(missing('compressors', 'corpora').length > 0)('files of libarchive', () => {
  it('unpack as the tools unpack them', async () => {
    let compared = 0
    for (const name of readdirSync(CORPUS).filter(name => name.endsWith('.uu'))) {
      const bytes = uudecode(readFileSync(join(CORPUS, name), 'latin1'))
      const type = identify(bytes).name
      const component = compressedComponents.find(({ manifest }) => manifest.name === type)
      const command = UNPACK[type]
      if (component === undefined || command === undefined) continue
      const [program, ...options] = command
      const { stdout, status } = spawnSync(program, options, { input: bytes, maxBuffer: 1 << 30 })
      const collected = await collect(component, bytes)
      const ours = Buffer.from(collected.children[0].bytes)
      compared++
      if (status === 0) {
        expect([name, Buffer.compare(ours, stdout), missedOf(collected)]).toEqual([name, 0, []])
        continue
      }
      // What the tool refuses: never less than it gave, and something that says so, unless there is more.
      const isTold = status === WARNING || collected.emissions.length > 0 || ours.length > stdout.length
      expect([name, Buffer.compare(ours.subarray(0, stdout.length), stdout), isTold]).toEqual([name, 0, true])
    }
    expect(compared).toBeGreaterThan(100)
  })
})
