import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildBinHex, encodeUu } from '../../codecs/build.ts'
import { collect, missedOf } from '../testing/collect.ts'
import type { Collected } from '../testing/collect.ts'
import { mail } from './mail.ts'

const PAYLOAD = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 37 + (i >> 3)) & 0xff))
const BASE64 = PAYLOAD.toString('base64').replace(/.{76}/g, '$&\r\n')

const crlf = (text: string): string => text.replaceAll(/\r?\n/g, '\r\n')
const run = (text: string | Uint8Array): Promise<Collected> =>
  collect(mail, typeof text === 'string' ? Buffer.from(text, 'latin1') : text, { type: 'mail' })

const holdsPayload = ({ children }: Collected): boolean => children.some(child => PAYLOAD.equals(child.bytes))
const anomalies = ({ emissions }: Collected): string[] =>
  emissions.flatMap(emission => (emission.emit === 'anomaly' ? [emission.code] : []))
const property = ({ emissions }: Collected, name: string): string | undefined =>
  emissions.flatMap(emission => (emission.emit === 'property' && emission.name === name ? [emission.value] : []))[0]

/** A part with the payload in base64. */
const ATTACHMENT = `Content-Type: application/octet-stream; name=a.exe
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename=a.exe

${BASE64}`

/** A message of these headers with a text and the attachment, separated by `boundary`. */
const mixed = (headers: string, boundary: string, attachment = ATTACHMENT): string =>
  crlf(`From: a@example.com
Subject: test
MIME-Version: 1.0
${headers}

--${boundary}
Content-Type: text/plain

Hello there.
--${boundary}
${attachment}
--${boundary}--
`)

const MIXED = 'Content-Type: multipart/mixed; boundary="b1"'

describe('a plain message', () => {
  it('gives its facts, its text and its attachment, and misses nothing', async () => {
    const result = await run(
      mixed(`Message-ID: <1@x>\nTo: b@example.com\nDate: today\n${MIXED}`, 'b1').replace(
        'Subject: test',
        'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?B?IQ==?=',
      ),
    )
    expect(result.children.map(child => [child.name, child.type, child.bytes.length])).toEqual([
      ['part-1.txt', undefined, 12],
      ['a.exe', undefined, 300],
    ])
    expect(holdsPayload(result)).toBe(true)
    expect(missedOf(result)).toEqual([])
    expect(anomalies(result)).toEqual([])
    expect(
      ['from', 'to', 'subject', 'date', 'message-id', 'attachments'].map(name => property(result, `mail.${name}`)),
    ).toEqual(['a@example.com', 'b@example.com', 'Grüße!', 'today', '<1@x>', 'a.exe'])
  })

  it('without MIME is one text', async () => {
    const { children } = await run('From: a\nTo: b\n\nHello\n')
    expect(children.map(child => [child.name, Buffer.from(child.bytes).toString()])).toEqual([
      ['part-1.txt', 'Hello\n'],
    ])
  })

  it.each(['Hi. This is the qmail-send program.\n', 'X-EVS', '\n>From me\nto you\n'])(
    'without headers is text, so that nobody takes it apart for ever: %j',
    async text => {
      const { children } = await run(text)
      expect(children.map(child => [child.type, Buffer.from(child.bytes).toString()])).toEqual([
        ['text', text.trimStart()],
      ])
    },
  )

  it('of HTML says so, and never of what has a magic number', async () => {
    const { children } = await run('Content-Type: text/html\n\nshort')
    expect(children[0].type).toBe('html')
    const program = await run('Content-Type: text/html\nContent-Transfer-Encoding: base64\n\nTVqQAAMAAAAEAAAA')
    expect(program.children[0].type).toBeUndefined()
  })
})

describe('headers that one reader takes for one thing and another for another', () => {
  it.each([
    ['boundary-content-disposition', 'Content-Type: multipart/mixed\nContent-Disposition: inline; boundary="b1"', 'b1'],
    [
      'disposition-rfc2231-boundary',
      'Content-Type: multipart/mixed\nContent-Disposition: inline; boundary*0=b; boundary*1=1',
      'b1',
    ],
    ['comment-header-name', 'Content-Type (a comment): multipart/mixed; boundary="b1"', 'b1'],
    ['nested-comment-header-name', 'Content-Type (a (nested (one)) comment): multipart/mixed; boundary="b1"', 'b1'],
    ['multiple-boundaries, first', 'Content-Type: multipart/mixed; boundary="b1"; boundary="b2"', 'b1'],
    ['multiple-boundaries, last', 'Content-Type: multipart/mixed; boundary="b1"; boundary="b2"', 'b2'],
    ['multiple-content-type, first', `${MIXED}\nContent-Type: multipart/mixed; boundary="b2"`, 'b1'],
    ['multiple-content-type, last', `${MIXED}\nContent-Type: multipart/mixed; boundary="b2"`, 'b2'],
    ['multiple-content-type, text first', `Content-Type: text/plain\n${MIXED}`, 'b1'],
    ['multiple-content-type, text last', `${MIXED}\nContent-Type: text/plain`, 'b1'],
    ['semicolon-boundary, quoted', 'Content-Type: multipart/mixed; boundary="b;1"', 'b;1'],
    ['semicolon-boundary, bare', 'Content-Type: multipart/mixed; boundary=b;1', 'b;1'],
    ['semicolon-boundary, bare, cut', 'Content-Type: multipart/mixed; boundary=b;1', 'b'],
    ['semicolon-boundary, before', 'Content-Type: multipart/mixed; boundary=;b1', 'b1'],
    ['semicolon before the value', 'Content-Type: multipart/mixed;; ;boundary="b1";', 'b1'],
    ['no semicolon before boundary', 'Content-Type: multipart/mixed boundary="b1"', 'b1'],
    ['trailing space in quotes', 'Content-Type: multipart/mixed; boundary="b1  "', 'b1'],
    ['trailing space in lines', MIXED, 'b1  \t'],
    ['quotes that do not close', 'Content-Type: multipart/mixed; boundary="b1', 'b1'],
    ['apostrophes, meant', "Content-Type: multipart/mixed; boundary='b1'", "'b1'"],
    ['apostrophes, as quotes', "Content-Type: multipart/mixed; boundary='b1'", 'b1'],
    ['backslash, as escape', 'Content-Type: multipart/mixed; boundary="b\\1"', 'b1'],
    ['backslash, meant', 'Content-Type: multipart/mixed; boundary="b\\1"', 'b\\1'],
    ['escaped quote', 'Content-Type: multipart/mixed; boundary="b\\"1"', 'b"1'],
    ['comment in the value', 'Content-Type: multipart/mixed; boundary=(what ";" \\) (is) this)b1', 'b1'],
    ['comment, meant', 'Content-Type: multipart/mixed; boundary=b(1)', 'b(1)'],
    ['comment, left out', 'Content-Type: multipart/mixed; boundary=b(1)', 'b'],
    ['comment that does not close', 'Content-Type: multipart/mixed; x=(y; boundary=b1', 'b1'],
    ['spaces around', 'Content-Type: multipart/mixed; boundary = b1 ', 'b1'],
    ['bare with a space, whole', 'Content-Type: multipart/mixed; boundary=b 1', 'b 1'],
    ['bare with a space, first word', 'Content-Type: multipart/mixed; boundary=b 1', 'b'],
    ['extended', "Content-Type: multipart/mixed; boundary*=us-ascii'en'b%31", 'b1'],
    ['continued and extended', "Content-Type: multipart/mixed; boundary*0*=us-ascii''b; boundary*1=1", 'b1'],
    ['continued out of order', 'Content-Type: multipart/mixed; boundary*1=1; boundary*0=b', 'b1'],
    ['folded', 'Content-Type: multipart/mixed;\n boundary=\n "b1"', 'b1'],
    ['folded within the name', 'Content-Type: multipart/mixed; bound\n ary="b1"', 'b1'],
    ['name in other case', 'CONTENT-type: MULTIPART/Mixed; BOUNDARY="B1"', 'B1'],
    ['space before the colon', 'Content-Type  : multipart/mixed; boundary="b1"', 'b1'],
    ['empty', 'Content-Type: multipart/mixed; boundary=""', ''],
    ['absent', 'Content-Type: multipart/mixed', 'b1'],
    ['wrong', 'Content-Type: multipart/mixed; boundary="other"', 'b1'],
    ['a type that is none', 'Content-Type: mixed; boundary="b1"', 'b1'],
    ['no type, but a boundary', 'Content-Disposition: inline; boundary="b1"', 'b1'],
    ['a line that is no header', 'what is this\nContent-Type: multipart/mixed; boundary="b1"', 'b1'],
    ['a line of spaces', 'X-Y: 1\n   \nContent-Type: multipart/mixed; boundary="b1"', 'b1'],
  ])('%s', async (_, headers, boundary) => {
    const result = await run(mixed(headers, boundary))
    expect(holdsPayload(result)).toBe(true)
  })

  it.each([
    ['b2', 'Content-Type: multipart/mixed; boundary="b1"; boundary="b2"'],
    ['b2', `${MIXED}\nContent-Type: multipart/mixed; boundary="b2"`],
    ['other', 'Content-Type: multipart/mixed'],
  ])('says that it is ambiguous: %s', async (boundary, headers) => {
    expect(anomalies(await run(mixed(headers, boundary)))).toContain('ambiguous')
  })
})

describe('transfer encodings', () => {
  const encoded = (header: string, body: string) =>
    mixed(MIXED, 'b1', `Content-Type: application/x-a\n${header}\n\n${body}`)
  const quoted = [...PAYLOAD]
    .map((byte, i) => `=${byte.toString(16).padStart(2, '0')}${i % 20 === 19 ? '=\n' : ''}`)
    .join('')

  it.each([
    ['base64', 'Content-Transfer-Encoding: base64', BASE64],
    ['base64 in other case with a comment', 'Content-Transfer-Encoding: "BASE64" (yes)', BASE64],
    ['base64 with a comment in the name', 'Content-Transfer-Encoding(no): base64;', BASE64],
    ['quoted-printable', 'Content-Transfer-Encoding: quoted-printable', quoted],
    ['uuencode', 'Content-Transfer-Encoding: x-uuencode', `begin 644 a.exe\n${encodeUu(PAYLOAD)}\`\nend`],
    ['binhex', 'Content-Transfer-Encoding: mac-binhex40', buildBinHex('a.exe', PAYLOAD)],
    ['declared twice, first', 'Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit', BASE64],
    ['declared twice, last', 'Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64', BASE64],
    ['declared 7bit', 'Content-Transfer-Encoding: 7bit', BASE64],
    ['not declared', 'X-Y: z', BASE64],
    ['base64 with noise', 'Content-Transfer-Encoding: base64', BASE64.replaceAll('A', '-A*')],
  ])('%s', async (_, header, body) => {
    expect(holdsPayload(await run(encoded(header, body)))).toBe(true)
  })

  it('base64 that goes on behind its padding is read in three ways', async () => {
    const body = `QUI=\n${Buffer.from('CD').toString('base64')}`
    const result = await run(encoded('Content-Transfer-Encoding: base64', body))
    expect(result.children.map(child => Buffer.from(child.bytes).toString('latin1'))).toEqual(
      expect.arrayContaining(['AB', 'ABCD', Buffer.from('QUIQ0Q', 'base64').toString('latin1')]),
    )
    expect(anomalies(result)).toEqual(['ambiguous'])
  })

  it('a multipart that is encoded as a whole becomes a message', async () => {
    const body = Buffer.from(crlf(`--b1\n${ATTACHMENT}\n--b1--\n`)).toString('base64')
    const outer = await run(crlf(`From: a\nContent-Transfer-Encoding: base64\n${MIXED}\n\n${body}\n`))
    expect(outer.children.map(child => child.type)).toEqual(['mail'])
    expect(holdsPayload(await run(outer.children[0].bytes))).toBe(true)
  })
})

describe('names', () => {
  it.each([
    ['plain', 'Content-Disposition: attachment; filename=x.exe', 'x.exe'],
    ['quoted', 'Content-Disposition: attachment; filename="a b;.exe"', 'a b;.exe'],
    ['RFC 2047', 'Content-Disposition: attachment; filename="=?iso-8859-1?Q?=E4_b.exe?="', 'ä b.exe'],
    ['RFC 2231', "Content-Disposition: attachment; filename*=utf-8''%C3%A4.exe; filename=plain.exe", 'ä.exe'],
    [
      'RFC 2231 in pieces',
      'Content-Disposition: attachment; filename*0*=utf-8\'\'%C3; filename*1*=%A4; filename*2=".exe"',
      'ä.exe',
    ],
    ['eight-bit UTF-8', 'Content-Disposition: attachment; filename="\xc3\xa4.exe"', 'ä.exe'],
    ['eight-bit Latin-1', 'Content-Disposition: attachment; filename="\xe4.exe"', 'ä.exe'],
    ['of the type', 'Content-Type: application/x-a; name="n.exe"', 'n.exe'],
    ['of the location', 'Content-Location: http://example.com/a.js', 'http://example.com/a.js'],
    ['none', 'Content-Type: application/pdf', 'part-2.pdf'],
    ['none, and no known type', 'Content-Type: a/b', 'part-2.bin'],
  ])('%s', async (_, header, name) => {
    const { children } = await run(mixed(MIXED, 'b1', `${header}\n\nx`))
    expect(children[1].name).toBe(name)
  })

  it('that differ are both told', async () => {
    const { children } = await run(
      mixed(MIXED, 'b1', 'Content-Type: a/b; name=a.txt\nContent-Disposition: x; filename=b.exe\n\nx'),
    )
    expect(children[1].properties).toContainEqual({ name: 'mail.other-name', value: 'a.txt' })
  })
})

describe('structure', () => {
  const nested = (depth: number, inner: string): string => {
    let text = inner
    for (let i = 0; i < depth; i++)
      text = `Content-Type: multipart/mixed; boundary="n${i}."\n\n--n${i}.\n${text}\n--n${i}.--\n`
    return crlf(`From: a\n${text}`)
  }

  it('finds what lies in many multiparts and messages', async () => {
    expect(holdsPayload(await run(nested(90, ATTACHMENT)))).toBe(true)
    const messages = `${'Content-Type: message/rfc822\n\n'.repeat(50)}${ATTACHMENT}`
    expect(holdsPayload(await run(mixed(MIXED, 'b1', messages)))).toBe(true)
  })

  it('says where it stops', async () => {
    expect(missedOf(await run(nested(300, ATTACHMENT)))).toContain('too-deep')
    expect(
      missedOf(await run(mixed(MIXED, 'b1', `${'Content-Type: message/rfc822\n\n'.repeat(500)}${ATTACHMENT}`))),
    ).toContain('too-deep')
  })

  it('many attached messages beside each other are not deep', async () => {
    const one = crlf('--b1\nContent-Type: message/rfc822\n\nFrom: a\n\ntext\n')
    const result = await run(crlf(`From: a\n${MIXED}\n\n${one.repeat(500)}`))
    expect([result.children.length, ...missedOf(result)]).toEqual([500])
  })

  it.each([
    ['without the closing line', mixed(MIXED, 'b1').replace('--b1--', '')],
    ['cut off behind the attachment', mixed(MIXED, 'b1').split('\r\n--b1--')[0]],
    [
      'behind the closing line',
      mixed(MIXED, 'b1', 'X: y\n\nz').replace('--b1--', crlf(`--b1--\n\n--b1\n${ATTACHMENT}\n`)),
    ],
    ['with LF only', mixed(MIXED, 'b1').replaceAll('\r', '')],
    ['with CR only', mixed(MIXED, 'b1').replaceAll('\n', '')],
    ['without a blank line before the parts', mixed(MIXED, 'b1').replace('\r\n\r\n', '\r\n')],
    ['with blank lines before the headers', `\r\n\r\n${mixed(MIXED, 'b1')}`],
    [
      'as the second of two messages in a row',
      `From: a\r\nMIME-Version: 1.0\r\n\r\nfirst\r\n\r\n${mixed(MIXED, 'b1')}`,
    ],
    [
      'as the first of two messages in a row',
      `${mixed(MIXED, 'b1')}\r\nFrom: a\r\nMIME-Version: 1.0\r\n\r\nsecond\r\n`,
    ],
    [
      'behind the end of another multipart',
      `${mixed('Content-Type: multipart/mixed; boundary=b0', 'b0', 'X: y\n\nz')}${mixed(MIXED, 'b1')}`,
    ],
    [
      'in a mailbox',
      `From a@b Thu Jan  1 00:00:00 1970\nSubject: x\n\ny\n\nFrom a@b Thu Jan  1 00:00:00 1970\n${mixed(MIXED, 'b1')}`,
    ],
    [
      'in a mailbox, around a From line',
      mixed(MIXED, 'b1')
        .replace('Hello', 'x\n\nFrom a@b Thu Jan  1 00:00:00 1970\n')
        .replace(/^/, 'From a@b Thu Jan  1 00:00:00 1970\n'),
    ],
    [
      'behind a line that starts with the boundary',
      mixed(MIXED, 'b1').replace('--b1\r\nContent-Type: app', '--b1 and more\r\nContent-Type: app'),
    ],
    [
      'with a boundary line behind a CR in the data',
      mixed('Content-Type: multipart/mixed; boundary="_._"', '_._').replace(
        BASE64.slice(0, 78),
        `${BASE64.slice(0, 76)}\r--_._\r\n`,
      ),
    ],
    ['in a bounce', `From: a\n\nThis came back:\n\nReceived: x\n${mixed(MIXED, 'b1')}`],
  ])('%s', async (_, text) => {
    expect(holdsPayload(await run(text))).toBe(true)
  })

  it('text before and behind the parts becomes children, too', async () => {
    const text = mixed(MIXED, 'b1').replace('\r\n\r\n--b1', '\r\n\r\nbefore\r\n--b1')
    const { children } = await run(`${text}behind\r\n`)
    expect(children.map(child => child.name)).toEqual(['preamble-1.txt', 'part-2.txt', 'a.exe', 'epilogue-4.txt'])
  })

  it('a piece of a message is missed, and looked at', async () => {
    const result = await run(crlf('From: a\nContent-Type: message/partial; number=1; total=3; id=x\n\nFrom: a\n\ntext'))
    expect(missedOf(result)).toEqual(['unsupported'])
    expect(result.children.map(child => Buffer.from(child.bytes).toString())).toEqual(['text'])
    const whole = await run(crlf('From: a\nContent-Type: message/partial; number=1; total=1; id=x\n\nFrom: a\n\ntext'))
    expect(missedOf(whole)).toEqual([])
  })

  it('headers without end are read so far, and said so', async () => {
    const result = await run(mixed(`Content-Type: multipart/mixed; x=${'y'.repeat(100_000)}; boundary=b1`, 'b1'))
    expect(missedOf(result)).toContain('too-large')
    expect(holdsPayload(result)).toBe(true)
  })
})

describe('passwords', () => {
  const passwords = ({ emissions }: Collected) =>
    emissions.flatMap(emission => (emission.emit === 'password' ? [emission.password] : []))

  it.each([
    ['the password is "inf ected".', 'inf ected'],
    ['Password: infected', 'infected'],
    ['Das Passwort lautet: Geheim1!', 'Geheim1!'],
    ['mot de passe : secret', 'secret'],
    ['Пароль: 12345', '12345'],
    ['пароля нет, 4711', '4711'],
    ['解压密码：abc123', 'abc123'],
    ['contraseña es hola', 'hola'],
    ['pw:1234', '1234'],
    ['PASSWORD\r\n\r\n  x9.', 'x9'],
  ])('%s', async (text, password) => {
    const result = await run(Buffer.from(`From: a\nContent-Type: text/plain; charset=utf-8\n\n${text}\n`))
    expect(passwords(result)).toContain(password)
  })

  it('come before the children, from the subject and from HTML, and are not too many', async () => {
    const html = Buffer.from('<p>Password:</p><p><b>s3&lt;t</b></p>').toString('base64')
    const result = await run(
      `From: a\nSubject: pw: subj\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n${html}`,
    )
    expect(passwords(result)).toEqual(expect.arrayContaining(['subj', 's3<t']))
    const many = Array.from({ length: 1000 }, (_, i) => `password: p${i}`).join('\n')
    expect(passwords(await run(`From: a\n\n${many}`)).length).toBe(64)
  })
})

describe('hostile messages', () => {
  const SAMPLES = [
    mixed(MIXED, 'b1'),
    mixed('Content-Type: multipart/mixed; boundary=b;1; boundary*0*=x', 'b;1'),
    crlf(`From a@b 00:00:00\nFrom: a\n${MIXED}\n\n--b1\nContent-Type: message/rfc822\n\n${mixed(MIXED, 'b1')}`),
  ]

  it('cut off anywhere, and mutated, give no error', async () => {
    for (const sample of SAMPLES) for (let size = 0; size < sample.length; size += 13) await run(sample.slice(0, size))
    const pieces = [
      '--b1',
      '\r',
      '\n',
      '\r\n\r\n',
      '=?',
      '"',
      ';',
      '(',
      'Content-Type: ',
      'boundary=',
      'From ',
      '--',
      '=',
      'multipart/',
      'message/rfc822',
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SAMPLES),
        fc.array(fc.tuple(fc.nat(1000), fc.nat(20), fc.constantFrom(...pieces)), { maxLength: 8 }),
        async (sample, edits) => {
          let text = sample
          for (const [at, cut, piece] of edits) text = text.slice(0, at) + piece + text.slice(at + cut)
          await run(text)
        },
      ),
      { numRuns: 200 },
    )
  })
})

it('reads parts that no header announces', async () => {
  const cutShort = crlf(`From: a@example.com\n\nHello\n--bb\n${ATTACHMENT}\n--bb--\n`)
  const outer = await run(cutShort)
  expect(holdsPayload(outer)).toBe(false)
  expect(anomalies(outer)).toEqual(['ambiguous'])
  const inner = outer.children.find(({ type }) => type === 'mail')
  expect(holdsPayload(await run(inner?.bytes ?? ''))).toBe(true)
  const signature = await run(crlf('From: a@example.com\n\nHello\n-- \nContent is king\n--\nx\n'))
  expect(signature.children).toHaveLength(1)
})
