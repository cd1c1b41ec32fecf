import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RUNTIME_LIMITS } from './limits.ts'
import type { RuntimeLimits } from './limits.ts'
import { Spool } from './spool.ts'
import type { Collected } from './spool.ts'

let parent: string
let folder: string
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'lazaret-spool-'))
  folder = join(parent, 'spool')
})
afterEach(() => rm(parent, { recursive: true }))

const make = (limits: Partial<RuntimeLimits>): Spool =>
  new Spool(folder, { ...RUNTIME_LIMITS, spoolMemoryBytesPerJob: 100, spoolMemoryBytes: 150, ...limits })
async function* pieces(total: number, size = 30): AsyncGenerator<Uint8Array> {
  // One buffer for all pieces: chunks are borrowed only until the next one.
  const shared = Buffer.alloc(size)
  for (let at = 0; at < total; at += size) {
    const length = Math.min(size, total - at)
    for (let i = 0; i < length; i++) shared[i] = (at + i) % 251
    yield shared.subarray(0, length)
  }
}
const expected = (total: number): Uint8Array => Uint8Array.from({ length: total }, (_, i) => i % 251)
const bytesOf = (collected: Collected): Uint8Array | undefined => {
  if (collected.kind !== 'content') return undefined
  const { content } = collected
  return 'bytes' in content ? content.bytes : readFileSync(content.path)
}
const release = (...all: Collected[]): void => {
  for (const each of all) if (each.kind === 'content') each.release()
}
const files = async (): Promise<string[]> => (existsSync(folder) ? readdir(folder) : [])
const eventually = async (what: () => Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 200 && !(await what()); i++) await new Promise(resolve => setTimeout(resolve, 5))
  expect(await what()).toBe(true)
}

test.each([0, 1, 30, 99, 100, 101, 1000])('%i bytes come out as they went in', async total => {
  const spool = make({})
  const collected = await spool.collect(pieces(total))
  expect(Buffer.from(bytesOf(collected) ?? []).equals(expected(total))).toBe(true)
  expect((await files()).length).toBe(total > 100 ? 1 : 0)
  release(collected)
  await eventually(async () => (await files()).length === 0)
  expect(spool.memoryBytes).toBe(0)
})

test('memory is shared by all, then files are used; they are for the owner alone', async () => {
  const spool = make({})
  const first = await spool.collect(pieces(100))
  const second = await spool.collect(pieces(100))
  expect([first, second].map(each => each.kind === 'content' && 'bytes' in each.content)).toEqual([true, false])
  const [name] = await files()
  expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
  release(first, second)
  await eventually(async () => (await files()).length === 0)
})

test('what an earlier process left is removed', async () => {
  await mkdir(folder)
  await writeFile(join(folder, 'old'), 'x')
  const spool = make({})
  const collected = await spool.collect(pieces(500))
  expect(await files()).toHaveLength(1)
  release(collected)
  await spool.close()
  expect(existsSync(folder)).toBe(false)
})

test('busy when full, too large when too large; nothing is left behind', async () => {
  const spool = make({ spoolFileBytes: 300, maxFileSizeBytes: 2000, maxSpooling: 1 })
  await expect(spool.collect(pieces(500))).rejects.toMatchObject({ code: 'busy' })
  expect(await make({ maxFileSizeBytes: 200 }).collect(pieces(500))).toMatchObject({ kind: 'too-large' })
  const endless = spool.collect(pieces(Infinity, 1))
  await expect(spool.collect(pieces(1))).rejects.toMatchObject({ code: 'busy' })
  await expect(endless).rejects.toMatchObject({ code: 'busy' })
  await eventually(async () => (await files()).length === 0)
  expect(spool.memoryBytes).toBe(0)
})

test('a cancelled stream is ended', async () => {
  const spool = make({})
  const abort = new AbortController()
  let ended = false
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        yield Buffer.from('abc')
        await new Promise(resolve => setTimeout(resolve, 1))
      }
    } finally {
      ended = true
    }
  }
  const collecting = spool.collect(stream(), abort.signal)
  setTimeout(() => abort.abort(), 20)
  await expect(collecting).rejects.toMatchObject({ code: 'cancelled' })
  await eventually(async () => ended)
  await expect(spool.collect(pieces(10), AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' })
})
