import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMPONENTS, sevenZipComponent } from '../src/components/index.ts'
import { collect, missedOf } from '../src/components/testing/collect.ts'
import type { Collected } from '../src/components/testing/collect.ts'
import { identify } from '../src/formats/index.ts'
import type { FileTypeName } from '../src/formats/index.ts'
import { loadSevenZip, readSevenZipCode } from '../src/runtime/seven-zip-loader.ts'
import { CORPORA, samples } from './archives/corpus.ts'
import type { Sample } from './archives/corpus.ts'
import { extractedByTools, sha256, TOOLS } from './archives/tools.ts'
import { missing } from './needs.ts'

// Every member that Debian's extractors get out of other projects' test archives comes out here with the same bytes.
// What differs stands in archives-differences.md, each with its reason.

const TESTFILES = '/usr/share/clamav-testfiles'
const CLAM = '71e7b604d18aefd839e51a39c88df8383bb4c071dc31f87f00a2b5df580d4495'
/** Passwords of the corpora's encrypted archives; the tools get no others. */
const PASSWORDS = ['password', '12345678', 'password2']
const ENCRYPTED = /encr|crypt|aes/
const DIFFERENCES = join(import.meta.dirname, 'archives-differences.md')
/** Setup programs with clam.exe; in clam_ISmsi_int.exe it lies deeper, in an MSI package. */
const IN_SETUP = /^clam_IS(cab_(ext|int)|msi_ext)\.exe$/
/** Deeper than any of the test files. */
const MAX_DEPTH = 4

const components = [...COMPONENTS, sevenZipComponent(async () => loadSevenZip(await readSevenZipCode()))]
/** The one that takes a type apart by its own format; carving and resources are tested elsewhere. */
const componentFor = (type: FileTypeName) =>
  components.find(({ manifest }) => manifest.accepts.includes(type) && manifest.place !== 'engine')

async function takeApart(content: Uint8Array, passwords: readonly string[] = []): Promise<Collected | undefined> {
  const type = identify(content).name as FileTypeName
  const component = componentFor(type)
  return component === undefined ? undefined : collect(component, content, { type, passwords })
}

/** Members that a tool has and we have not, by its own name for them. */
async function lacking({ name, content }: Sample): Promise<string[]> {
  const passwords = ENCRYPTED.test(name) ? PASSWORDS : []
  const collected = await takeApart(content, passwords)
  if (collected === undefined) return []
  const ours = new Set(collected.children.map(child => sha256(child.bytes)))
  const theirs = extractedByTools(
    identify(content).name as FileTypeName,
    content,
    passwords.length > 0 ? passwords : [''],
  )
  return [...theirs].filter(([digest]) => !ours.has(digest)).map(([, member]) => member)
}

/** Names of samples in the table of differences. */
const explained = new Set(
  [...readFileSync(DIFFERENCES, 'utf8').matchAll(/^\| `(?<name>[^`]+)` \|/gm)].map(match => match.groups?.name),
)

const isTaken = ({ content }: Sample) => TOOLS[identify(content).name as FileTypeName] !== undefined

describe.skipIf(missing('corpora', 'extractors').length > 0)('members of other projects’ archives', () => {
  const taken = existsSync(CORPORA) ? [...samples('libarchive', 'rar', 'sevenzip')].filter(isTaken) : []

  it.each(taken.map(sample => [sample.name, sample] as const))('%s', async (name, sample) => {
    const lacks = await lacking(sample)
    if (explained.has(name)) expect(lacks, 'explained, but there is no difference any more').not.toEqual([])
    else expect(lacks).toEqual([])
  })
})

/** Digests of everything in the content, taken apart again and again. */
async function* inside(content: Uint8Array, depth = 0): AsyncGenerator<string> {
  yield sha256(content)
  if (depth === MAX_DEPTH) return
  const collected = await takeApart(content)
  for (const { bytes } of collected?.children ?? []) yield* inside(bytes, depth + 1)
}

describe.skipIf(missing('testfiles').length > 0)('clam.exe comes out of', () => {
  const files = ['clam.7z', 'clam.arj', 'clam.cab', 'clam.chm', 'clam.sis']
  if (existsSync(TESTFILES))
    files.push(...readdirSync(TESTFILES).filter(name => name.endsWith('.cpio') || IN_SETUP.test(name)))

  it.each(files)('%s', async name => {
    const content = readFileSync(join(TESTFILES, name))
    const found: string[] = []
    for await (const digest of inside(content)) found.push(digest)
    expect(found).toContain(CLAM)
    const collected = await takeApart(content)
    expect(collected === undefined ? ['nothing takes it'] : missedOf(collected)).toEqual([])
  })

  it('clam-nsis.exe, by its installer data', async () => {
    const collected = await collect(componentFor('nsis')!, readFileSync(join(TESTFILES, 'clam-nsis.exe')), {
      type: 'nsis',
    })
    expect(collected.children.map(child => sha256(child.bytes))).toContain(CLAM)
  })
})
