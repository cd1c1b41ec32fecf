import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import { AwsClient } from 'aws4fetch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFakeS3, type FakeS3 } from '../testing/fake-s3.ts'
import { bytesOf, CHUNK_LOG2, codeOf, collect, sha256, streamOf, vaultSuite } from '../testing/vault-suite.ts'
import { openVault } from './index.ts'
import type { S3Options } from './s3.ts'

const folder = mkdtempSync(join(tmpdir(), 'lazaret-s3-'))
afterAll(() => rmSync(folder, { recursive: true }))

const optionsFor = (endpoint: string): S3Options => ({
  endpoint,
  bucket: 'vault',
  prefix: 'lazaret/',
  region: 'us-east-1',
  accessKeyId: 'S3RVER',
  secretAccessKey: 'S3RVER',
  // Several parts of several chunks.
  partBytes: 4000,
  firstRetryMs: 4,
})

interface S3rver {
  run(): Promise<AddressInfo>
  close(): Promise<void>
}

vaultSuite('S3 (s3rver)', async () => {
  // @ts-expect-error It has no types.
  const { default: S3rver } = (await import('s3rver')) as {
    default: new (options: object) => S3rver
  }
  const directory = join(folder, 's3rver')
  const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory, configureBuckets: [{ name: 'vault', configs: [] }] }) // prettier-ignore
  const { port } = await server.run()
  const options = optionsFor(`http://127.0.0.1:${port}`)
  const client = new AwsClient({ accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER', region: 'us-east-1', service: 's3' })
  const url = (name: string): string => `${options.endpoint}/vault/lazaret/${name}`
  const raw = async (name: string): Promise<Buffer | undefined> => {
    const answer = await client.fetch(url(name))
    return answer.ok ? Buffer.from(await answer.arrayBuffer()) : undefined
  }
  return {
    open: () =>
      openVault({ place: options, keyFile: join(folder, 's3rver.keys'), owner: false, chunkLog2: CHUNK_LOG2 }),
    raw,
    damage: async (name, change) => {
      const body = change((await raw(name)) ?? Buffer.alloc(0))
      expect((await client.fetch(url(name), { method: 'PUT', body: new Uint8Array(body) })).status).toBe(200)
    },
    names: async () => {
      const xml = await (await client.fetch(`${options.endpoint}/vault?list-type=2`)).text()
      return [...xml.matchAll(/<Key>([^<]+)/g)].map(match => match[1]).sort()
    },
    isSlowWhenEmpty: true,
    close: () => server.close(),
  }
})

vaultSuite('S3 with versions', async () => {
  const fake = await startFakeS3()
  const place = optionsFor(fake.endpoint)
  const key = (name: string): string => `lazaret/${name}`
  return {
    open: () => openVault({ place, keyFile: join(folder, 'fake.keys'), owner: false, chunkLog2: CHUNK_LOG2 }),
    raw: name => Promise.resolve(fake.objects.get(key(name))?.at(-1)?.body),
    damage: (name, change) => {
      const body = change(fake.objects.get(key(name))?.at(-1)?.body ?? Buffer.alloc(0))
      return Promise.resolve(void fake.objects.set(key(name), [{ id: 'damaged', body, atMs: Date.now() }]))
    },
    // Every version counts: what was deleted is gone, not hidden.
    names: () => Promise.resolve([...fake.objects.keys(), ...fake.uploads.keys()].sort()),
    close: () => fake.close(),
  }
})

describe('vault in S3 that fails', () => {
  let fake: FakeS3
  let vault: Awaited<ReturnType<typeof openVault>>
  const open = (owner: boolean): ReturnType<typeof openVault> =>
    openVault({ place: optionsFor(fake.endpoint), keyFile: join(folder, 'fail.keys'), owner, chunkLog2: CHUNK_LOG2 })
  beforeAll(async () => {
    fake = await startFakeS3()
    vault = await open(false)
  })
  afterAll(() => fake.close())
  const bytes = bytesOf(30_000)

  it('repeats what passes: statuses, and answers that were lost', async () => {
    let calls = 0
    fake.fail = () => (calls++ % 3 === 0 ? 503 : calls % 5 === 0 ? 'drop' : undefined)
    const taken = await vault.takeIn(streamOf(bytes), { maxBytes: 1e6 })
    await vault.keep(taken.intake, taken.sha256)
    fake.fail = () => undefined
    expect(sha256(await collect((await vault.open(taken.sha256)).stream))).toBe(taken.sha256)
    expect(fake.uploads.size).toBe(0)
  })

  it.each([
    [507, 'storage-full'],
    [403, 'internal'],
  ])('gives up at %i, and leaves nothing', async (status, code) => {
    const before = fake.objects.size
    let parts = 0
    fake.fail = (method, _, query) => (method === 'PUT' && query.has('partNumber') && ++parts > 3 ? status : undefined)
    expect(await codeOf(vault.takeIn(streamOf(bytes), { maxBytes: 1e6 }))).toBe(code)
    fake.fail = () => undefined
    expect([fake.objects.size, fake.uploads.size]).toEqual([before, 0])
  })

  it('removes uploads that were left, and says when it cannot be reached', async () => {
    fake.uploads.set('left', { key: 'lazaret/intake/x', parts: new Map() })
    fake.uploads.set('foreign', { key: 'other/x', parts: new Map() })
    await (await open(true)).close()
    expect([...fake.uploads.keys()]).toEqual(['foreign'])
    const nobody = openVault({
      place: optionsFor('http://127.0.0.1:9'),
      keyFile: join(folder, 'none.keys'),
      owner: false,
    })
    expect(await codeOf(nobody)).toBe('internal')
  })

  it('brings no content back that was deleted while it was sealed anew', async () => {
    const taken = await vault.takeIn(streamOf(bytesOf(9000, 4)), { maxBytes: 1e6 })
    await vault.keep(taken.intake, taken.sha256)
    const rotating = vault.rotate()
    await vault.delete(taken.sha256)
    await rotating
    await vault.rewrap()
    expect(await vault.has(taken.sha256)).toBe(false)
    expect([...fake.objects.keys()].some(name => name.includes(taken.sha256))).toBe(false)
    await vault.close()
  })
})
