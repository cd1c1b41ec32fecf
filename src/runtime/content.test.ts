import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFileContent } from './content.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lazaret-content-'))
})
afterAll(() => rm(folder, { recursive: true }))

test.each([0, 1, 99, 100, 101, 250, 1000])('%i bytes with a window of 100', async size => {
  const path = join(folder, 'file')
  const bytes = Buffer.alloc(size, 'abcdefg')
  await writeFile(path, bytes)
  const window = new Uint8Array(100)
  const read = readFileContent(path, window, 1000)
  expect(read.kind).toBe('content')
  if (read.kind !== 'content') return
  expect(Buffer.from(read.content).equals(bytes)).toBe(true)
  expect(read.content.buffer === window.buffer).toBe(size <= 100)
})

test('one byte over the limit is not read', async () => {
  const path = join(folder, 'large')
  await writeFile(path, Buffer.alloc(1001))
  expect(readFileContent(path, new Uint8Array(100), 1000)).toEqual({ kind: 'too-large', sizeBytes: 1001 })
})

test('files whose size says nothing are read to their end, within the limit', () => {
  const read = readFileContent('/proc/self/maps', new Uint8Array(64), 10_000_000)
  expect(read.kind === 'content' && read.content.length > 64).toBe(true)
  expect(readFileContent('/proc/self/maps', new Uint8Array(64), 64).kind).toBe('too-large')
})

test('a pipe nobody writes to is refused at once, like every other thing that is no file', async () => {
  execFileSync('mkfifo', [join(folder, 'fifo')])
  for (const path of [join(folder, 'fifo'), folder, '/dev/null']) {
    expect(() => readFileContent(path, new Uint8Array(1), 1)).toThrow(expect.objectContaining({ code: 'not-a-file' }))
  }
})

test('links are followed, and circles refused', async () => {
  await writeFile(join(folder, 'target'), 'abc')
  await symlink('target', join(folder, 'link'))
  await symlink('circle', join(folder, 'circle'))
  expect(readFileContent(join(folder, 'link'), new Uint8Array(9), 9).kind).toBe('content')
  expect(() => readFileContent(join(folder, 'circle'), new Uint8Array(9), 9)).toThrow(
    expect.objectContaining({ code: 'not-a-file' }),
  )
})
