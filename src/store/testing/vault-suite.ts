import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UseCaseError } from '../../usecases/index.ts'
import type { EncryptedVault } from '../vault/vault.ts'

// What every place for contents must do.

/** A vault whose raw stored bytes can be seen and changed. */
export interface VaultUnderTest {
  /** Chunks of 1 KiB, so that little content has many. */
  open(): Promise<EncryptedVault>
  raw(name: string): Promise<Buffer | undefined>
  damage(name: string, change: (bytes: Buffer) => Buffer): Promise<void>
  /** Every name that is there, whatever it is. */
  names(): Promise<string[]>
  /** The server hangs for seconds when it is asked for a range of nothing. */
  readonly isSlowWhenEmpty?: true
  close(): Promise<void>
}

export const CHUNK_LOG2 = 10
const CHUNK = 2 ** CHUNK_LOG2
const HEAD = 512
const FRAME = CHUNK + 16

export const bytesOf = (length: number, seed = 1): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) * 7 + seed) & 0xff))
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export async function* streamOf(bytes: Uint8Array, step = 777): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield await Promise.resolve(bytes.subarray(at, at + step))
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof UseCaseError ? error.code : `not a UseCaseError: ${String(error)}`),
  )

async function keep(vault: EncryptedVault, bytes: Buffer): Promise<string> {
  const { intake, sha256: digest } = await vault.takeIn(streamOf(bytes), { maxBytes: 1e9 })
  await vault.keep(intake, digest)
  return digest
}

const all = async (items: AsyncIterable<string>): Promise<string[]> => {
  const found: string[] = []
  for await (const item of items) found.push(item)
  return found.sort()
}

export function vaultSuite(name: string, start: () => Promise<VaultUnderTest>): void {
  describe(`vault in ${name}`, () => {
    let place: VaultUnderTest
    let vault: EncryptedVault
    beforeAll(async () => {
      place = await start()
      vault = await place.open()
    })
    afterAll(async () => {
      await vault.close()
      await place.close()
    })

    const SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5 * CHUNK + 17, 40 * CHUNK]
    it.each(SIZES)('gives back %i bytes, whole and by range', async size => {
      const bytes = bytesOf(size, size)
      const taken = await vault.takeIn(streamOf(bytes), { maxBytes: size })
      expect(taken).toMatchObject({
        sizeBytes: size,
        sha256: sha256(bytes),
        sha1: createHash('sha1').update(bytes).digest('hex'),
        md5: createHash('md5').update(bytes).digest('hex'),
      })
      expect(await collect(await vault.openIntake(taken.intake))).toEqual(bytes)
      expect(await vault.has(taken.sha256)).toBe(false)
      await vault.keep(taken.intake, taken.sha256)
      await vault.keep(taken.intake, taken.sha256)
      expect(await codeOf(vault.openIntake(taken.intake))).toBe('content-not-kept')
      const opened = await vault.open(taken.sha256)
      expect(opened.sizeBytes).toBe(size)
      expect(await collect(opened.stream)).toEqual(bytes)
      const ranges = [0, 1, CHUNK - 1, CHUNK, size - 1, size].filter(offset => offset >= 0 && offset <= size)
      for (const offset of ranges) {
        for (const length of [0, 1, CHUNK, CHUNK + 1, size]) {
          const { stream } = await vault.open(taken.sha256, { offset, length })
          expect(await collect(stream)).toEqual(bytes.subarray(offset, offset + length))
        }
      }
      expect(await codeOf(vault.open(taken.sha256, { offset: size + 1, length: 1 }))).toBe('range-not-satisfiable')
    })

    it('stores nothing that can be read, and never the same bytes twice', async () => {
      const bytes = Buffer.from('EIN KLARER TEXT '.repeat(200))
      const [one, other] = [await vault.takeIn(streamOf(bytes), { maxBytes: 1e6 }), await vault.takeIn(streamOf(bytes), { maxBytes: 1e6 })] // prettier-ignore
      const [first, second] = [await place.raw(`intake/${one.intake}`), await place.raw(`intake/${other.intake}`)]
      expect(first?.includes('KLARER')).toBe(false)
      expect(first?.equals(second ?? Buffer.alloc(0))).toBe(false)
      await Promise.all([vault.discard(one.intake), vault.discard(other.intake)])
      expect(await place.raw(`intake/${one.intake}`)).toBeUndefined()
      await vault.discard(one.intake)
    })

    it('sees every changed, missing, added, moved and foreign byte', async () => {
      const bytes = bytesOf(4 * CHUNK + 100, 9)
      const digest = await keep(vault, bytes)
      const name = `store/${digest}`
      const original = (await place.raw(name)) ?? Buffer.alloc(0)
      const frame = (index: number): Buffer => original.subarray(HEAD + index * FRAME, HEAD + (index + 1) * FRAME)
      const flip = (at: number): Buffer => {
        const copy = Buffer.from(original)
        copy[at] ^= 1
        return copy
      }
      const other = await keep(vault, bytesOf(4 * CHUNK + 100, 10))
      const foreign = (await place.raw(`store/${other}`)) ?? Buffer.alloc(0)
      const cases: [string, Buffer][] = [
        ...[0, 7, 8, 40, 60, 100, 140].map(at => [`head ${at}`, flip(at)] as [string, Buffer]),
        ...[0, 1, 2, 3, 4].map(at => [`chunk ${at}`, flip(HEAD + at * FRAME + 5)] as [string, Buffer]),
        ['last byte', flip(original.length - 1)],
        ['cut by one', original.subarray(0, original.length - 1)],
        ['cut at a chunk', original.subarray(0, HEAD + 4 * FRAME)],
        ['cut in the head', original.subarray(0, 300)],
        ...(place.isSlowWhenEmpty ? [] : [['empty', Buffer.alloc(0)] as [string, Buffer]]),
        ['longer', Buffer.concat([original, Buffer.alloc(1)])],
        ['chunks exchanged', Buffer.concat([original.subarray(0, HEAD), frame(1), frame(0), original.subarray(HEAD + 2 * FRAME)])], // prettier-ignore
        ['a chunk twice', Buffer.concat([original.subarray(0, HEAD + FRAME), frame(0), original.subarray(HEAD + 2 * FRAME)])], // prettier-ignore
        ['another content', foreign],
        ['a head of another', Buffer.concat([foreign.subarray(0, HEAD), original.subarray(HEAD)])],
        ['a chunk of another', Buffer.concat([original.subarray(0, HEAD), foreign.subarray(HEAD, HEAD + FRAME), original.subarray(HEAD + FRAME)])], // prettier-ignore
      ]
      for (const [what, changed] of cases) {
        await place.damage(name, () => changed)
        const read = vault.open(digest).then(({ stream }) => collect(stream))
        expect(`${what}: ${await codeOf(read)}`).toBe(`${what}: internal`)
      }
      // What comes out before the damage is met is right.
      await place.damage(name, () => flip(HEAD + 3 * FRAME))
      const part = await vault.open(digest, { offset: 0, length: 3 * CHUNK })
      expect(await collect(part.stream)).toEqual(bytes.subarray(0, 3 * CHUNK))
      const { problems } = await vault.check({ deep: true })
      expect(problems.map(problem => problem.sha256)).toEqual([digest])
      await place.damage(name, () => original)
      expect((await vault.check({ deep: true })).problems).toEqual([])
    })

    it('leaves nothing of what failed, was too long, or was cancelled', async () => {
      const before = await place.names()
      const controller = new AbortController()
      async function* failing(): AsyncIterable<Uint8Array> {
        yield bytesOf(3 * CHUNK)
        await Promise.resolve()
        throw new UseCaseError('url-failed')
      }
      async function* cancelling(): AsyncIterable<Uint8Array> {
        yield bytesOf(3 * CHUNK)
        controller.abort()
        yield await Promise.resolve(bytesOf(10))
      }
      expect(await codeOf(vault.takeIn(failing(), { maxBytes: 1e6 }))).toBe('url-failed')
      expect(await codeOf(vault.takeIn(streamOf(bytesOf(5000)), { maxBytes: 4999 }))).toBe('too-large')
      const { signal } = controller
      expect(await codeOf(vault.takeIn(cancelling(), { maxBytes: 1e6, signal }))).toBe('cancelled')
      expect(await place.names()).toEqual(before)
    })

    it('deletes, lists, and refuses names that are none', async () => {
      const digest = await keep(vault, bytesOf(100, 77))
      expect(await vault.has(digest)).toBe(true)
      expect(await all(vault.list())).toContain(digest)
      await vault.delete(digest)
      await vault.delete(digest)
      expect(await vault.has(digest)).toBe(false)
      expect((await place.names()).some(name => name.includes(digest))).toBe(false)
      expect(await codeOf(vault.open(digest))).toBe('content-not-kept')
      for (const bad of ['../x', '', 'a/b', '..', digest.toUpperCase(), `${digest}/..`]) {
        expect(await vault.has(bad)).toBe(false)
        expect(await codeOf(vault.open(bad))).toBe('content-not-kept')
        expect(await codeOf(vault.openIntake(bad))).toBe('content-not-kept')
        await vault.delete(bad)
        await vault.discard(bad)
      }
      const { intake } = await vault.takeIn(streamOf(bytesOf(10)), { maxBytes: 10 })
      expect(await codeOf(vault.keep(intake, digest))).toBe('internal')
      expect(await all(vault.listIntakes(Date.now() + 60_000))).toContain(intake)
      expect(await all(vault.listIntakes(Date.now() - 60_000))).not.toContain(intake)
      await vault.discard(intake)
    })

    it('keeps the same content once, whoever brings it', async () => {
      const bytes = bytesOf(3000, 5)
      const digests = await Promise.all(Array.from({ length: 6 }, () => keep(vault, bytes)))
      expect(new Set(digests).size).toBe(1)
      expect(await collect((await vault.open(digests[0])).stream)).toEqual(bytes)
      expect(await all(vault.listIntakes(Infinity))).toEqual([])
    })

    it('rotates the key, seals old content by it, and drops the old one', async () => {
      const bytes = bytesOf(6 * CHUNK, 3)
      const digest = await keep(vault, bytes)
      const waiting = await vault.takeIn(streamOf(bytes), { maxBytes: 1e6 })
      const before = (await place.raw(`store/${digest}`)) ?? Buffer.alloc(0)
      const old = (await vault.status()).key
      // Another process, as the command line, rotates while this one works.
      const other = await place.open()
      const { key } = await other.rotate()
      expect(key).not.toBe(old)
      await other.close()
      await vault.rewrap()
      const { byKey, problems } = await vault.check({ deep: true })
      expect([...byKey.keys()]).toEqual([key])
      expect(problems).toEqual([])
      expect(await collect(await vault.openIntake(waiting.intake))).toEqual(bytes)
      const after = (await place.raw(`store/${digest}`)) ?? Buffer.alloc(0)
      expect(after.subarray(0, HEAD).equals(before.subarray(0, HEAD))).toBe(false)
      expect(after.subarray(HEAD).equals(before.subarray(HEAD))).toBe(true)
      expect(after.includes(Buffer.from(old, 'hex'))).toBe(false)
      expect(await vault.rewrap()).toBe(0)
      expect(await vault.dropUnusedKeys()).toEqual([old])
      expect(await collect((await vault.open(digest)).stream)).toEqual(bytes)
      // The old content, as a backup may hold it, says which key it needs.
      await place.damage(`store/${digest}`, () => before)
      const refusal = await vault.open(digest).catch((error: unknown) => error)
      expect(String(refusal)).toContain(`the key ${old} is not in the key file`)
      await place.damage(`store/${digest}`, () => after)
      await vault.discard(waiting.intake)
    })
  })
}
