import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32 } from 'node:zlib'
import { ColdStore, ImageError, openImage, readImageHeader } from '../signatures/index.ts'
import { compileTexts } from './testing/harness.ts'

// The database image: repeatable, and never half used.

const FILES = {
  'a.ndb': 'Body.One:0:*:414243444546\nBody.Two:1:EP+0:5589e5{2-4}c3c3\n',
  'b.ldb': 'Logic.One;Engine:51-255,Target:1;(0|1)>1,2&2;41424344;45464748::i;494a4b4c::w\n',
  'c.hdb': `00112233445566778899aabbccddeeff:68:Hash.One\n`,
  'd.mdb': `512:ffeeddccbbaa99887766554433221100:Section.One\n`,
}

const imageOf = (files: Readonly<Record<string, string>>): Buffer => Buffer.concat(compileTexts(files).chunks)

/** Opens an image and reads everything cold in it. @throws ImageError */
function useAll(bytes: Uint8Array): void {
  const header = readImageHeader(bytes)
  if (bytes.length < header.fileBytes) throw new ImageError('image-truncated', 'shorter')
  const copy = new Uint8Array(Math.ceil(header.hotBytes / 8) * 8)
  copy.set(bytes.subarray(0, header.hotBytes))
  const image = openImage(copy.buffer, 0, header, crc32)
  const cold = new ColdStore(image, (offset, length) => bytes.subarray(offset, offset + length), crc32)
  for (let i = 0; i < image.meta.firstMark; i++) cold.content(i)
  for (const set of image.hashSets) for (let i = 0; i < set.meta.count; i++) cold.hash(set, i, 16)
}

test('the same sources give the same bytes, in whatever order', () => {
  const backwards = Object.fromEntries(Object.entries(FILES).reverse())
  expect(imageOf(backwards).equals(imageOf(FILES))).toBe(true)
  expect(imageOf({ ...FILES, 'a.ndb': 'Body.One:0:*:414243444547\n' }).equals(imageOf(FILES))).toBe(false)
})

test('a sound image opens', () => expect(() => useAll(imageOf(FILES))).not.toThrow())

test('an image cut off anywhere is refused', () => {
  const image = imageOf(FILES)
  for (let length = 0; length < image.length; length += 7)
    expect(() => useAll(image.subarray(0, length)), `cut at ${length}`).toThrow(ImageError)
})

test('an image with a changed byte is refused, or the byte was padding', () => {
  const image = imageOf(FILES)
  fc.assert(
    fc.property(fc.nat(image.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = Buffer.from(image)
      damaged[at] ^= change
      try {
        useAll(damaged)
      } catch (error) {
        return error instanceof ImageError
      }
      // The generation in the header names the content, it does not protect it; padding holds nothing.
      return image[at] === 0 || (at >= 32 && at < 64)
    }),
    { numRuns: 2_000 },
  )
})

test('signatures come back with their names and places', () => {
  const compiled = compileTexts(FILES)
  const bytes = Buffer.concat(compiled.chunks)
  const header = readImageHeader(bytes)
  const image = openImage(new Uint8Array(bytes.subarray(0, header.hotBytes)).buffer, 0, header, crc32)
  const cold = new ColdStore(image, (offset, length) => bytes.subarray(offset, offset + length), crc32)
  expect([0, 1, 2].map(i => cold.content(i))).toEqual([
    { name: 'Body.One', database: 'a.ndb', line: 1 },
    { name: 'Body.Two', database: 'a.ndb', line: 2 },
    { name: 'Logic.One', database: 'b.ldb', line: 1 },
  ])
  expect(compiled.meta.signatures).toBe(5)
})

test('bad lines cost only themselves and are listed with file, line and reason', () => {
  const compiled = compileTexts({
    'a.ndb': 'Good:0:*:41424344\nBad\n\nAlso.Good:0:*:45464748\nIcon:99:*:41424344\n',
    'b.ldb': 'Pcre;Engine:81-255,Target:0;0&1;41424344;0/x+/\nGood.Too;Target:0;0;4142434445\n',
    'c.yar': 'rule x {}\n',
    'd.hdu': `${'0'.repeat(32)}:1:PUA.X\n`,
  })
  expect(compiled.meta.signatures).toBe(3)
  expect(compiled.problems.map(({ file, line, code }) => `${file}:${line} ${code}`)).toEqual([
    'a.ndb:2 field-count',
    'a.ndb:3 blank-line',
    'a.ndb:5 bad-target',
    'b.ldb:1 unsupported-pcre',
    'c.yar:1 unsupported-database',
    'd.hdu:0 unwanted-off',
  ])
})

test('mutated signature lines never stop the compiler', () => {
  const lines = Object.values(FILES).join('').split('\n').filter(Boolean)
  const character = fc.constantFrom(...'0123456789abcdefXYZ:;,*{}[]()!|&=<>?-/$# \u0000\u00ff'.split(''))
  const extension = fc.constantFrom('ndb', 'ldb', 'hdb', 'mdb', 'imp', 'fp', 'db', 'ign2', 'hsb')
  const mutation = fc
    .tuple(fc.constantFrom(...lines), fc.nat(200), fc.array(character, { maxLength: 4 }), fc.nat(3))
    .map(([line, at, insert, drop]) => {
      const position = at % (line.length + 1)
      return line.slice(0, position) + insert.join('') + line.slice(position + drop)
    })
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 100, maxLength: 100 }), extension, (mutated, ext) => {
      const compiled = compileTexts({ [`x.${ext}`]: mutated.join('\n'), 'y.ndb': 'Kept:0:*:51525354\n' })
      expect(compiled.meta.sources.find(source => source.name === 'y.ndb')?.signatures).toBe(1)
    }),
    { numRuns: 60 },
  )
})
