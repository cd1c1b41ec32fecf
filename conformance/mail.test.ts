import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { componentNamed, COMPONENTS } from '../src/components/index.ts'
import { collect, missedOf } from '../src/components/testing/collect.ts'
import type { CollectedChild } from '../src/components/testing/collect.ts'
import { identify } from '../src/formats/index.ts'
import type { FileTypeName } from '../src/formats/index.ts'
import { missing } from './needs.ts'

const FILES = '/usr/share/clamav-testfiles'
const CLAM_SHA256 = '71e7b604d18aefd839e51a39c88df8383bb4c071dc31f87f00a2b5df580d4495'

/** Children of everything that accepts the type, and theirs, as deep as `rounds`. */
async function takeApart(bytes: Uint8Array, type: FileTypeName, rounds: number): Promise<CollectedChild[]> {
  const all: CollectedChild[] = []
  for (const component of COMPONENTS) {
    if (!component.manifest.accepts.includes(type)) continue
    const { children } = await collect(component, bytes, { type })
    all.push(...children)
    if (rounds > 1)
      for (const child of children)
        all.push(
          ...(await takeApart(child.bytes, child.type ?? (identify(child.bytes).name as FileTypeName), rounds - 1)),
        )
  }
  return all
}

describe.skipIf(missing('testfiles').length > 0)("clam.exe comes out of ClamAV's test files", () => {
  it.each([
    ['clam.mail', 1],
    ['clam.exe.mbox.base64', 1],
    ['clam.exe.mbox.uu', 1],
    ['clam.exe.binhex', 1],
    ['clam.tnef', 1],
    ['clam.exe.html', 1],
  ])('%s', async (name, rounds) => {
    const bytes = readFileSync(join(FILES, name))
    const children = await takeApart(bytes, identify(bytes).name as FileTypeName, rounds)
    const hashes = children.map(child => createHash('sha256').update(child.bytes).digest('hex'))
    expect(hashes).toContain(CLAM_SHA256)
  })
})

interface Generated {
  readonly raw: string
  readonly parts: readonly { readonly name: string; readonly data: string }[]
}

const generated = (seed: number, count: number): Generated[] =>
  execFileSync('python3', [join(import.meta.dirname, 'mail-generate.py'), `${seed}`, `${count}`], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  })
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Generated)

describe.skipIf(missing('python3').length > 0)("messages of Python's email package", () => {
  it.each([1, 2, 3])('every part comes out as Python reads it, seed %i', async seed => {
    const mail = componentNamed('mail')!
    for (const { raw, parts } of generated(seed, 200)) {
      const result = await collect(mail, Buffer.from(raw, 'base64'), { type: 'mail' })
      const found = new Set(result.children.map(child => Buffer.from(child.bytes).toString('base64')))
      const names = new Set(result.children.map(child => child.name))
      for (const { name, data } of parts) {
        // Parts of white space only are left out.
        if (Buffer.from(data, 'base64').toString('latin1').trim() !== '') expect(found, raw).toContain(data)
        if (name !== '' && data !== '') expect(names, raw).toContain(name)
      }
      expect(missedOf(result), raw).toEqual([])
      expect(
        result.emissions.filter(emission => emission.emit === 'anomaly'),
        raw,
      ).toEqual([])
    }
  })
})
