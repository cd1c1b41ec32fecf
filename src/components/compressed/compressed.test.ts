import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { numbers, sampleText } from '../../codecs/testing/hostile.ts'
import { SAMPLES } from '../../codecs/testing/samples.ts'
import type { PlainEmission } from '../../scan/index.ts'
import { componentNamed, COMPONENTS } from '../registry.ts'
import { collect, missedOf } from '../testing/collect.ts'
import { compressedComponents } from './index.ts'

const text = Buffer.from(sampleText(2_000))
const sampleOf = (name: keyof typeof SAMPLES) => Uint8Array.from(Buffer.from(SAMPLES[name], 'base64'))
const unpack = (component: string, bytes: Uint8Array, name = '') => {
  const found = componentNamed(component)
  if (found === undefined) throw new Error(component)
  return collect(found, bytes, { name, type: found.manifest.accepts[0] as 'gzip' })
}
const anomaliesOf = (emissions: readonly PlainEmission[]) =>
  emissions.flatMap(emission => (emission.emit === 'anomaly' ? [emission.code] : []))
const propertiesOf = (emissions: readonly PlainEmission[]) =>
  emissions.flatMap(emission => (emission.emit === 'property' ? [`${emission.name}=${emission.value}`] : []))

const KWAJ = Buffer.concat([
  Buffer.from('4b57414a88f027d1010019000800' + '4e414d452e54585400'.padEnd(22, '0'), 'hex'),
  text,
])
for (let i = 25; i < KWAJ.length; i++) KWAJ[i] ^= 255

// mscompress does not say the character that the name has lost; COMPRESS.EXE does.
const SZDD = sampleOf('szdd')
SZDD[9] = 0x74

const SKIPPABLE = Buffer.from('502a4d1803000000616263', 'hex')

const SOUND: readonly {
  readonly component: string
  readonly bytes: Uint8Array
  readonly name: string
  readonly child: string
}[] = [
  { component: 'gzip', bytes: gzipSync(text), name: 'a.tgz', child: 'a.tar' },
  { component: 'gzip', bytes: sampleOf('gzip'), name: 'a.gz', child: 'cs.txt' },
  { component: 'gzip', bytes: sampleOf('gzip of two members'), name: 'a.SVGZ', child: 'a.svg' },
  { component: 'bzip2', bytes: sampleOf('bzip2'), name: 'A.TBZ2', child: 'A.tar' },
  { component: 'bzip2', bytes: sampleOf('bzip2 of two streams'), name: 'a.b.bz2', child: 'a.b' },
  { component: 'xz', bytes: sampleOf('xz'), name: 'a.txz', child: 'a.tar' },
  { component: 'xz', bytes: sampleOf('xz of three blocks and two streams'), name: '.xz', child: '.xz' },
  { component: 'lzma', bytes: sampleOf('lzma'), name: 'a.lzma', child: 'a' },
  { component: 'lzma', bytes: sampleOf('lzma of known size'), name: 'a', child: 'a' },
  { component: 'lzip', bytes: sampleOf('lzip of two members'), name: 'a.tar.lz', child: 'a.tar' },
  { component: 'lz4', bytes: sampleOf('lz4'), name: 'a.lz4', child: 'a' },
  { component: 'lz4', bytes: sampleOf('lz4 legacy'), name: '', child: '' },
  { component: 'zstd', bytes: Buffer.concat([SKIPPABLE, sampleOf('lz4')]), name: 'a.lz4', child: 'a.lz4' },
  { component: 'zstd', bytes: sampleOf('zstd of two frames'), name: 'a.tzst', child: 'a.tar' },
  { component: 'compress', bytes: sampleOf('compress'), name: 'a.tar.Z', child: 'a.tar' },
  { component: 'lzop', bytes: sampleOf('lzop'), name: 'x.lzo', child: 'cs.txt' },
  { component: 'szdd', bytes: SZDD, name: 'u.tx_', child: 'u.txt' },
  { component: 'kwaj', bytes: KWAJ, name: 'name.tx_', child: 'NAME.TXT' },
]

describe('compressed files', () => {
  it.each(SOUND)('$component: $name holds $child, and is sound', async ({ component, bytes, name, child }) => {
    const collected = await unpack(component, bytes, name)
    expect(collected.children.map(({ name, bytes }) => [name, bytes.toString()])).toEqual([[child, text.toString()]])
    expect(missedOf(collected)).toEqual([])
    expect(anomaliesOf(collected.emissions)).toEqual([])
  })

  it.each(SOUND.filter(({ component }) => component !== 'compress'))(
    '$component: $name cut off is missed, and keeps what there is',
    async ({ component, bytes, name, child }) => {
      // Part of a block of bzip2 is nothing, and KWAJ does not know its size.
      const collected = await unpack(component, bytes.subarray(0, Math.floor(bytes.length * 0.4)), name)
      const [first] = collected.children
      expect(text.subarray(0, first.bytes.length)).toEqual(Buffer.from(first.bytes))
      if (component !== 'kwaj') expect(missedOf(collected)).toEqual([`malformed ${child}`.trim()])
    },
  )

  it.each(SOUND.filter(({ component }) => !['compress', 'szdd', 'kwaj'].includes(component)))(
    '$component: what follows $name is a child, too',
    async ({ component, bytes, name, child }) => {
      const collected = await unpack(component, Buffer.concat([bytes, Buffer.from('\0\0more')]), name)
      expect(anomaliesOf(collected.emissions)).toEqual(['trailing-data'])
      expect(collected.children.map(({ name }) => name)).toEqual([child, `${child}.trailing`])
      expect(collected.children[1].bytes.toString()).toBe('\0\0more')
      const padded = await unpack(component, Buffer.concat([bytes, Buffer.alloc(600)]), name)
      expect([padded.children.length, anomaliesOf(padded.emissions), missedOf(padded)]).toEqual([1, [], []])
    },
  )

  it('gzip tells name, comment and time, and bears wrong checksums', async () => {
    const packed = gzipSync(text)
    packed[3] = 8 | 16
    packed.writeUInt32LE(86_400, 4)
    packed[packed.length - 5] ^= 1
    packed[packed.length - 1] ^= 1
    const header = Buffer.from('../evil\0why\0')
    const { children, emissions } = await unpack(
      'gzip',
      Buffer.concat([packed.subarray(0, 10), header, packed.subarray(10)]),
    )
    expect(children.map(({ name, bytes }) => [name, bytes.length])).toEqual([['../evil', 2_000]])
    expect(propertiesOf(emissions)).toEqual([
      'gzip.name=../evil',
      'gzip.comment=why',
      'gzip.modified=1970-01-02T00:00:00.000Z',
    ])
    expect(anomaliesOf(emissions)).toEqual(['gzip-wrong-checksum', 'gzip-wrong-size'])
  })

  it('szdd goes on behind the size of its header', async () => {
    const bytes = sampleOf('szdd')
    bytes.fill(0, 10, 14)
    const { children, emissions } = await unpack('szdd', bytes)
    expect(children[0].bytes.length).toBe(2_000)
    expect(anomaliesOf(emissions)).toEqual(['szdd-wrong-size'])
  })

  it('a bomb ends with the budget', async () => {
    const bomb = gzipSync(Buffer.alloc(32 << 20))
    const found = componentNamed('gzip')
    const collected = await collect(found ?? COMPONENTS[0], bomb, { budget: { outputBytes: 1 << 20 } })
    expect(missedOf(collected)).toEqual(['too-large'])
    expect(collected.children[0].bytes.length).toBeLessThanOrEqual(1 << 20)
  })

  it('stands any damage', async () => {
    const random = numbers(11)
    for (const { component, bytes, name } of SOUND)
      for (let i = 0; i < 20; i++) {
        const copy = Uint8Array.from(bytes)
        copy[random(copy.length)] = random(256)
        const found = compressedComponents.find(({ manifest }) => manifest.name === component)
        if (found !== undefined) await collect(found, copy, { name, type: found.manifest.accepts[0] as 'gzip' })
      }
  })
})
