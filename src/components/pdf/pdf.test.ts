import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bytesOf, encodeHex, latin1 } from '../../bytes/index.ts'
import { collect, missedOf } from '../testing/collect.ts'
import type { Collected } from '../testing/collect.ts'
import { buildPdf, PAGES, streamText } from './build.ts'
import type { PdfOptions, PdfStreamSource } from './build.ts'
import { pdf } from './pdf.ts'

const SECRET = 'The quick brown fox jumps over the lazy dog, and nobody sees it do so.'
const read = (bytes: Uint8Array, passwords: readonly string[] = []) => collect(pdf, bytes, { type: 'pdf', passwords })
const made = (objects: readonly (string | PdfStreamSource)[], options?: PdfOptions) =>
  read(buildPdf([...PAGES, ...objects], options))
const texts = ({ children }: Collected) => children.map(child => `${child.name}: ${latin1(child.bytes)}`)
const anomalies = ({ emissions }: Collected) =>
  emissions.flatMap(emission => (emission.emit === 'anomaly' ? [emission.code] : []))
const property = ({ emissions }: Collected, name: string) =>
  emissions.flatMap(emission => (emission.emit === 'property' && emission.name === name ? [emission.value] : []))[0]
const actions = ({ emissions }: Collected) =>
  emissions.flatMap(emission =>
    emission.emit === 'section' && emission.section.kind === 'key-values'
      ? emission.section.entries.map(({ key, value }) => `${key} ${value}`)
      : [],
  )
const deflated = (text: string) => latin1(deflateSync(bytesOf(text)))
const hex = (text: string) => `${encodeHex(bytesOf(text))}>`
const expectSound = (found: Collected) => expect([...missedOf(found), ...anomalies(found)]).toEqual([])

/** LZW with codes of nine bits only: a clear code before the table grows. */
function lzw(text: string): string {
  let bits = ''
  for (const [i, letter] of Array.from(text).entries()) {
    if (i % 200 === 0) bits += (256).toString(2).padStart(9, '0')
    bits += letter.charCodeAt(0).toString(2).padStart(9, '0')
  }
  bits += (257).toString(2).padStart(9, '0')
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0')
  return bits.replaceAll(/.{8}/g, byte => String.fromCharCode(Number.parseInt(byte, 2)))
}

const rows = (text: string) => text.replaceAll(/.{1,10}/gs, row => `\0${row}`)

describe('pdf: streams', () => {
  it.each<readonly [string, PdfStreamSource]>([
    ['plain', { data: SECRET }],
    ['Flate', { dictionary: '/Filter/FlateDecode', data: deflated(SECRET) }],
    ['Flate in an array', { dictionary: '/Filter [ /FlateDecode ]', data: deflated(SECRET) }],
    ['abbreviated', { dictionary: '/Filter/Fl', data: deflated(SECRET) }],
    ['hexadecimal', { dictionary: '/Filter/ASCIIHexDecode', data: hex(SECRET) }],
    ['two filters', { dictionary: '/Filter[/AHx/Fl]', data: hex(deflated(SECRET)) }],
    ['three filters', { dictionary: '/Filter[/AHx/Fl/Fl]', data: hex(deflated(deflated(SECRET))) }],
    ['run lengths', { dictionary: '/Filter/RL', data: `${String.fromCharCode(SECRET.length - 1)}${SECRET}\x80` }],
    ['LZW', { dictionary: '/Filter/LZWDecode', data: lzw(SECRET) }],
    ['LZW behind hexadecimal', { dictionary: '/Filter[/AHx/LZW]', data: hex(lzw(SECRET)) }],
    ['identity', { dictionary: '/Filter[/Crypt/Fl]', data: deflated(SECRET) }],
    ['predictor', { dictionary: '/Filter/Fl/DecodeParms<</Predictor 12/Columns 10>>', data: deflated(rows(SECRET)) }],
    [
      'predictor in an array',
      { dictionary: '/Filter[/AHx/Fl]/DP[null<</Predictor 15/Columns 10>>]', data: hex(deflated(rows(SECRET))) },
    ],
    ['no Length', { data: SECRET, length: 'null' }],
    ['Length of a reference', { data: SECRET, length: `1 0 R` }],
    ['wrong Length', { dictionary: '/Filter/Fl', data: deflated(SECRET), length: '7' }],
    ['Length beyond the file', { dictionary: '/Filter/Fl', data: deflated(SECRET), length: '99999999' }],
    ['an end of line in front', { dictionary: '/Filter/Fl', data: `\n${deflated(SECRET)}` }],
  ])('%s', async (_, stream) => {
    const found = await made([stream])
    expect(texts(found)).toEqual([`obj-4-0: ${SECRET}`])
    expectSound(found)
  })

  it.each([
    ['hidden filter', '4 0 obj<</Filter/Fl#61teDecode/Length 1>>stream\r\nDATA\r\nendstream endobj', true],
    [
      'filter by reference',
      '4 0 obj<</Filter 5 0 R>>stream\nDATA\nendstream\nendobj 5 0 obj[/FlateDecode]endobj',
      false,
    ],
    ['no endstream', '4 0 obj<</Filter/Fl>>stream\nDATA\nendobj', false],
    ['no endobj', '4 0 obj<</Filter/Fl>>stream\nDATA\nendstream\n5 0 obj null', false],
    ['nothing behind', '4 0 obj<</Filter/Fl>>stream\nDATA', false],
    ['a comment before the keyword', '4 0 obj<</Filter/Fl>>%x\nstream\nDATA\nendstream', false],
    ['words before the keyword', '4 0 obj<</Filter/Fl>> 7 foo /x stream\nDATA\nendstream', false],
    ['open dictionary', '4 0 obj<</Filter/Fl stream\nDATA\nendstream', false],
    ['glued head', '4 0 obj<</Filter/Fl>>stream\nDATA\nendstream', false],
  ])('%s, without cross-references', async (_, text, isObfuscated) => {
    const head = buildPdf(PAGES, { hasTable: false })
    const found = await read(bytesOf(latin1(head) + text.replace('DATA', () => deflated(SECRET))))
    expect(texts(found)).toEqual([`obj-4-0: ${SECRET}`])
    expect(anomalies(found)).toEqual(['pdf-xref-damaged', ...(isObfuscated ? ['pdf-name-obfuscated'] : [])])
    expect(missedOf(found)).toEqual([])
  })

  it('keeps what a damaged stream gives, and says so', async () => {
    const long = Array.from({ length: 5000 }, (_, i) => `${i * i}`).join(' ')
    const data = deflated(long).slice(0, 9000)
    const found = await made([{ dictionary: '/Filter/Fl', data }])
    expect(found.children[0].bytes.length).toBeGreaterThan(5000)
    expect(long.startsWith(latin1(found.children[0].bytes))).toBe(true)
    expect(missedOf(found)).toEqual(['malformed obj-4-0'])
  })

  it.each([
    ['/Filter/Unknown', 'unsupported obj-4-0'],
    [`/Filter[${'/AHx'.repeat(17)}]`, 'too-large obj-4-0'],
  ])('gives what %s keeps from it', async (dictionary, missed) => {
    const found = await made([{ dictionary, data: SECRET }])
    expect(texts(found)).toEqual([`obj-4-0: ${SECRET}`])
    expect(missedOf(found)).toEqual([missed])
  })

  it('stops at images', async () => {
    const found = await made([
      { dictionary: '/Subtype/Image/Filter[/AHx/DCTDecode]', data: hex('\xff\xd8\xff\xe0') },
      { dictionary: '/Subtype/Image/Filter/JBIG2Decode', data: SECRET },
    ])
    expect(texts(found)).toEqual(['obj-4-0.jpg: \xff\xd8\xff\xe0', `obj-5-0.jb2: ${SECRET}`])
  })

  it('gives both readings of two filters, of two ends, and the rest behind compressed data', async () => {
    const filters = await made([{ dictionary: '/Filter/AHx/Filter/Fl', data: deflated(SECRET) }])
    expect(filters.children.map(child => child.name)).toEqual(['obj-4-0', 'obj-4-0-by-first-filter'])
    const ends = await made([{ data: `abc\nendstream ${SECRET}`, length: '60' }])
    expect(texts(ends)).toContain('obj-4-0: abc')
    expect(texts(ends)).toContain(`obj-4-0-by-length: abc\nendstream ${SECRET.slice(0, 46)}`)
    expect([...anomalies(filters), ...anomalies(ends)]).toEqual(['ambiguous', 'ambiguous'])
    const rest = await made([{ dictionary: '/Filter/Fl', data: deflated('short') + SECRET }])
    expect(texts(rest)).toEqual(['obj-4-0: short', `obj-4-0-rest: ${SECRET}`])
  })
})

describe('pdf: what the linear scan finds', () => {
  it('reads objects that no cross-reference leads to, and says so', async () => {
    const found = await made([{ data: SECRET }, '<</S/JavaScript/JS(app.alert\\(1\\))>>'], { hidden: [4, 5] })
    expect(texts(found)).toEqual(['obj-5-0.js: app.alert(1)', `obj-4-0: ${SECRET}`])
    expect(anomalies(found)).toEqual(['ambiguous'])
  })

  it('reads every revision, without noise', async () => {
    const first = latin1(buildPdf([...PAGES, { data: 'first' }]))
    const offset = first.length
    const update = `4 0 obj\n${streamText({ data: 'second' })}\nendobj\n`
    const table = `xref\n4 1\n${String(offset).padStart(10, '0')} 00000 n \n`
    const previous = first.lastIndexOf('xref\n0')
    const tail = `trailer\n<</Size 5/Root 1 0 R/Prev ${previous}>>\nstartxref\n${offset + update.length}\n%%EOF\n`
    const found = await read(bytesOf(first + update + table + tail))
    expect(texts(found)).toEqual(['obj-4-0: first', 'obj-4-0: second'])
    expect(property(found, 'pdf.revisions')).toBe('2')
    expectSound(found)
  })

  it('survives cross-references that go round in circles', async () => {
    const bytes = buildPdf([...PAGES, { data: SECRET }], { trailer: '/Root 1 0 R/Prev 9999' })
    const text = latin1(bytes).replace('9999', () => String(latin1(bytes).lastIndexOf('xref\n0')).padStart(4, '0'))
    expect(texts(await read(bytesOf(text)))).toEqual([`obj-4-0: ${SECRET}`])
  })

  it('reads objects inside streams, but leaves those of an embedded file to it', async () => {
    const inner = `9 0 obj\n${streamText({ data: SECRET })}\nendobj\n`
    const open = await made([{ data: inner }])
    expect(texts(open)).toContain(`obj-9-0: ${SECRET}`)
    const embedded = await made([{ data: `%PDF-1.4\n${inner}` }])
    expect(embedded.children.map(child => child.name)).toEqual(['obj-4-0'])
    const lying = await made([{ dictionary: '/Filter/AHx', data: `%PDF-1.4\n${inner}` }])
    expect(texts(lying)).toContain(`obj-9-0: ${SECRET}`)
  })

  it('gives what lies before, between and behind', async () => {
    const found = await made(['<<>> endobj\nMZ something that is no object'], {
      before: 'MZ a program of DOS in front\n',
      after: `PK behind it all ${SECRET}`,
    })
    const [before, between, behind] = texts(found)
    expect(before).toBe('gap-at-0: MZ a program of DOS in front')
    expect(between).toMatch(/^gap-at-\d+: MZ something that is no object$/)
    expect(behind).toMatch(/: PK behind it all The quick/)
    expect(found.children).toHaveLength(3)
    const comment = await made([], { after: `%${'x'.repeat(300)}\n` })
    expect(comment.children).toHaveLength(1)
    const glued = await read(bytesOf(`${latin1(buildPdf(PAGES)).trimEnd()}PK\x03\x04 glued to the end`))
    expect(texts(glued)[0]).toContain(': PK\x03\x04 glued')
  })

  it('reads heads that hold comments, where a cross-reference leads to them', async () => {
    const bytes = buildPdf([...PAGES, { data: SECRET }])
    const text = latin1(bytes).replace('4 0 obj\n<<', '4%\n0 obj<<')
    expect(texts(await read(bytesOf(text)))).toEqual([`obj-4-0: ${SECRET}`])
  })

  it('reads the objects in streams of objects', async () => {
    const objects = ['<</S/JavaScript/JS(app.one)>>', '<</S/JavaScript/JS 12 0 R>>', '(app.two)', '<</Type/Page>>']
    let head = ''
    let body = ''
    for (const [i, object] of objects.entries()) {
      head += `${10 + i} ${body.length} `
      body += `${object} `
    }
    const dictionary = `/Type/ObjStm/N ${objects.length}/First ${head.length}/Filter/Fl`
    const found = await made([{ dictionary, data: deflated(head + body) }])
    expect(texts(found)).toEqual(['obj-10-0.js: app.one', 'obj-12-0.js: app.two', `obj-4-0: ${head}${body}`])
    expect([property(found, 'pdf.javascript'), property(found, 'pdf.pages')]).toEqual(['2', '2'])
    expectSound(found)
  })
})

describe('pdf: scripts, files and actions', () => {
  it.each([
    ['(app.alert\\(1\\))', 'app.alert(1)'],
    ['<6170702E616C6572742831 29>', 'app.alert(1)'],
    ['(a\\160p.al\\\nert\\(1\\))', 'app.alert(1)'],
    ['<FEFF006100700070>', 'app'],
    ['(\xff\xfea\0p\0)', 'ap'],
    ['(a(b)c)', 'a(b)c'],
    ['5 0 R', 'from elsewhere'],
  ])('script %j', async (script, text) => {
    const found = await made([`<</S/JavaScript/JS ${script}>>`, '(from elsewhere)'])
    expect(texts(found)[0]).toBe(`obj-${script === '5 0 R' ? 5 : 4}-0.js: ${text}`)
    expect(property(found, 'pdf.javascript')).toBe('1')
    expectSound(found)
  })

  it('script in a stream, forms, fonts, metadata', async () => {
    const found = await made([
      '<</JS 5 0 R/XFA[(a)6 0 R(b)7 0 R]/FontFile2 8 0 R>>',
      ...Array.from({ length: 4 }, () => ({ data: 'x' })),
      { dictionary: '/Type/Metadata/Subtype/XML', data: 'x' },
    ])
    expect(texts(found)).toEqual(['5-0.js', '6-0.xml', '7-0.xml', '8-0.ttf', '9-0.xml'].map(name => `obj-${name}: x`))
  })

  it('scripts of forms', async () => {
    const script =
      '<template><event><script contentType="application/x-javascript">if (1 &lt; 2) app.x</script></event>'
    const found = await made(['<</XFA 5 0 R>>', { dictionary: '/Filter/Fl', data: deflated(script) }])
    expect(texts(found)).toEqual([`obj-5-0.xml: ${script}`, 'obj-5-0.js: if (1 < 2) app.x'])
  })

  it.each([
    ['<</Type/Filespec/F(a.exe)/EF<</F 5 0 R>>>>', 'a.exe'],
    ['<</F(a.exe)/UF<FEFF00E4002E0078>/EF 6 0 R>>', 'ä.x'],
    ['<</Subtype/FileAttachment/FS<</F(sub/a.exe)/EF<</UF 5 0 R>>>>>>', 'sub/a.exe'],
    ['<</RF<</F[(related.bin)5 0 R]>>>>', 'related.bin'],
  ])('embedded file %s', async (specification, name) => {
    const found = await made([specification, { data: SECRET }, '<</F 5 0 R>>'])
    expect(texts(found)).toEqual([`${name}: ${SECRET}`])
  })

  it('names what it does', async () => {
    const found = await made([
      '<</OpenAction 5 0 R/AA<</WC 6 0 R>>>>',
      '<</S/Launch/Win<</F(cmd.exe)/P(/c calc)>>>>',
      '<</S/URI/URI(http://example.org/)>>',
      '<</S/SubmitForm/F<</FS/URL/F(http://example.org/post)>>>>',
      '<</S/GoToR/F(\\\\\\\\host\\\\share)>>',
      '<</S/GoTo/D[0]>>',
    ])
    expect(actions(found)).toEqual([
      'OpenAction Launch',
      'AA WC',
      'Launch cmd.exe /c calc',
      'URI http://example.org/',
      'SubmitForm http://example.org/post',
      'GoToR \\\\host\\share',
    ])
    expect(anomalies(found)).toEqual(['pdf-launch'])
  })

  it('names what is hidden in names, and only that', async () => {
    expect(anomalies(await made(['<</S/Java#53cript/JS(1)>>']))).toEqual(['pdf-name-obfuscated'])
    expect(anomalies(await made(['<</BaseFont/Times#20New#2CRoman>>']))).toEqual([])
  })

  it('gives long strings that the file does not hold as they are', async () => {
    const found = await made([`(${SECRET})`, `<${encodeHex(bytesOf(SECRET))}>`, '<00>'])
    expect(texts(found)).toEqual([`obj-5-0-string: ${SECRET}`])
  })

  it('tells its facts', async () => {
    const found = await made(['<</Producer(P\\051)/Creator<FEFF0043>/Title(T)>>'], {
      version: '1.4',
      trailer: '/Info 4 0 R/Root 1 0 R',
    })
    const names = ['version', 'pages', 'revisions', 'producer', 'creator', 'title']
    expect(names.map(name => property(found, `pdf.${name}`))).toEqual(['1.4', '1', '1', 'P)', 'C', 'T'])
  })

  it('lists fifty addresses', async () => {
    const found = await made(Array.from({ length: 60 }, (_, i) => `<</S/URI/URI(http://example.org/${i})>>`))
    expect(actions(found)).toHaveLength(50)
  })
})
