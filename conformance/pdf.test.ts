import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { pdf } from '../src/components/pdf/pdf.ts'
import { collect, missedOf } from '../src/components/testing/collect.ts'
import type { Collected } from '../src/components/testing/collect.ts'
import { missing } from './needs.ts'

// Streams as qpdf decodes them, over the ways in which qpdf can write one document.

const folder = mkdtempSync(join(tmpdir(), 'lazaret-pdf-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
/** qpdf ends with 3 for warnings. */
function qpdf(...options: readonly string[]): Buffer {
  try {
    return execFileSync('qpdf', options, { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] })
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: Buffer }
    if (status !== 3) throw error
    return stdout
  }
}

interface Expected {
  /** By object: digest of the decoded stream. */
  readonly streams: ReadonlyMap<string, string>
  readonly pages: number
}

function expectedOf(path: string, password: string): Expected {
  const options = [`--password=${password}`, path]
  const json = qpdf('--json=2', '--json-stream-data=inline', '--decode-level=specialized', ...options).toString()
  const { qpdf: parts } = JSON.parse(json) as { qpdf: [unknown, Record<string, { stream?: { data: string } }>] }
  const streams = Object.entries(parts[1]).flatMap(([name, { stream }]) =>
    stream === undefined || stream.data === '' ? [] : [[name, sha256(Buffer.from(stream.data, 'base64'))] as const],
  )
  return { streams: new Map(streams), pages: Number(qpdf('--show-npages', ...options).toString()) }
}

const propertyOf = ({ emissions }: Collected, name: string): string | undefined =>
  emissions.flatMap(emission => (emission.emit === 'property' && emission.name === name ? [emission.value] : []))[0]

async function agrees(path: string, password = ''): Promise<Collected> {
  const expected = expectedOf(path, password)
  const found = await collect(pdf, readFileSync(path), { type: 'pdf', passwords: ['wrong', password] })
  const digests = new Set(found.children.map(child => sha256(child.bytes)))
  const absent = [...expected.streams].flatMap(([name, digest]) => (digests.has(digest) ? [] : [name]))
  expect(absent, path).toEqual([])
  expect(propertyOf(found, 'pdf.pages')).toBe(String(expected.pages))
  return found
}

const POSTSCRIPT = `%!PS
/Helvetica findfont 24 scalefont setfont
1 1 12 { /page exch def 72 700 moveto (Page ) show page 10 string cvs show
  72 600 translate 200 100 scale 64 32 8 [64 0 0 32 0 0] { 64 string dup 0 page 7 mul put } image showpage } for
[ /Title (Invoice \\(2024\\)) /Author (Nobody) /DOCINFO pdfmark
`

const FILES = [
  '/usr/share/doc/libtasn1-doc/libtasn1.pdf',
  '/usr/share/doc/shared-mime-info/shared-mime-info-spec.pdf',
  '/usr/share/clamav-testfiles/clam.pdf',
].filter(path => existsSync(path))

const CLAM = FILES.find(name => name.endsWith('clam.pdf'))

function madeFiles(): readonly string[] {
  writeFileSync(join(folder, 'a.ps'), POSTSCRIPT)
  const gs = (name: string, ...options: readonly string[]): string => {
    const path = join(folder, name)
    execFileSync('gs', ['-q', '-o', path, '-sDEVICE=pdfwrite', ...options, join(folder, 'a.ps')])
    return path
  }
  return [
    gs('plain.pdf'),
    gs('1.3.pdf', '-dCompatibilityLevel=1.3'),
    gs('ascii.pdf', '-dASCII85EncodePages=true'),
    gs('open.pdf', '-dCompressPages=false'),
  ]
}

/** Options of qpdf, the password that opens it, and whether it is a way that needs one. */
const WAYS: readonly (readonly [name: string, options: readonly string[], password?: string])[] = [
  ['rewritten', []],
  ['linearised', ['--linearize']],
  ['object streams', ['--object-streams=generate']],
  ['object streams, linearised', ['--object-streams=generate', '--linearize']],
  ['QDF', ['--qdf']],
  ['uncompressed', ['--stream-data=uncompress', '--object-streams=disable']],
  ['RC4, 40 bits', ['--allow-weak-crypto', '--encrypt', '', 'owner', '40', '--']],
  ['RC4, 128 bits', ['--allow-weak-crypto', '--encrypt', '', 'owner', '128', '--use-aes=n', '--']],
  ['RC4, V4', ['--allow-weak-crypto', '--encrypt', '', 'owner', '128', '--force-V4', '--']],
  ['RC4, open metadata', ['--allow-weak-crypto', '--encrypt', '', 'owner', '128', '--cleartext-metadata', '--']],
  ['AES, 128 bits', ['--allow-weak-crypto', '--encrypt', '', 'owner', '128', '--use-aes=y', '--']],
  ['AES, 256 bits, R5', ['--allow-weak-crypto', '--encrypt', '', 'owner', '256', '--force-R5', '--']],
  ['AES, 256 bits, R6', ['--encrypt', '', 'owner', '256', '--']],
  ['AES, 256 bits, object streams', ['--object-streams=generate', '--encrypt', '', 'owner', '256', '--']],
  ['user password, RC4 40', ['--allow-weak-crypto', '--encrypt', 'user', 'owner', '40', '--'], 'user'],
  ['owner password, RC4 40', ['--allow-weak-crypto', '--encrypt', 'user', 'owner', '40', '--'], 'owner'],
  [
    'owner password, RC4 128',
    ['--allow-weak-crypto', '--encrypt', 'user', 'owner', '128', '--use-aes=n', '--'],
    'owner',
  ],
  ['user password, AES 128', ['--allow-weak-crypto', '--encrypt', 'üser', 'owner', '128', '--use-aes=y', '--'], 'üser'],
  ['user password, R6', ['--encrypt', 'üser', 'owner', '256', '--'], 'üser'],
  ['owner password, R6', ['--encrypt', 'user', 'owner', '256', '--'], 'owner'],
  ['owner password, R5', ['--allow-weak-crypto', '--encrypt', 'user', 'owner', '256', '--force-R5', '--'], 'owner'],
]

describe.skipIf(missing('qpdf', 'ghostscript').length > 0)('PDF', () => {
  const files = [...FILES, ...madeFiles()]

  it.each(files)('%s', async path => void (await agrees(path)))

  it.each(WAYS.map(([name, options, password]) => ({ name, options, password: password ?? '' })))(
    '$name',
    async way => {
      const { options, password } = way
      for (const [i, path] of files.entries()) {
        const written = join(folder, `${i}.pdf`)
        qpdf(path, ...options, written)
        const found = await agrees(written, password)
        expect(missedOf(found), written).toEqual([])
        expect(found.emissions.filter(({ emit }) => emit === 'anomaly')).toEqual([])
        if (password === '') continue
        expect(found.emissions).toContainEqual({ emit: 'password', password })
        const closed = await collect(pdf, readFileSync(written), { type: 'pdf', passwords: ['wrong'] })
        expect(missedOf(closed)).toEqual(['encrypted'])
        expect(propertyOf(closed, 'encrypted')).toBe('pdf')
      }
    },
  )

  it('attachments, as pdfdetach saves them', async () => {
    const attached = join(folder, 'attached file.bin')
    writeFileSync(
      attached,
      Uint8Array.from({ length: 5000 }, (_, i) => i * i),
    )
    for (const options of [[], ['--encrypt', '', 'owner', '256', '--']]) {
      const written = join(folder, 'attached.pdf')
      qpdf(files[0], '--add-attachment', attached, '--', ...options, written)
      const saved = join(folder, 'saved.bin')
      execFileSync('pdfdetach', ['-save', '1', '-o', saved, written])
      const { children } = await collect(pdf, readFileSync(written), { type: 'pdf' })
      const child = children.find(({ name }) => name === 'attached file.bin')
      expect(sha256(child!.bytes)).toBe(sha256(readFileSync(saved)))
    }
  })

  it('title of an encrypted document', async () => {
    const written = join(folder, 'title.pdf')
    for (const options of [[], ['--encrypt', '', 'owner', '256', '--'], ['--object-streams=generate']]) {
      qpdf(
        files.find(path => path.endsWith('plain.pdf'))!,
        ...options,
        written,
      )
      const found = await collect(pdf, readFileSync(written), { type: 'pdf' })
      expect(propertyOf(found, 'pdf.title')).toBe('Invoice (2024)')
    }
  })

  it.skipIf(CLAM === undefined)('leads from clam.pdf to clam.exe', async () => {
    const { children } = await collect(pdf, readFileSync(CLAM!))
    const digest = '71e7b604d18aefd839e51a39c88df8383bb4c071dc31f87f00a2b5df580d4495'
    expect(children.map(child => sha256(child.bytes))).toContain(digest)
  })
})
