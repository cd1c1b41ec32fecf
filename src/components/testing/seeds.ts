import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { bytesOf, encodeHex, latin1, Writer } from '../../bytes/index.ts'
import { buildBinHex, encodeQuotedPrintable, encodeUu, encodeYenc } from '../../codecs/build.ts'
import { sampleText } from '../../codecs/testing/hostile.ts'
import { implode, reduce, shrink } from '../../codecs/testing/pkzip-encoders.ts'
import { SAMPLES } from '../../codecs/testing/samples.ts'
import { ar } from '../../formats/ar/build.ts'
import { cpio } from '../../formats/cpio/build.ts'
import type { CpioFormat } from '../../formats/cpio/header.ts'
import { buildOle2, buildPe } from '../../formats/testing.ts'
import { buildTnef } from '../../formats/tnef/build.ts'
import { longEntry, oldSparseEntry, paxEntry, tar, tarEntry } from '../../formats/tar/build.ts'
import { buildZip, descriptorRecord, type MemberRecipe } from '../../formats/zip/build.ts'
import { crc32 } from '../../codecs/index.ts'
import { cabinet, setupChainOf } from '../installshield/build.ts'
import { buildPdf, PAGES } from '../pdf/build.ts'

// Sound containers of every kind that components take apart, each with one payload inside that raw matching does not
// see. Hostile content is made of them.

export interface Seed {
  readonly name: string
  readonly bytes: Uint8Array
  /** The content that the signatures know; the outermost bytes that encode it stand in `bytes` as they are. */
  readonly payload: Uint8Array
  /** How the payload is written in the file: one piece of `bytes`. */
  readonly encoded: Uint8Array
  /** Contents between the file and the payload, the payload last. */
  readonly layers: readonly Uint8Array[]
  /** Nothing in the format tells its end: what is cut off is sound. */
  readonly isOpenEnded?: boolean
  /** What tells that the payload is there; without one of them nothing recognises it. */
  readonly keys?: readonly Uint8Array[]
  /** No container by its type: what lies in it is found by how it begins, and is nothing where it is broken. */
  readonly isCarrier?: boolean
}

/** In the payload; a body signature knows it. */
export const MARKER = 'lazaret-member-marker'
/** Repetitive enough to be compressed, different enough to be long afterwards. */
export const PAYLOAD = bytesOf(`MZ\x90\0 ${latin1(sampleText(500, 3))} ${MARKER} ${latin1(sampleText(300, 5))}`)
/** What the stored samples of codecs hold. */
export const SAMPLE = sampleText(2000)

const raw = (bytes: Uint8Array) => new Uint8Array(deflateRawSync(bytes))
const zlib = (bytes: Uint8Array) => new Uint8Array(deflateSync(bytes))
/** Where a format stores content as it is, the payload goes in like this. */
const GZ = new Uint8Array(gzipSync(PAYLOAD))
const RAW = raw(PAYLOAD)
const ZLIB = zlib(PAYLOAD)
const BASE64 = Buffer.from(PAYLOAD).toString('base64').replace(/.{76}/g, '$&\r\n')
const BASE64_LINE = Buffer.from(PAYLOAD).toString('base64')
const GZ_BASE64 = Buffer.from(GZ).toString('base64')

const seed = (name: string, bytes: Uint8Array, encoded: Uint8Array, ...layers: readonly Uint8Array[]): Seed => ({
  name,
  bytes: Uint8Array.from(bytes),
  payload: PAYLOAD,
  encoded,
  layers: [...layers, PAYLOAD],
})
const stored = (name: string, bytes: Uint8Array) => seed(name, bytes, GZ, GZ)
const carrier = (name: string, bytes: Uint8Array): Seed => ({ ...stored(name, bytes), isCarrier: true })
const withKeys = (one: Seed, ...keys: readonly string[]): Seed => ({ ...one, keys: keys.map(bytesOf) })
const inText = (name: string, text: string, encoded: string, key: string, ...layers: readonly Uint8Array[]): Seed => ({
  ...withKeys(seed(name, bytesOf(text), bytesOf(encoded), ...layers), ...(key === '' ? [] : [key])),
  isOpenEnded: true,
})

const README: MemberRecipe = { name: 'readme.txt', content: 'Read this first. '.repeat(8) }
const LAST: MemberRecipe = { name: 'z.txt', content: 'the end' }
const member: MemberRecipe = { name: 'a.bin', content: PAYLOAD, method: 8, data: RAW }
const packedBy = (method: number, data: Uint8Array, flags = 0): MemberRecipe => ({
  name: 'a.bin',
  content: PAYLOAD,
  method,
  data,
  flags,
})

function zips(): Seed[] {
  const streamed: MemberRecipe = {
    ...member,
    flags: 8,
    local: { crc: 0, packed: 0, unpacked: 0 },
    descriptor: descriptorRecord(crc32(PAYLOAD), RAW.length, PAYLOAD.length),
  }
  const inner = buildZip([README, member])
  const shrunk = shrink(PAYLOAD)
  const imploded = implode(PAYLOAD, 6)
  const reduced = reduce(PAYLOAD, 2)
  return [
    seed('zip', buildZip([README, member, LAST]), RAW),
    seed('zip, streamed', buildZip([README, streamed, LAST]), RAW),
    stored('zip, stored', buildZip([README, { name: 'a.gz', content: GZ }, LAST])),
    seed('zip in zip', buildZip([README, { name: 'a.zip', content: inner }]), RAW, inner),
    seed('zip, shrunk', buildZip([packedBy(1, shrunk)]), shrunk),
    seed('zip, imploded', buildZip([packedBy(6, imploded, 6)]), imploded),
    seed('zip, reduced', buildZip([packedBy(3, reduced)]), reduced),
    seed(
      'docx',
      buildZip([
        { name: '[Content_Types].xml', content: '<Types/>' },
        { name: 'word/document.xml', content: '<w:document/>' },
        { ...member, name: 'word/embeddings/oleObject1.bin' },
      ]),
      RAW,
    ),
  ]
}

function archives(): Seed[] {
  const entry = tarEntry({ name: 'a.gz', data: GZ })
  const first = tarEntry({ name: 'readme', data: bytesOf('Read this first') })
  const sis = [1, 8].map(options => buildSis(options))
  const formats: CpioFormat[] = ['newc', 'crc', 'odc', 'binaryLe', 'binaryBe']
  const files = [
    { name: 'readme', data: bytesOf('Read this first') },
    { name: 'a.gz', data: GZ },
  ]
  return [
    stored('tar', tar(first, entry)),
    stored('tar, version 7', tar(first, tarEntry({ name: 'a.gz', data: GZ, magic: 'none', typeFlag: '\0' }))),
    stored('tar, GNU', tar(longEntry('l'.repeat(200)), tarEntry({ name: 'l', data: GZ, magic: 'gnu' }))),
    stored(
      'tar, pax',
      tar(
        paxEntry([
          ['path', 'ü.gz'],
          ['size', String(GZ.length)],
        ]),
        entry,
      ),
    ),
    stored('tar, sparse', tar(first, oldSparseEntry('s.gz', [0, GZ.length], GZ.length, GZ))),
    ...formats.map(format => stored(`cpio, ${format}`, cpio(format, files))),
    stored('ar', ar([{ name: 'readme/', data: bytesOf('Read this') }, { name: 'a.gz/', data: GZ }])), // prettier-ignore
    stored('asar', buildAsar()),
    stored('sis, stored', sis[1]),
    withKeys(seed('sis', sis[0], ZLIB), latin1(SIS_RELEASE_6)),
    seed(
      'installshield',
      cabinet([{ name: 'a.bin', data: installShieldChunk(RAW), isCompressed: true }], true).cab,
      RAW,
    ),
    carrier('setup program', program({ overlay: setupChainOf([['a.gz', GZ]]) })),
    carrier('program with an archive behind it', program({ overlay: buildZip([{ name: 'a.gz', content: GZ }]) })),
    carrier('program with a resource', program({ resources: [{ type: 10, name: 'P', language: 1033, data: GZ }] })),
  ]
}

const program = (more: Partial<Parameters<typeof buildPe>[0]>) =>
  buildPe({ sections: [{ name: '.text', data: new Uint8Array(512).fill(0x90) }], ...more })

/** InstallShield's compressed files: sizes of two bytes in front of deflated chunks. */
const installShieldChunk = (data: Uint8Array) => new Writer().u16(data.length).bytes(data).finish()

function buildAsar(): Uint8Array {
  const text = bytesOf(JSON.stringify({ files: { 'a.gz': { size: GZ.length, offset: '0' } } }))
  const padded = Math.ceil(text.length / 4) * 4
  const head = new Writer()
    .u32(4)
    .u32(8 + padded)
    .u32(4 + padded)
    .u32(text.length)
  return head
    .bytes(text)
    .padTo(16 + padded)
    .bytes(GZ)
    .finish()
}

/** UID of packages whose files are compressed. */
const SIS_RELEASE_6 = Uint8Array.of(0x12, 0x3a, 0x00, 0x10)

/** A SIS package of release 6 with one file. @param options - 8: nothing is compressed */
function buildSis(options: number): Uint8Array {
  const data = (options & 8) === 0 ? ZLIB : GZ
  const nameAt = 100 + 28 + 8 + 4 + 8
  const writer = new Writer().u32(1).bytes(SIS_RELEASE_6).u32(0x1000_0419).u32(0).u16(0).u16(1).u16(1)
  writer.padTo(36).u16(options).padTo(52).u32(100).padTo(100)
  writer.u32(0).u32(0).u32(0).u32(0).u32(0).u32(4).u32(nameAt)
  writer
    .u32(data.length)
    .u32(nameAt + 4)
    .u32(PAYLOAD.length)
  return writer.padTo(nameAt).bytes(bytesOf('name')).bytes(data).finish()
}

/** Longest beginning of a stream that is not what is compressed. */
const STREAM_HEADER_BYTES = 12
/** Those that are shorter. */
const STREAM_HEADERS: readonly (readonly [kind: string, bytes: number])[] = [
  ['compress', 3],
  ['lz4 legacy', 8],
  ['lz4', 11],
  ['zstd', 7],
]

function streams(): Seed[] {
  const sample = (name: keyof typeof SAMPLES): Seed => {
    const bytes = Uint8Array.from(Buffer.from(SAMPLES[name], 'base64'))
    const isCompress = name.startsWith('compress')
    const [, headerBytes] = STREAM_HEADERS.find(([kind]) => name.startsWith(kind)) ?? ['', STREAM_HEADER_BYTES]
    const encoded = bytes.subarray(headerBytes)
    return {
      name,
      bytes,
      payload: SAMPLE,
      encoded,
      layers: [SAMPLE],
      isOpenEnded: isCompress,
      keys: isCompress ? [bytes.subarray(0, headerBytes)] : [],
    }
  }
  const names = (Object.keys(SAMPLES) as (keyof typeof SAMPLES)[]).filter(
    name => !/lzma2|of known size|of two|two streams|szdd/.test(name),
  )
  const movie = bytesOf(`CWS\x0d${String.fromCharCode((PAYLOAD.length + 8) & 255, (PAYLOAD.length + 8) >> 8)}\0\0`)
  const flash = new Uint8Array([...movie, ...PAYLOAD])
  flash[0] = 0x46
  const mime = new Writer().bytes(bytesOf('ActiveMime\0\0')).padTo(0x1e).u16(4).padTo(0x32).bytes(ZLIB)
  return [
    seed('gzip', gzipSync(PAYLOAD), RAW),
    {
      ...seed('gzip of two members', Buffer.concat([gzipSync('first'), gzipSync(PAYLOAD)]), RAW),
      layers: [bytesOf(`first${latin1(PAYLOAD)}`)],
      keys: [Uint8Array.of(5, 0, 0, 0, ...gzipSync('').subarray(0, 10))],
    },
    ...names.map(sample),
    { ...seed('swf', new Uint8Array([...movie, ...ZLIB]), ZLIB), payload: flash, layers: [flash] },
    seed('activemime', mime.finish(), ZLIB),
  ]
}

/** FileDataStoreObject of OneNote. */
const FILE_DATA_STORE = Uint8Array.from(Buffer.from('e716e3bd65261145a4c48d4d0b7a9eac', 'hex'))

function documents(): Seed[] {
  const big = new Uint8Array(gzipSync(PAYLOAD, { level: 0 })).length
  const filler = bytesOf(latin1(sampleText(5000, 9)))
  const native = new Writer()
    .u16(2)
    .bytes(bytesOf('a.gz\0C:\\a.gz\0'))
    .u32(0x30000)
    .u32(8)
    .bytes(bytesOf('C:\\tmp\\\0'))
  native.u32(GZ.length).bytes(GZ)
  const named = new Writer().u32(native.length).bytes(native.finish()).finish()
  const long = new Uint8Array([...GZ, ...new Uint8Array(5000 - big > 0 ? 5000 - big : 0)])
  const package_ = new Writer().u16(2).bytes(bytesOf('a.gz\0C:\\a.gz\0')).u32(0x30000).u32(1).u8(0)
  package_.u32(GZ.length).bytes(GZ)
  const object = new Writer().u32(0x501).u32(2).u32(8).bytes(bytesOf('Package\0')).u32(0).u32(0)
  object.u32(package_.length).bytes(package_.finish())
  const hex = encodeHex(object.finish())
  const oneNote = new Writer().bytes(Buffer.from('e4525c7b8cd8a74daeb15378d02996d3', 'hex')).padTo(1024)
  oneNote.bytes(FILE_DATA_STORE).u64(GZ.length).u32(0).u64(0).bytes(GZ).align(8)
  oneNote.bytes(Buffer.from('22a7fb71790f0b4abb13899256426b24', 'hex')).padTo(oneNote.length + 24)
  const pdf = (name: string, dictionary: string, data: Uint8Array) =>
    withKeys(seed(name, buildPdf([...PAGES, { dictionary, data }]), data), '4 0 obj\n<<', '/Filter/', '>>\nstream\n')
  return [
    stored('ole2', buildOle2({ entries: [{ path: 'Contents', data: GZ }, { path: 'Other', data: filler }] })), // prettier-ignore
    seed('ole2, long', buildOle2({ entries: [{ path: 'Contents', data: long }, { path: 'O', data: filler }] }), GZ, long), // prettier-ignore
    stored('ole2, version 4', buildOle2({ version: 4, entries: [{ path: 'a/Contents', data: GZ }] })),
    stored('ole2, out of the tree', buildOle2({ entries: [{ path: 'x', data: GZ }], orphans: ['x'] })),
    seed('ole2, package', buildOle2({ entries: [{ path: '\x01Ole10Native', data: named }] }), GZ, GZ, named),
    inText('rtf', `{\\rtf1 {\\object\\objemb{\\*\\objdata ${hex}}} more}`, hex, '{\\*\\objdata ', GZ),
    withKeys(stored('onenote', oneNote.finish()), latin1(FILE_DATA_STORE)),
    inText(
      'office-xml',
      `<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument><w:docSuppData><w:binData w:name="editdata.mso">${BASE64}</w:binData></w:docSuppData></w:wordDocument>`,
      BASE64,
      '<w:wordDocument><w:docSuppData><w:binData w:name="editdata.mso">',
    ),
    pdf('pdf', '/Filter/FlateDecode', ZLIB),
    { ...pdf('pdf, hexadecimal', '/Filter/ASCIIHexDecode', bytesOf(`${encodeHex(PAYLOAD)}>`)), isOpenEnded: true },
    inText(
      'html',
      `<html><body><a href="data:application/octet-stream;base64,${BASE64_LINE}">x</a></body></html>`,
      BASE64_LINE,
      'data:application/octet-stream;base64,',
    ),
  ]
}

const BEGIN = '\nbegin 644 a.exe'

function letters(): Seed[] {
  const uu = encodeUu(PAYLOAD)
  const hqx = buildBinHex('a.exe', PAYLOAD)
  const yenc = latin1(encodeYenc(PAYLOAD))
  const quoted = latin1(encodeQuotedPrintable(GZ))
  const head = 'From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n'
  const parts = (...list: readonly string[]) =>
    `${head}Content-Type: multipart/mixed; boundary="bb"\r\n\r\npreamble\r\n${list.map(part => `--bb\r\n${part}\r\n`).join('')}--bb--\r\n`
  const part = (encoding: string, body: string) =>
    `Content-Type: application/octet-stream; name="a.gz"\r\nContent-Transfer-Encoding: ${encoding}\r\nContent-Disposition: attachment\r\n\r\n${body}`
  const text = 'Content-Type: text/plain\r\n\r\nHello'
  const inner = parts(text, part('base64', BASE64))
  /** A part is one by the lines of its boundary, and encoded by a line of its header. */
  const letter = (name: string, whole: string, encoded: string, encoding: string, ...layers: readonly Uint8Array[]) =>
    withKeys(
      inText(name, whole, encoded, '', ...layers),
      '\r\nContent-Type: multipart/mixed; boundary="bb"\r\n',
      '\r\n--bb\r\nContent-Type: application/octet-stream; ',
      `\r\nContent-Transfer-Encoding: ${encoding}\r\n`,
    )
  return [
    letter('mail', parts(text, part('base64', BASE64)), BASE64, 'base64'),
    letter('mail, quoted-printable', parts(text, part('quoted-printable', quoted)), quoted, 'quoted-printable', GZ),
    inText('mail, uuencode', parts(text, part('x-uuencode', `begin 644 a.exe\r\n${uu}\`\r\nend`)), uu, BEGIN),
    withKeys(
      inText('mail in mail', parts(text, `Content-Type: message/rfc822\r\n\r\n${inner}`), BASE64, ''),
      `--bb\r\nContent-Type: message/rfc822\r\n\r\n${inner.slice(0, inner.indexOf(BASE64))}`,
    ),
    inText('mail of one part', `${head}${part('base64', GZ_BASE64.replace(/.{76}/g, '$&\r\n'))}\r\n`, GZ_BASE64.replace(/.{76}/g, '$&\r\n'), '\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n', GZ), // prettier-ignore
    stored('tnef', buildTnef({ attachments: [{ title: 'a.gz', data: GZ }, { title: 'b', data: bytesOf('second') }] })), // prettier-ignore
    inText('uuencode', `begin 644 a.exe\n${uu}\`\nend\n`, uu, 'begin 644 a.exe'),
    inText('binhex', hqx, hqx.slice(hqx.indexOf(':') + 80), ''),
    inText('text with uuencode', `Hello,\n\nbegin 644 a.exe\n${uu}\`\nend\n`, uu, BEGIN),
    inText('mail with yEnc', `${head}\r\nHi\r\n\r\n=ybegin line=128 size=${PAYLOAD.length} name=a.exe\r\n${yenc}\r\n=yend size=${PAYLOAD.length}\r\n`, yenc, '\n=ybegin line=128 size='), // prettier-ignore
    inText('text with base64', `x = "${BASE64_LINE}";\n`, BASE64_LINE, `"${BASE64_LINE}"`),
  ]
}

/** Every seed; made once. */
export const SEEDS: readonly Seed[] = [...zips(), ...archives(), ...streams(), ...documents(), ...letters()]
