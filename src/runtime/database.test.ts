import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildImage } from './database-build.ts'
import { inspectImage, readMeta, verifyImage } from './database-inspect.ts'
import { DatabaseError } from './database-error.ts'
import { locateDatabase } from './database-sources.ts'
import type { DatabaseErrorCode } from './database-error.ts'
import { resolveDatabase } from './database.ts'

let root: string
let sources: string
let cacheDirectory: string

const MD5 = '0123456789abcdef0123456789abcdef'
const HDB = `${MD5}:100:Test.One\n`
const NDB = 'Test.Two:0:*:deadbeef00112233\nbroken line\n'

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lazaret-database-'))
  sources = join(root, 'sources')
  cacheDirectory = join(root, 'cache')
  mkdirSync(sources)
  writeFileSync(join(sources, 'b.hdb'), HDB)
  writeFileSync(join(sources, 'a.ndb'), NDB)
  writeFileSync(join(sources, 'notes.md'), 'not a database')
})
afterEach(() => rmSync(root, { recursive: true }))

const resolve = (more: { rebuild?: boolean; unwanted?: boolean } = {}) =>
  resolveDatabase({ paths: [sources], cacheDirectory, unwanted: false, ...more })

async function codeOf(action: () => unknown): Promise<DatabaseErrorCode> {
  try {
    await action()
  } catch (error) {
    if (error instanceof DatabaseError) return error.code
    throw error
  }
  throw new Error('nothing was thrown')
}

const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')
const images = (): string[] => readdirSync(cacheDirectory).filter(name => name.endsWith('.lzdb'))

function build(output = join(root, 'out.lzdb')): string {
  const located = locateDatabase([sources])
  if (located.kind !== 'sources') throw new Error('sources expected')
  buildImage({ files: located.files, output, unwanted: false })
  return output
}

describe('locateDatabase', () => {
  it('takes the signature files of a directory, by name, and nothing else', () => {
    const located = locateDatabase([sources])
    expect(located.kind === 'sources' && located.files.map(file => file.name)).toEqual(['a.ndb', 'b.hdb'])
  })

  it('knows an image by its first bytes, whatever it is called', () => {
    const path = build(join(root, 'image'))
    expect(locateDatabase([path])).toEqual({ kind: 'image', path })
  })

  it.each([
    ['database-not-found', () => [join(root, 'nowhere')]],
    ['database-empty', () => [cacheDirectory]],
    ['database-mixed', () => [build(), sources]],
  ] as [DatabaseErrorCode, () => string[]][])('refuses with %s', async (code, paths) => {
    mkdirSync(cacheDirectory)
    expect(await codeOf(() => locateDatabase(paths()))).toBe(code)
  })
})

describe('buildImage', () => {
  it('is deterministic and says what was left out', () => {
    const first = digest(build())
    const located = locateDatabase([join(sources, 'b.hdb'), join(sources, 'a.ndb')])
    if (located.kind !== 'sources') throw new Error('sources expected')
    const output = join(root, 'again.lzdb')
    const outcome = buildImage({ files: located.files.toReversed(), output, unwanted: false })
    expect(digest(output)).toBe(first)
    expect(outcome.meta.signatures).toBe(2)
    expect(outcome.problems).toMatchObject([{ file: 'a.ndb', line: 2, code: 'field-count' }])
    expect(readdirSync(root).filter(name => name.endsWith('.tmp'))).toEqual([])
  })

  it('leaves the old image alone where nothing can be used', async () => {
    const path = build()
    const before = digest(path)
    writeFileSync(join(sources, 'a.ndb'), 'broken\n')
    rmSync(join(sources, 'b.hdb'))
    expect(await codeOf(() => build())).toBe('database-empty')
    expect(digest(path)).toBe(before)
  })

  it('says where it cannot write', async () => {
    writeFileSync(join(root, 'file'), '')
    expect(await codeOf(() => build(join(root, 'file', 'out.lzdb')))).toBe('database-unwritable')
  })
})

describe('inspectImage and verifyImage', () => {
  it('tell what an image holds', async () => {
    const path = build()
    const summary = await verifyImage(path)
    expect(summary).toEqual(inspectImage(path))
    expect(summary.meta).toMatchObject({ signatures: 2, skipped: { 'field-count': 1 } })
    expect(readMeta(path)).toEqual(summary.meta)
  })

  it('find every single byte that was changed', async () => {
    const path = build()
    const good = readFileSync(path)
    const step = Math.max(1, Math.floor(good.length / 150))
    for (let at = 0; at < good.length; at += at < 256 ? 1 : step) {
      const bad = Buffer.from(good)
      bad[at] ^= 0x10
      writeFileSync(path, bad)
      // Reserved bytes of the header have no meaning: nothing else may pass.
      const reserved = at >= 28 && at < 32
      if (!reserved) expect(await codeOf(() => verifyImage(path)), `byte ${at}`).toBe('database-corrupt')
    }
  })

  it('find every truncation', async () => {
    const path = build()
    const { length } = readFileSync(path)
    for (let size = length - 1; size >= 0; size -= Math.ceil(length / 100)) {
      truncateSync(path, size)
      expect(await codeOf(() => verifyImage(path)), `${size} bytes`).toBe('database-corrupt')
      expect(await codeOf(() => inspectImage(path)), `${size} bytes`).toBe('database-corrupt')
    }
  })
})

describe('resolveDatabase', () => {
  it('builds at first use and not again', async () => {
    const first = await resolve()
    expect(first.built?.meta.signatures).toBe(2)
    expect(first.skipped).toBe(1)
    expect(await verifyImage(first.imagePath)).toMatchObject({ meta: { signatures: 2 } })
    const second = await resolve()
    expect(second.built).toBeUndefined()
    expect(second).toEqual({ imagePath: first.imagePath, rebuildable: true, skipped: 1 })
  })

  it('knows the same content again in other files', async () => {
    const first = await resolve()
    const now = new Date(Date.now() + 10_000)
    utimesSync(join(sources, 'a.ndb'), now, now)
    const second = await resolve()
    expect(second.built).toBeUndefined()
    expect(second.imagePath).toBe(first.imagePath)
  })

  it('notices changed content and other options', async () => {
    const first = await resolve()
    writeFileSync(join(sources, 'b.hdb'), HDB + HDB.replace('One', 'Three').replace(':100:', ':200:'))
    const second = await resolve()
    expect(second.built?.meta.signatures).toBe(3)
    expect(second.imagePath).not.toBe(first.imagePath)
    expect((await resolve({ unwanted: true })).imagePath).not.toBe(second.imagePath)
  })

  it('builds anew what was truncated, and what it is told to', async () => {
    const { imagePath } = await resolve()
    const good = digest(imagePath)
    truncateSync(imagePath, 100)
    expect((await resolve()).built).toBeDefined()
    expect(digest(imagePath)).toBe(good)
    expect((await resolve({ rebuild: true })).built).toBeDefined()
    expect(digest(imagePath)).toBe(good)
  })

  it('uses a built image as it is', async () => {
    const imagePath = build()
    const resolved = await resolveDatabase({ paths: [imagePath], cacheDirectory, unwanted: false })
    expect(resolved).toEqual({ imagePath, rebuildable: false, skipped: 1 })
    expect(existsSync(cacheDirectory)).toBe(false)
  })

  it('keeps only the images used last', async () => {
    for (let i = 0; i < 10; i++) {
      writeFileSync(join(sources, 'b.hdb'), HDB.replace('One', `N${i}`))
      await resolve()
    }
    expect(images()).toHaveLength(8)
    expect(readdirSync(cacheDirectory).filter(name => name.endsWith('.building'))).toEqual([])
  })

  it('passes on why its builder failed', async () => {
    writeFileSync(join(sources, 'a.ndb'), 'broken\n')
    rmSync(join(sources, 'b.hdb'))
    expect(await codeOf(() => resolve())).toBe('database-empty')
    expect(images()).toEqual([])
  })
})
