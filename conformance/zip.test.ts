import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { zipComponent } from '../src/components/zip/index.ts'
import { collect, missedOf } from '../src/components/testing/collect.ts'
import type { Collected } from '../src/components/testing/collect.ts'
import { missing } from './needs.ts'

// Everything that a ZIP tool in use takes out of an archive must be among the children, byte for byte. Differences that
// are right are listed with their reason in zip-differences.md, and nowhere else.

const CORPORA = resolve(import.meta.dirname, '..', '..', 'shared', 'corpora')
const TESTFILES = '/usr/share/clamav-testfiles'
const PASSWORDS = ['foofoofoo', '1234', 'password', '12345678', 'secret', 'password1', 'password2']
const TOOL_TIMEOUT_MS = 20_000
/** Beyond this, a file is the hole of a size that is a lie. */
const MAX_FILE_BYTES = 256 << 20

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

const PYTHON = `
import hashlib, sys, zipfile
passwords = sys.argv[1].split(',')
for path in sys.argv[2:]:
    try:
        archive = zipfile.ZipFile(path)
    except Exception:
        continue
    for info in archive.infolist():
        if info.is_dir(): continue
        for password in passwords:
            try:
                content = archive.open(info, pwd=password.encode()).read()
            except Exception:
                continue
            if content: print(path, hashlib.sha256(content).hexdigest(), ascii(info.filename), sep='\\t')
            break
`

/** Content by digest, with a name for people. */
type Found = Map<string, string>

/** Names are bytes: tools write what is no UTF-8. */
function filesIn(folder: Buffer, found: Found): void {
  for (const name of readdirSync(folder, { encoding: 'buffer' })) {
    const path = Buffer.concat([folder, Buffer.from('/'), name])
    const stat = lstatSync(path)
    if (stat.isDirectory()) filesIn(path, found)
    else if (stat.isSymbolicLink())
      found.set(sha256(readlinkSync(path, { encoding: 'buffer' })), JSON.stringify(name.toString()))
    else if (stat.size > MAX_FILE_BYTES) found.set(`${stat.size} bytes`, JSON.stringify(name.toString()))
    else addFile(readFileSync(path), name.toString(), found)
  }
}

/** Tools leave empty files where they fail, and bsdtar a hole of the declared size: neither is content. */
function addFile(bytes: Uint8Array, name: string, found: Found): void {
  if (bytes.some(byte => byte !== 0)) found.set(sha256(bytes), JSON.stringify(name))
}

const run = (program: string, options: readonly string[]): string =>
  spawnSync(program, options, { timeout: TOOL_TIMEOUT_MS, encoding: 'utf8', input: '' }).stdout

const TOOLS: Record<string, (file: string, folder: string, password: string) => void> = {
  unzip: (file, folder, password) => void run('unzip', ['-o', '-qq', '-P', password, file, '-d', folder]),
  '7z': (file, folder, password) =>
    void run('7z', ['x', '-y', '-bso0', '-bse0', '-tzip', `-p${password}`, `-o${folder}`, file]),
  bsdtar: (file, folder, password) => void run('bsdtar', ['-x', '-f', file, '-C', folder, '--passphrase', password]),
}

function extractedBy(tool: string, file: string, scratch: string, isEncrypted: boolean): Found {
  const found: Found = new Map()
  for (const password of isEncrypted ? PASSWORDS : ['none']) {
    const folder = mkdtempSync(join(scratch, 'out-'))
    TOOLS[tool](file, folder, password)
    run('chmod', ['-R', 'u+rwX', folder])
    filesIn(Buffer.from(folder), found)
    rmSync(folder, { recursive: true, force: true })
  }
  return found
}

/** What Python reads, by archive. */
function readByPython(files: readonly string[]): Map<string, Found> {
  const all = new Map<string, Found>(files.map(file => [file, new Map()]))
  const lines = run('python3', ['-c', PYTHON, PASSWORDS.join(','), ...files]).split('\n')
  for (const line of lines) {
    const [file, digest, name] = line.split('\t')
    if (name !== undefined) all.get(file)?.set(digest, JSON.stringify(name))
  }
  return all
}

/** Decodes uuencoded text; the corpora hold nothing else. */
function uudecode(text: string): Uint8Array {
  const bytes: number[] = []
  for (const line of text.split('\n').slice(1)) {
    if (line.trim() === 'end') break
    const value = (i: number): number => ((line.charCodeAt(i) || 32) - 32) & 63
    for (let i = 1, left = value(0); left > 0; i += 4, left -= 3) {
      const word = (value(i) << 18) | (value(i + 1) << 12) | (value(i + 2) << 6) | value(i + 3)
      bytes.push(...[word >> 16, (word >> 8) & 255, word & 255].slice(0, left))
    }
  }
  return Uint8Array.from(bytes)
}

const NOT_ZIP = /7zip|_rar|gzip|lrzip|grzip|lzip|\.(tbz|tgz|tlz)|rpm/

/** Path of every archive, by its name. */
function corpus(scratch: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const name of readdirSync(join(CORPORA, 'libzip')))
    if (name.endsWith('.zip')) files.set(`libzip/${name}`, join(CORPORA, 'libzip', name))
  for (const name of readdirSync(join(CORPORA, 'libarchive')))
    if (/zip/.test(name) && name.endsWith('.uu') && !NOT_ZIP.test(name)) {
      const path = join(scratch, name.slice(0, -3))
      writeFileSync(path, uudecode(readFileSync(join(CORPORA, 'libarchive', name), 'latin1')))
      files.set(`libarchive/${name.slice(0, -3)}`, path)
    }
  return files
}

/** Lines of zip-differences.md: `- TOOL ARCHIVE MEMBER: reason`. */
const DIFFERENCES = readFileSync(join(import.meta.dirname, 'zip-differences.md'), 'utf8')
const isExplained = (tool: string, archive: string, member: string): boolean =>
  DIFFERENCES.includes(`\n- ${tool} ${archive} ${member}: `)

const openAll = (file: string): Promise<Collected> =>
  collect(zipComponent, readFileSync(file), { type: 'zip', passwords: PASSWORDS })

describe.skipIf(missing('shared', 'unzip', 'p7zip', 'bsdtar').length > 0)('corpora', () => {
  let scratch = ''
  let files = new Map<string, string>()
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'lazaret-zip-'))
    files = corpus(scratch)
  })
  afterAll(() => rmSync(scratch, { recursive: true, force: true }))

  it.each([...Object.keys(TOOLS), 'python'])('whatever %s takes out is among the children', async tool => {
    const faults: string[] = []
    const byPython = tool === 'python' ? readByPython([...files.values()]) : undefined
    for (const [name, file] of files) {
      const collected = await openAll(file)
      const ours = new Set(collected.children.map(child => sha256(child.bytes)))
      const isEncrypted = collected.emissions.some(
        ({ emit, ...rest }) => emit === 'property' && 'name' in rest && rest.name === 'encrypted',
      )
      const theirs = byPython?.get(file) ?? extractedBy(tool, file, scratch, isEncrypted)
      for (const [digest, member] of theirs)
        if (!ours.has(digest) && !isExplained(tool, name, member)) faults.push(`- ${tool} ${name} ${member}: `)
    }
    expect(files.size).toBeGreaterThan(200)
    expect(faults).toEqual([])
  })
})

describe.skipIf(missing('testfiles').length > 0)('files of ClamAV', () => {
  it.each(['clam.zip', 'clam.bz2.zip', 'clam.d64.zip', 'clam.impl.zip'])('%s', async name => {
    const collected = await collect(zipComponent, readFileSync(join(TESTFILES, name)))
    expect(collected.children.map(child => sha256(child.bytes))).toEqual([
      '71e7b604d18aefd839e51a39c88df8383bb4c071dc31f87f00a2b5df580d4495',
    ])
    expect(collected.emissions.filter(({ emit }) => emit !== 'property')).toEqual([])
  })
})

const PYTHON_MAKERS = `
import io, sys, zipfile
folder = sys.argv[1]
class Pipe(io.RawIOBase):
    def __init__(self, file): self.file = file
    def writable(self): return True
    def seekable(self): return False
    def write(self, data): self.file.write(data); return len(data)
for name, method in ('stored', 0), ('deflate', 8), ('bzip2', 12), ('lzma', 14):
    for streamed in False, True:
        with open(f'{folder}/python-{name}-{streamed}.zip', 'wb') as file:
            with zipfile.ZipFile(Pipe(file) if streamed else file, 'w', method) as archive:
                archive.writestr('folder/', b'')
                for i in range(20): archive.writestr(f'folder/{i}', b'content ' * i)
with zipfile.ZipFile(f'{folder}/nested.zip', 'w', 0) as archive:
    archive.write(f'{folder}/python-deflate-True.zip', 'inner.zip')
    archive.write(f'{folder}/python-stored-False.zip', 'last.zip')
with zipfile.ZipFile(f'{folder}/nested-deflate.zip', 'w', 8, compresslevel=0) as archive:
    archive.write(f'{folder}/python-bzip2-True.zip', 'inner.zip')
`

/** Made by tools in use, in a folder that holds `tree`. */
const MAKERS: Record<string, string> = {
  zip: 'zip -qr zip.zip tree',
  'zip to a pipe': 'zip -qr - tree | cat > zip-pipe.zip',
  'zip from a pipe': 'cat tree/f9 | zip -q - - | cat > zip-both.zip',
  'zip stored': 'zip -qr0 zip-0.zip tree',
  'zip Zip64': 'zip -qr -fz zip-64.zip tree',
  'zip links': 'zip -qry zip-links.zip tree',
  'zip comment': 'echo hello | zip -qrz zip-comment.zip tree',
  'zip password': 'zip -qr -P secret zip-password.zip tree',
  '7z': '7z a -bso0 7z.zip tree',
  '7z Deflate64': '7z a -bso0 -mm=deflate64 7z-d64.zip tree',
  '7z LZMA': '7z a -bso0 -mm=lzma 7z-lzma.zip tree',
  '7z BZip2': '7z a -bso0 -mm=bzip2 7z-bzip2.zip tree',
  '7z XZ': '7z a -bso0 -mm=xz 7z-xz.zip tree',
  '7z AES-128': '7z a -bso0 -psecret -mem=AES128 7z-aes128.zip tree',
  '7z AES-256': '7z a -bso0 -psecret -mem=AES256 7z-aes256.zip tree',
  '7z ZipCrypto': '7z a -bso0 -psecret -mem=ZipCrypto 7z-classic.zip tree',
  bsdtar: 'bsdtar -a -cf bsdtar.zip tree',
  'bsdtar to a pipe': 'bsdtar -cf - --format zip tree | cat > bsdtar-pipe.zip',
  jar: 'if command -v jar > /dev/null; then jar cf jar.jar tree; fi',
  'jar stored': 'if command -v jar > /dev/null; then jar c0f jar0.jar tree; fi',
}

describe.skipIf(missing('unzip', 'p7zip', 'bsdtar').length > 0)('ordinary archives', () => {
  let scratch = ''
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'lazaret-zip-'))
    mkdirSync(join(scratch, 'tree', 'sub'), { recursive: true })
    for (let i = 0; i < 12; i++) writeFileSync(join(scratch, 'tree', `f${i}`), `line ${i} of text; `.repeat(40 * i))
    writeFileSync(join(scratch, 'tree', 'sub', 'ünïcode.txt'), 'x'.repeat(100))
    run('ln', ['-s', 'f1', join(scratch, 'tree', 'link')])
    for (const command of Object.values(MAKERS)) run('sh', ['-c', `cd ${scratch} && ${command}`])
    run('python3', ['-c', PYTHON_MAKERS, scratch])
  })
  afterAll(() => rmSync(scratch, { recursive: true, force: true }))

  it('give everything, and nothing odd', async () => {
    const faults: string[] = []
    const names = readdirSync(scratch).filter(name => /\.(zip|jar)$/.test(name))
    for (const name of names) {
      const collected = await openAll(join(scratch, name))
      if (collected.children.length < (name.includes('both') ? 1 : name.startsWith('nested') ? 1 : 12))
        faults.push(`${name}: too few`)
      faults.push(...missedOf(collected).map(missed => `${name}: ${missed}`))
      for (const emission of collected.emissions)
        if (emission.emit === 'anomaly') faults.push(`${name}: ${emission.detail}`)
    }
    expect(names.length).toBeGreaterThan(25)
    expect(faults).toEqual([])
  })
})
