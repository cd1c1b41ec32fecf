import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Writer, bytesOf } from '../../bytes/index.ts'
import { crc32 } from '../../codecs/index.ts'
import {
  buildZip,
  centralRecord,
  concat,
  descriptorRecord,
  end64Record,
  endRecord,
  extraBlock,
  localRecord,
  locatorRecord,
  text,
} from '../../formats/zip/build.ts'
import type { MemberRecipe } from '../../formats/zip/build.ts'
import { collect } from '../testing/collect.ts'
import { zipComponent } from './index.ts'

// The ambiguities of "My ZIP isn't your ZIP" (USENIX Security 2025): fourteen types in three groups, A redundant fields,
// B names, C structure. In each case every content that one reader or another finds must be among the children.

interface Case {
  readonly zip: Uint8Array
  /** Contents that must come out. */
  readonly finds: readonly (string | Uint8Array)[]
  /** Words of an anomaly that must be told; none where there is nothing odd to a scanner. */
  readonly tells?: string
}

const PAYLOAD = 'the payload that some reader finds; '.repeat(4)
const packed = (content: string): Uint8Array => deflateRawSync(content)
const FLAG = { encrypted: 1, descriptor: 8, utf8: 0x800 }
const wide = (...values: readonly number[]): Uint8Array =>
  extraBlock(1, values.reduce((out, value) => out.u64(value), new Writer()).finish())
const unicodeName = (name: string, of: string, version = 1, crc = crc32(text(of))): Uint8Array =>
  extraBlock(0x7075, new Writer().u8(version).u32(crc).bytes(text(name)).finish())

const deflated: MemberRecipe = { name: 'test', content: PAYLOAD, data: packed(PAYLOAD), method: 8 }
const stored: MemberRecipe = { name: 'test', content: PAYLOAD }
const a: MemberRecipe = { name: 'a', content: 'content of a' }
const b: MemberRecipe = { name: 'b', content: 'content of b' }
const c: MemberRecipe = { name: 'c', content: 'content of c' }

/** A1: one header says stored, the other deflated. */
const A1: Record<string, () => Case> = Object.fromEntries(
  (['local', 'central'] as const).map(side => [
    `${side} header says stored`,
    () => ({
      zip: buildZip([{ ...deflated, [side]: { method: 0, packed: PAYLOAD.length } }]),
      finds: [PAYLOAD],
      tells: 'Methods',
    }),
  ]),
)

/** A2: sizes of zero in any of local header, directory, descriptor and Zip64 fields. */
function* sizeCases(): Generator<[string, () => Case]> {
  for (const base of [stored, deflated])
    for (let lies = 0; lies < 16; lies++)
      for (const descriptor of [undefined, 0, 1, 2, 3])
        for (const zip64 of [0, 1, 2, 3]) {
          if (lies === 0 && (descriptor ?? 0) === 0) continue
          yield [
            `lies ${lies}, descriptor ${descriptor}, Zip64 ${zip64}, method ${base.method ?? 0}`,
            () => sizeCase(base, lies, descriptor, zip64),
          ]
        }
}

function sizeCase(base: MemberRecipe, lies: number, descriptor: number | undefined, zip64: number): Case {
  const size = base.data?.length ?? PAYLOAD.length
  const sizes = (bits: number) => ({ packed: bits & 1 ? 0 : size, unpacked: bits & 2 ? 0 : PAYLOAD.length })
  const fields = (bits: number, isWide: boolean) => {
    const { packed, unpacked } = sizes(bits)
    return isWide ? { packed: 0xffff_ffff, unpacked: 0xffff_ffff, extra: wide(unpacked, packed) } : { packed, unpacked }
  }
  const said = sizes(descriptor ?? 0)
  const member: MemberRecipe = {
    ...base,
    flags: descriptor === undefined ? 0 : FLAG.descriptor,
    local: fields(lies & 3, (zip64 & 1) !== 0),
    central: fields(lies >> 2, (zip64 & 2) !== 0),
    ...(descriptor !== undefined && {
      descriptor: descriptorRecord(crc32(text(PAYLOAD)), said.packed, said.unpacked),
    }),
  }
  return { zip: buildZip([member, b]), finds: [PAYLOAD, 'content of b'] }
}

const A2: Record<string, () => Case> = {
  ...Object.fromEntries(sizeCases()),
  'two Zip64 fields': () => ({
    zip: buildZip([
      {
        ...stored,
        packed: 0xffff_ffff,
        unpacked: 0xffff_ffff,
        extra: concat(wide(PAYLOAD.length, PAYLOAD.length), wide(7, 7)),
      },
    ]),
    finds: [PAYLOAD, PAYLOAD.slice(0, 7)],
    tells: 'Sizes',
  }),
  'a Zip64 field that nothing asks for': () => ({
    zip: buildZip([{ ...stored, packed: 7, unpacked: 7, crc: 1, extra: wide(PAYLOAD.length, PAYLOAD.length) }]),
    finds: [PAYLOAD, PAYLOAD.slice(0, 7)],
    tells: 'Sizes',
  }),
}

/** A3: names in local header, directory and Unicode field. Content counts; the names are told. */
const A3: Record<string, () => Case> = {
  'local and central': () => ({
    zip: buildZip([{ ...stored, central: { name: 'other' } }]),
    finds: [PAYLOAD],
    tells: 'Names',
  }),
  'Unicode field in one of them': () => ({
    zip: buildZip([{ ...stored, local: { extra: unicodeName('other', 'test') } }]),
    finds: [PAYLOAD],
    tells: 'Names',
  }),
  'wrong version': () => ({
    zip: buildZip([{ ...stored, extra: unicodeName('other', 'test', 2) }]),
    finds: [PAYLOAD],
    tells: 'Names',
  }),
  'wrong checksum': () => ({
    zip: buildZip([{ ...stored, extra: unicodeName('other', 'test', 1, 0) }]),
    finds: [PAYLOAD],
    tells: 'Names',
  }),
  'two Unicode fields': () => ({
    zip: buildZip([{ ...stored, extra: concat(unicodeName('one', 'test'), unicodeName('two', 'test')) }]),
    finds: [PAYLOAD],
    tells: 'Names',
  }),
}

/** A4: a folder that holds content. */
const A4: Record<string, () => Case> = {
  'name ends with a slash': () => ({
    zip: buildZip([{ ...stored, name: 'test/' }]),
    finds: [PAYLOAD],
    tells: 'folder',
  }),
  'name ends with a slash, deflated': () => ({
    zip: buildZip([{ ...deflated, name: 'test/' }]),
    finds: [PAYLOAD],
    tells: 'folder',
  }),
  'name ends with a backslash': () => ({ zip: buildZip([{ ...stored, name: 'test\\' }]), finds: [PAYLOAD] }),
  ...Object.fromEntries(
    [0x10, 0x4000_0000].flatMap(attributes =>
      [0, 3 << 8, 19 << 8].map(madeBy => [
        `attributes ${attributes}, made by ${madeBy}`,
        () => ({ zip: buildZip([{ ...stored, attributes, madeBy }]), finds: [PAYLOAD] }),
      ]),
    ),
  ),
}

/** A5: encrypted by one header only. */
const A5: Record<string, () => Case> = {
  local: () => ({
    zip: buildZip([{ ...stored, local: { flags: FLAG.encrypted } }]),
    finds: [PAYLOAD],
    tells: 'encrypted',
  }),
  central: () => ({
    zip: buildZip([{ ...stored, central: { flags: FLAG.encrypted } }]),
    finds: [PAYLOAD],
    tells: 'encrypted',
  }),
  'both, though it is not': () => ({
    zip: buildZip([{ ...stored, flags: FLAG.encrypted }]),
    finds: [PAYLOAD],
    tells: 'encrypted',
  }),
  'the first of two, deflated': () => ({
    zip: buildZip([{ ...deflated, local: { flags: FLAG.encrypted } }, b]),
    finds: [PAYLOAD, 'content of b'],
    tells: 'encrypted',
  }),
}

const named = (...names: readonly (string | Uint8Array)[]): Case => ({
  zip: buildZip(names.map((name, i) => ({ name, content: `content ${i}` }))),
  finds: names.map((_, i) => `content ${i}`),
})

const B: Record<string, () => Case> = {
  'B1 duplicates': () => ({ ...named('x', 'x'), tells: 'same name' }),
  'B2 special bytes': () =>
    named(...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(0x61, byte, 0x62)).filter((_, i) => i !== 0x61)),
  'B3 canonical forms': () => named('a/b', './a/b', 'a//b', 'a/../a/b', '/a/b', '../a/b', 'C:\\a\\b', 'a\\b', 'a/b/'),
  'B4 case': () => named('name', 'NAME', 'Name', 'na\u0308me'),
}

const directoryOf = (members: readonly MemberRecipe[], places: readonly number[]): Uint8Array =>
  concat(...members.map((member, i) => centralRecord(member, places[i])))

/** C1: what a reader of local headers finds, and what a reader of the directory finds. */
const C1: Record<string, () => Case> = {
  'a member that is not listed': () => {
    const locals = concat(localRecord(a), localRecord(b))
    const directory = centralRecord(a, 0)
    return {
      zip: concat(locals, directory, endRecord(1, directory.length, locals.length)),
      finds: ['content of a', 'content of b'],
      tells: 'no directory lists',
    }
  },
  'records of an end in the middle': () => {
    const first = localRecord(a)
    const fake = concat(centralRecord(a, 0), endRecord(1, centralRecord(a, 0).length, first.length))
    const second = localRecord(b)
    const locals = concat(first, fake, second)
    const directory = directoryOf([a, b], [0, first.length + fake.length])
    return {
      zip: concat(locals, directory, endRecord(2, directory.length, locals.length)),
      finds: ['content of a', 'content of b'],
      tells: 'end records',
    }
  },
  'members inside comments': () => {
    const first = localRecord(a)
    const entry = centralRecord(a, 0)
    const inEntry = first.length + entry.length + centralRecord({ ...b, comment: new Uint8Array(0) }, 0).length
    const second = centralRecord({ ...b, comment: localRecord(b) }, inEntry)
    const third = centralRecord(c, first.length + entry.length + second.length + centralRecord(c, 0).length + 22)
    const directory = concat(entry, second, third)
    return {
      zip: concat(first, directory, endRecord(3, directory.length, first.length, { comment: localRecord(c) })),
      finds: ['content of a', 'content of b', 'content of c'],
    }
  },
  ...Object.fromEntries(
    [false, true].map(overlap => [
      `a member inside another one, overlap ${overlap}`,
      () => {
        const junk: MemberRecipe = { name: 'junk', content: localRecord(a) }
        const outer = buildZip([junk, b])
        const inner = [centralRecord(a, 34)]
        if (overlap) inner.push(centralRecord(junk, 0), centralRecord(b, localRecord(junk).length))
        const comment = concat(
          ...inner,
          endRecord(
            inner.length,
            inner.reduce((sum, { length }) => sum + length, 0),
            outer.length,
          ),
        )
        return {
          zip: buildZip([junk, b], { comment }),
          finds: ['content of a', 'content of b'],
          tells: 'end records',
        }
      },
    ]),
  ),
  ...Object.fromEntries(
    [0, 8].map(method => [
      `end of data with a descriptor, method ${method}`,
      () => {
        // One reader takes the first descriptor for the end of the data, another one the second.
        const nothing = method === 8 ? Uint8Array.of(3, 0) : new Uint8Array(0)
        const hidden = concat(nothing, descriptorRecord(0, nothing.length, 0), localRecord(b))
        const lfh = { name: 'junk', content: hidden, method, flags: FLAG.descriptor }
        const local = { ...lfh, local: { crc: 0, packed: 0, unpacked: 0 } }
        const junk = {
          ...local,
          descriptor: descriptorRecord(crc32(hidden), hidden.length, hidden.length),
          central: { method: 0 },
        }
        return {
          zip: buildZip([junk, a]),
          finds: ['content of a', 'content of b', hidden],
        }
      },
    ]),
  ),
}

/** C2: which end record counts, by the length of its comment. */
const C2: Record<string, () => Case> = Object.fromEntries(
  [0, 1, -1].map(lie => [
    `three archives in a row, comments ${lie} too long`,
    () => {
      const size = buildZip([a]).length + 1
      const one = (member: MemberRecipe, i: number): Uint8Array =>
        concat(
          buildZip([member], { commentSize: size * (2 - i) + 1 + (i === 1 ? 0 : lie) }, size * i),
          new Uint8Array(1),
        )
      return {
        zip: concat(one(a, 0), one(b, 1), one(c, 2)),
        finds: ['content of a', 'content of b', 'content of c'],
        tells: 'end records',
      }
    },
  ]),
)

/** C3: number and size of the directory. */
const C3: Record<string, () => Case> = {
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6, 7].map(bits => [
      `lies ${bits}`,
      () => ({
        zip: buildZip([a, b], {
          count: bits & 1 ? 1 : 2,
          total: bits & 2 ? 1 : 2,
          ...(bits & 4 && { size: centralRecord(a, 0).length }),
        }),
        finds: ['content of a', 'content of b'],
      }),
    ]),
  ),
  'number modulo 65536': () => {
    const members = Array.from({ length: 65_537 }, (_, i) => ({ name: `${i}`, content: i === 65_536 ? PAYLOAD : '' }))
    return { zip: buildZip(members, { count: 1 }), finds: [PAYLOAD], tells: 'number of entries' }
  },
}

const ENTRY_PADDING = 'A'.repeat(46 - 30 - 4)

/** C4: the directory where the end record says, or right before it; offsets moved or not. */
function directoriesCase(isWide: boolean): Case {
  const stream: MemberRecipe = { name: 'stream', content: 'found by streams' }
  const byEnd: MemberRecipe = { name: 'eocdr', content: 'found by the offset' }
  const near1: MemberRecipe = { name: 'adjac', content: `1111${ENTRY_PADDING}` }
  const near2: MemberRecipe = { name: 'adjac', content: `2222${ENTRY_PADDING}` }
  const entrySize = centralRecord(byEnd, 0).length
  const group1 = concat(localRecord(stream), centralRecord(stream, 0))
  const locals2 = concat(localRecord(byEnd), localRecord(near1))
  const group2 = concat(locals2, centralRecord(byEnd, group1.length))
  const nearAt = group1.length + localRecord(byEnd).length
  const group3 = concat(localRecord(near2), centralRecord(near1, nearAt))
  const offset = group1.length + locals2.length
  const groups = concat(group1, group2, group3)
  const end = isWide
    ? concat(
        end64Record(1, entrySize, offset),
        locatorRecord(groups.length),
        endRecord(1, 0xffff_ffff, 0xffff_ffff, { count: 0xffff }),
      )
    : endRecord(1, entrySize, offset)
  return {
    zip: concat(groups, end),
    finds: ['found by streams', 'found by the offset', `1111${ENTRY_PADDING}`, `2222${ENTRY_PADDING}`],
    tells: 'several directories',
  }
}

/** C5: the Zip64 end record, hidden in the comment of an entry, leads to other members. */
function wideCase(bits: number): Case {
  const locals = concat(localRecord(a), localRecord(b))
  const bare = concat(centralRecord(a, 0), centralRecord(b, localRecord(a).length))
  const inner = locals.length + bare.length
  const hidden = localRecord(c)
  const entry = centralRecord(c, inner)
  const record = end64Record(1, entry.length, inner + hidden.length)
  const comment = concat(
    hidden,
    entry,
    record,
    locatorRecord(inner + hidden.length + entry.length),
    new Uint8Array(bits & 1),
  )
  const directory = concat(centralRecord(a, 0), centralRecord({ ...b, comment }, localRecord(a).length))
  return {
    zip: concat(
      locals,
      directory,
      endRecord(2, directory.length, locals.length, {
        ...(bits & 2 && { count: 0xffff }),
        ...(bits & 4 && { size: 0xffff_ffff }),
        ...(bits & 8 && { offset: 0xffff_ffff }),
        ...(bits & 16 && { disk: 0xffff }),
      }),
    ),
    finds: ['content of a', 'content of b', 'content of c'],
  }
}

const C45: Record<string, () => Case> = {
  'C4 two directories': () => directoriesCase(false),
  'C5 two directories, Zip64': () => directoriesCase(true),
  ...Object.fromEntries(Array.from({ length: 32 }, (_, bits) => [`C5 fields ${bits}`, () => wideCase(bits)])),
  'C5 a Zip64 record inside another one': () => {
    const first = localRecord(a)
    const wideA = end64Record(1, centralRecord(a, 0).length, first.length)
    const second = localRecord(b)
    const place = first.length + centralRecord(a, 0).length
    const entryB = centralRecord(b, place)
    const tail = concat(new Writer().u16(0x1337).u32(wideA.length).finish(), wideA)
    const comment = concat(second, entryB, end64Record(1, entryB.length, place + second.length, tail))
    const directory = centralRecord({ ...a, comment }, 0)
    const all = concat(first, directory)
    return {
      zip: concat(
        all,
        locatorRecord(place + second.length + entryB.length),
        endRecord(1, 0xffff_ffff, 0xffff_ffff, { count: 0xffff }),
      ),
      finds: ['content of a', 'content of b'],
    }
  },
}

const TABLES = { A1, A2, A3, A4, A5, B, C1, C2, C3, C45 }

const shown = (content: string | Uint8Array): string => Buffer.from(content).toString('latin1')

async function faultsOf({ zip, finds, tells }: Case): Promise<string[]> {
  const { children, emissions } = await collect(zipComponent, zip, { type: 'zip' })
  const contents = new Set(children.map(child => shown(child.bytes)))
  const faults = finds.filter(content => !contents.has(shown(content))).map(content => `no ${shown(content)}`)
  const told = emissions.flatMap(emission => (emission.emit === 'anomaly' ? [emission.detail] : []))
  if (tells !== undefined && !told.some(detail => detail.includes(tells))) faults.push(`not told: ${told.join('; ')}`)
  return faults
}

describe.each(Object.entries(TABLES))('ambiguity %s', (_, cases) => {
  it.each(Object.entries(cases))('%s', async (_, make) => {
    expect(await faultsOf(make())).toEqual([])
  })
})

describe('the cases', () => {
  it('fail without the payload', async () => {
    const zip = buildZip([a])
    expect(await faultsOf({ zip, finds: [PAYLOAD], tells: 'Methods' })).toEqual([`no ${PAYLOAD}`, 'not told: '])
    expect(bytesOf('a')).toEqual(text('a'))
  })
})
