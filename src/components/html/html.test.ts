import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { latin1 } from '../../bytes/index.ts'
import { collect, missedOf } from '../testing/collect.ts'
import type { Collected } from '../testing/collect.ts'
import { html } from './html.ts'

const PAYLOAD = Buffer.from('MZ this is a program', 'latin1')
const BASE64 = PAYLOAD.toString('base64')
const ENCODED_SCRIPT = '#@~^DgAAAA==\\ko$K6,JC\x7fV^GJqAQAAA==^#~@'

const run = (text: string | Uint8Array) =>
  collect(html, typeof text === 'string' ? Buffer.from(text, 'latin1') : text, { type: 'html' })
const views = ({ children }: Collected): Record<string, string> =>
  Object.fromEntries(
    children
      .filter(child => child.relation === 'view')
      .map(child => [`${child.name} ${child.type}`, latin1(child.bytes)]),
  )
const others = ({ children }: Collected) =>
  children.filter(child => child.relation !== 'view').map(child => [child.name, latin1(child.bytes)])

describe('data: URLs', () => {
  const payload = [['data-1', latin1(PAYLOAD)]]
  it.each([
    ['base64', `<a href="data:application/x-a;base64,${BASE64}">`],
    ['base64 without quotes', `<a href=data:;base64,${BASE64}>x`],
    ['base64 in capitals', `<a href='DATA:;BASE64,${BASE64}'>`],
    ['base64 with percent-encoding', `<a href="data:;base64,${BASE64.replaceAll('=', '%3D').replace('V', '%56')}">`],
    ['base64 in lines', `<a href="data:;base64,${BASE64.replace(/.{4}/g, '$&\r\n ')}">`],
    ['base64 in a style', `<style>a{background:url(data:image/png;base64,${BASE64})}</style>`],
    ['base64 in a script', `<script>x='data:;base64,${BASE64.replaceAll('/', '\\/')}'</script>`],
    [
      'percent-encoding',
      `<a href="data:application/x-a,${[...PAYLOAD].map(byte => `%${byte.toString(16).padStart(2, '0')}`).join('')}">`,
    ],
    ['a plain one', `<a href="data:,${latin1(PAYLOAD)}">`],
    ['character references', `<a href="&#100;ata:;base64,${BASE64.replace('V', '&#x56;')}">`],
    ['a named character reference', `<a href="data&colon;;base64,${BASE64.replace('=', '&equals;')}">`],
    ['control characters', `<a href="da\nta:;base\t64,${BASE64}">`],
  ])('%s', async (_, text) => {
    expect(others(await run(text))).toEqual(payload)
  })

  it('of pages are pages', async () => {
    const { children } = await run(
      '<iframe src="data:text/html,%3Cb%3Ex"><iframe src="data:text/html;base64,TVqQAAMAAAA=">',
    )
    expect(children.slice(0, 2).map(child => [child.name, child.type])).toEqual([
      ['data-1', 'html'],
      ['data-2', undefined],
    ])
  })

  it('are not found where a script only looks like them', async () => {
    expect(others(await run('<script>f({data:x,y:1});g={data:"a,b"};h={data:a/b,c:1}</script>'))).toEqual([])
  })

  it('within each other cost no more than twice their size', async () => {
    for (const text of [
      '<a href="data:,'.repeat(3000),
      'data:;base64,AAAA'.repeat(3000),
      '"data:,\'data:a/b,'.repeat(3000),
    ]) {
      const total = others(await run(text)).reduce((sum, [, content]) => sum + content.length, 0)
      expect(total).toBeLessThanOrEqual(2 * text.length)
    }
  })
})

describe('normal forms', () => {
  it.each([
    [
      '\t<Form action="A.example">\n\t<IMG  src = b.EXAMPLE  >Text  \n more</form>',
      '<form action="a.example"><img src="b.example">text more</form>',
      ' text more ',
    ],
    ['a<!-- x -->b<!---->c', 'abc', 'abc'],
    ['a<!-- never closed', 'a', 'a'],
    ['<!--[if IE]><b>c</b><![endif]-->d', '<b>c</b><![endif]-->d', ' c d'],
    ['a &lt;B&#62; &ouml;&#x168;&fake;&', 'a <b> \xf6&#x0168;&fake;&', undefined],
    ["<a title='a\"b'>x", '<a title="a"b">x', ' x'],
    ['<a x=1/2 y>z', '<a x="1/2" y>z', ' z'],
    ['<br/><a/b=c>', '<br/><a b="c">', ' '],
    ['a < b <3 </ c', 'a < b <3 </ c', undefined],
    ['<a href="never closed>b</a>c', '<a href=""never" closed>b</a>c', ' b c'],
    ['<style> B { } </style>x', '<style>b { } </style>x', ' x'],
  ])('%s', async (text, noComment, noTags) => {
    const found = views(await run(text))
    expect(found['nocomment html'] ?? text).toBe(noComment)
    if (noTags !== undefined) expect(found['notags html']).toBe(noTags)
  })

  it('scripts without comments and needless spaces; strings stay', async () => {
    const text =
      '<SCRIPT>\n// one\nvar  Xy = "a  // B" /* two\n*/ + \'c\' ;\nfunction f ( ) { }</SCRIPT><script src=x></script>'
    const found = views(await run(text))
    const expected = '<script>var Xy="a  // B"+\'c\';function f(){}</script>\n<script></script>\n'
    expect([found['javascript html'], found['javascript text']]).toEqual([expected, expected])
    expect(found['nocomment html']).toContain('<script>// one var xy = "a // b" /* two */')
  })

  it('encoded scripts are decoded in all of them, and come out', async () => {
    const result = await run(`<script language="JScript.Encode">${ENCODED_SCRIPT}</script>`)
    expect(others(result)).toEqual([['script-1', 'MsgBox "Hello"']])
    expect(views(result)).toEqual({
      'nocomment html': '<script language="jscript.encode">msgbox "hello"</script>',
      'notags html': ' ',
      'javascript html': '<script>MsgBox"Hello"</script>\n',
      'javascript text': '<script>MsgBox"Hello"</script>\n',
    })
  })

  it('a page that is normal already has no view of itself', async () => {
    expect(Object.keys(views(await run('<b>abc</b>')))).toEqual(['notags html'])
  })

  it('a page in an attribute is a page', async () => {
    const { children } = await run('<iframe srcdoc="&lt;script&gt;x()&lt;/script&gt;">')
    expect([children[0].name, children[0].type, latin1(children[0].bytes)]).toEqual([
      'srcdoc-1',
      'html',
      '<script>x()</script>',
    ])
  })

  it('UTF-16 is read in both orders', async () => {
    const text = `\ufeff<html><a href="data:;base64,${BASE64}">`
    const little = Buffer.from(text, 'utf16le')
    for (const bytes of [little, Buffer.from(little).swap16(), little.subarray(2)]) {
      const result = await collect(html, bytes, { type: 'html-utf16' })
      expect(others(result)).toEqual([['data-1', latin1(PAYLOAD)]])
      expect(views(result)['utf-8 html']).toContain('<html>')
      expect(missedOf(result)).toEqual([])
    }
  })

  it('what is larger than the limit is missed', async () => {
    expect(missedOf(await run(new Uint8Array((40 << 20) + 1)))).toEqual(['too-large'])
  })

  it('grow with the page only, whatever is left open', async () => {
    for (const piece of [
      '<',
      '<a b="',
      "<a b='",
      '<!--',
      '<!--[if',
      '<script>',
      '</',
      '&#',
      '&',
      '<a =',
      '#@~^',
      '<script>#@~^',
      '<style><script>',
    ])
      for (const { bytes } of (await run(piece.repeat(5000))).children)
        expect(bytes.length).toBeLessThan(piece.length * 5000 * 6 + 100)
  })

  it('any text gives no error', async () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '"',
      "'",
      '=',
      'a',
      ' ',
      '&',
      '#',
      ';',
      '/',
      '!--',
      '-->',
      'script',
      'data:',
      ',',
      ';base64,',
      '#@~^',
      '@',
      '\\',
      '\0',
      '\xff',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 60 }), async pieces => void (await run(pieces.join('')))),
      { numRuns: 500 },
    )
  })
})
