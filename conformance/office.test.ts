import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bytesOf, Writer } from '../src/bytes/index.ts'
import { basicCipher, cryptoApiCipher, encryptWorkbook } from '../src/components/ole2/testing/encrypt.ts'
import { COMPONENTS, componentNamed } from '../src/components/index.ts'
import { collect, missedOf } from '../src/components/testing/collect.ts'
import type { Collected } from '../src/components/testing/collect.ts'
import { identify } from '../src/formats/index.ts'
import { buildOle2, buildVba, buildWorkbook, textToken } from '../src/formats/testing.ts'
import { componentCrypto } from '../src/runtime/component-crypto.ts'
import { missing } from './needs.ts'

// Readers of Office documents beside other programs that read, write or decrypt them.

const FILES = '/usr/share/clamav-testfiles'
const CLAM_SHA256 = '71e7b604d18aefd839e51a39c88df8383bb4c071dc31f87f00a2b5df580d4495'
const OFFICE = ['ole2', 'rtf', 'onenote', 'office-xml', 'activemime', 'ooxml']

let folder = ''
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'lazaret-office-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const read = (path: string) => new Uint8Array(readFileSync(path))
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const ole2 = (bytes: Uint8Array, passwords: readonly string[] = []) =>
  collect(componentNamed('ole2')!, bytes, { passwords })
const python = (script: string, ...args: readonly string[]) =>
  execFileSync('/usr/bin/python3', ['-c', script, ...args], { encoding: 'utf8', maxBuffer: 64 << 20 })

/** Digests of everything that comes out, through all levels, and everything missed. */
async function takenApart(bytes: Uint8Array): Promise<{ digests: Set<string>; missed: string[] }> {
  const digests = new Set<string>()
  const missed: string[] = []
  const work = [bytes]
  for (let content = work.pop(); content !== undefined; content = work.pop()) {
    const type = identify(content).name
    for (const component of COMPONENTS) {
      const { accepts, name } = component.manifest
      if (!OFFICE.includes(name) || !accepts.some(accepted => accepted === type)) continue
      const collected: Collected = await collect(component, content)
      missed.push(...missedOf(collected))
      for (const child of collected.children) {
        const digest = sha256(child.bytes)
        if (!digests.has(digest)) work.push(child.bytes)
        digests.add(digest)
      }
    }
  }
  return { digests, missed }
}

describe.skipIf(missing('testfiles').length > 0)("ClamAV's test files", () => {
  it.each(['clam.ole.doc', 'clam.ppt', 'clam.exe.rtf'])('%s leads to clam.exe', async name => {
    const { digests, missed } = await takenApart(read(join(FILES, name)))
    expect([digests.has(CLAM_SHA256), missed]).toEqual([true, []])
  })
})

/** Streams as 7-Zip takes them out, by the names of ours: control characters come as numbers in brackets. */
function bySevenZip(path: string): ReadonlyMap<string, string> {
  const out = mkdtempSync(join(folder, 'x-'))
  execFileSync('7z', ['x', '-y', '-tcompound', `-o${out}`, path], { stdio: 'ignore' })
  const found = new Map<string, string>()
  for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const full = join(entry.parentPath, entry.name)
    found.set(relative(out, full), sha256(read(full)))
  }
  return found
}
const named = (name: string) =>
  // oxlint-disable-next-line no-control-regex
  name.replaceAll(/[\u0001-\u001f]/g, control => `[${control.charCodeAt(0)}]`)

describe.skipIf(missing('7z').length > 0)('7-Zip', () => {
  const data = (size: number, seed: number) =>
    Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 9) + seed) & 255)
  const entries = [
    { path: 'small', data: data(90, 1) },
    { path: '\u0005SummaryInformation', data: data(4095, 2) },
    { path: 'A/B/exact', data: data(4096, 3) },
    { path: 'A/large', data: data(300_000, 4) },
  ]

  it.each([3, 4] as const)('takes the same streams out of a compound file of version %d', async version => {
    const path = join(folder, `v${version}.ole`)
    writeFileSync(path, buildOle2({ entries, version }))
    const { children } = await ole2(read(path))
    expect(new Map(children.map(child => [named(child.name), sha256(child.bytes)]))).toEqual(bySevenZip(path))
  })

  it.skipIf(missing('testfiles').length > 0).each(['clam.ole.doc', 'clam.ppt'])(
    'takes the same streams out of %s',
    async name => {
      const path = join(FILES, name)
      const { children } = await ole2(read(path))
      const ours = new Map(children.map(child => [named(child.name), sha256(child.bytes)]))
      for (const [stream, digest] of bySevenZip(path)) expect([stream, ours.get(stream)]).toEqual([stream, digest])
    },
  )

  it.skipIf(missing('msibuild').length > 0)('takes the same streams out of an installer package', async () => {
    const path = join(folder, 'made.msi')
    const cabinet = join(folder, 'data.cab')
    writeFileSync(cabinet, data(20_000, 5))
    const uuid = '{12345678-1234-1234-1234-123456789012}'
    execFileSync('msibuild', [path, '-s', 'Title', 'Author', ';1033', uuid], { stdio: 'ignore' })
    execFileSync('msibuild', [path, '-a', 'Data1.cab', cabinet], { stdio: 'ignore' })
    const query =
      'CREATE TABLE `Property` (`Property` CHAR(72) NOT NULL, `Value` CHAR(0) NOT NULL LOCALIZABLE PRIMARY KEY `Property`)'
    execFileSync('msibuild', [path, '-q', query], { stdio: 'ignore' })
    const collected = await ole2(read(path))
    const ours = new Map(collected.children.map(child => [named(child.name), sha256(child.bytes)]))
    const theirs = bySevenZip(path)
    expect(theirs.size).toBeGreaterThan(3)
    for (const [stream, digest] of theirs) expect([stream, ours.get(stream)]).toEqual([stream, digest])
    expect(ours.get('Data1.cab')).toBe(sha256(read(cabinet)))
    expect(collected.emissions).toContainEqual({ emit: 'property', name: 'ole2.kind', value: 'msi' })
    expect(collected.emissions).toContainEqual({ emit: 'property', name: 'ole2.author', value: 'Author' })
    expect(missedOf(collected)).toEqual([])
  })
})

describe.skipIf(missing('olefile', 'testfiles').length > 0)('olefile', () => {
  it.each(['clam.ole.doc', 'clam.ppt'])('reads the same properties of %s', async name => {
    const script = `import olefile, sys, json
meta = olefile.OleFileIO(sys.argv[1]).get_metadata()
text = lambda value: value.decode('cp1252') if isinstance(value, bytes) else str(value)
print(json.dumps({k: text(getattr(meta, k)) for k in ('title', 'author', 'creating_application', 'revision_number', 'create_time')}))`
    const theirs = JSON.parse(python(script, join(FILES, name))) as Record<string, string>
    const { emissions } = await ole2(read(join(FILES, name)))
    const ours = (property: string) =>
      emissions.flatMap(e => (e.emit === 'property' && e.name === `ole2.${property}` ? [e.value] : []))[0]
    expect(ours('author')).toBe(theirs.author)
    expect(ours('title')).toBe(theirs.title)
    expect(ours('application')).toBe(theirs.creating_application)
    expect(ours('revision')).toBe(theirs.revision_number)
    expect(ours('created')?.slice(0, 19)).toBe(theirs.create_time.replace(' ', 'T').slice(0, 19))
  })
})

describe.skipIf(missing('sigtool').length > 0)('sigtool', () => {
  it('finds the same macros', async () => {
    const source = 'Sub AutoOpen()\r\nMsgBox "hello from the macro"\r\nEnd Sub\r\n'
    const path = join(folder, 'macros.doc')
    const word = new Writer().u16(0xa5ec).u16(0xc1).padTo(4096).finish()
    writeFileSync(
      path,
      buildOle2({
        entries: [{ path: 'WordDocument', data: word }, ...buildVba('Macros', [{ name: 'Module1', source }])],
      }),
    )
    const theirs = execFileSync('sigtool', [`--vba=${path}`], { encoding: 'latin1' })
    const { children } = await ole2(read(path))
    const ours = Buffer.from(children.find(child => child.name.endsWith('Module1.bas'))!.bytes).toString('latin1')
    expect(theirs).toContain('hello from the macro')
    expect(ours).toContain(source)
  })
})

describe.skipIf(missing('msoffcrypto').length > 0)('msoffcrypto', () => {
  const PASSWORD = 'VelvetSweatshop'
  const script = `import msoffcrypto, sys
file = msoffcrypto.OfficeFile(open(sys.argv[1], 'rb'))
file.load_key(password=sys.argv[3])
file.decrypt(open(sys.argv[2], 'wb'))`
  const workbook = (filePass: Uint8Array) =>
    buildWorkbook({
      sheets: Array.from({ length: 200 }, (_, i) => ({ name: `Sheet number ${i}`, formulas: [textToken('text')] })),
      filePass,
    })
  const kinds: readonly (readonly [string, () => Uint8Array])[] = [
    ['RC4 of Office 97', () => rc4(basicCipher(componentCrypto, PASSWORD))],
    ['RC4 by CryptoAPI', () => rc4(cryptoApiCipher(componentCrypto, PASSWORD, 128))],
  ]
  const rc4 = (cipher: ReturnType<typeof basicCipher>) =>
    encryptWorkbook(workbook(new Writer().u16(1).bytes(cipher.header).finish()), cipher)

  it.each(kinds)('decrypts the same workbook: %s', async (kind, make) => {
    const path = join(folder, `${kind}.xls`)
    writeFileSync(path, buildOle2({ entries: [{ path: 'Workbook', data: make() }] }))
    python(script, path, `${path}.plain`, PASSWORD)
    const theirs = (await ole2(read(`${path}.plain`))).children.find(child => child.name === 'Workbook')!.bytes
    const ours = (await ole2(read(path))).children.find(child => child.name === 'decrypted/Workbook')!.bytes
    // The record that says "encrypted" is made void in different ways.
    const from = Buffer.from(ours).indexOf(Uint8Array.of(0x85, 0))
    expect(Buffer.compare(ours.subarray(from), theirs.subarray(from))).toBe(0)
    expect(statSync(`${path}.plain`).size).toBeGreaterThan(5_000)
  })
})

describe.skipIf(missing('xlwt').length > 0)('xlwt', () => {
  it('writes workbooks in which nothing is missed or odd', async () => {
    const path = join(folder, 'plain.xls')
    python(
      `import xlwt, sys
book = xlwt.Workbook()
for name in ('one', 'two'):
    sheet = book.add_sheet(name)
    for row in range(2000): sheet.write(row, 0, 'text %d' % row)
    sheet.write(0, 1, xlwt.Formula('SUM(A1:A9)'))
book.get_sheet(1).visibility = 2
book.save(sys.argv[1])`,
      path,
    )
    const collected = await ole2(read(path))
    expect(missedOf(collected)).toEqual([])
    expect(collected.emissions.filter(emission => emission.emit === 'anomaly')).toEqual([])
    expect(JSON.stringify(collected.emissions)).toContain('["two","very hidden","cells"]')
    expect(collected.children.map(child => child.name)).toEqual(['Workbook'])
    expect(bytesOf('text 1999').every(byte => collected.children[0].bytes.includes(byte))).toBe(true)
  })
})
