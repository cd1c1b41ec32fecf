import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMPONENTS } from '../src/components/index.ts'
import { collect } from '../src/components/testing/collect.ts'
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
