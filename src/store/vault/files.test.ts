import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { execFileSync, spawnSync } from 'node:child_process'
import { afterAll, describe, expect, it } from 'vitest'
import { bytesOf, CHUNK_LOG2, codeOf, collect, sha256, streamOf, vaultSuite } from '../testing/vault-suite.ts'
import { openVault } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'lazaret-vault-'))
afterAll(() => rmSync(folder, { recursive: true }))

const filesBelow = (root: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(entry => join(entry.parentPath, entry.name))

const openAt = (place: string, owner = false): ReturnType<typeof openVault> =>
  openVault({ place, keyFile: `${place}.keys`, owner, chunkLog2: CHUNK_LOG2 })

vaultSuite('files', async () => {
  const root = join(folder, 'suite')
  const pathOf = (name: string): string => {
    const [room, id] = name.split('/')
    return room === 'intake' ? join(root, name) : join(root, room, id.slice(0, 2), id.slice(2, 4), id)
  }
  return Promise.resolve({
    open: () => openAt(root),
    raw: name => Promise.resolve(statSync(pathOf(name), { throwIfNoEntry: false }) && readFileSync(pathOf(name))),
    damage: (name, change) => Promise.resolve(writeFileSync(pathOf(name), change(readFileSync(pathOf(name))))),
    names: () =>
      Promise.resolve(
        filesBelow(root)
          .map(path => relative(root, path))
          .sort(),
      ),
    close: () => Promise.resolve(),
  })
})

describe('vault in files, on the disk', () => {
  it('is for its user alone', async () => {
    const root = join(folder, 'modes')
    const vault = await openAt(root)
    const taken = await vault.takeIn(streamOf(bytesOf(5000)), { maxBytes: 5000 })
    const { intake } = await vault.takeIn(streamOf(bytesOf(50)), { maxBytes: 5000 })
    await vault.keep(taken.intake, taken.sha256)
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const mode = lstatSync(join(entry.parentPath, entry.name)).mode & 0o777
      expect(`${entry.name} ${mode.toString(8)}`).toBe(`${entry.name} ${entry.isDirectory() ? '700' : '600'}`)
    }
    expect(lstatSync(`${root}.keys`).mode & 0o777).toBe(0o600)
    chmodSync(`${root}.keys`, 0o644)
    expect(await codeOf(openAt(root))).toBe('internal')
    chmodSync(`${root}.keys`, 0o600)
    await vault.discard(intake)
    await vault.close()
  })

  it('follows no symbolic link', async () => {
    const root = join(folder, 'links')
    const vault = await openAt(root)
    const { intake } = await vault.takeIn(streamOf(bytesOf(5000)), { maxBytes: 5000 })
    symlinkSync(join(root, 'intake', intake), join(root, 'intake', 'link'))
    expect(await codeOf(vault.openIntake('link'))).toBe('internal')
    await vault.close()
    const elsewhere = join(folder, 'elsewhere')
    symlinkSync(root, elsewhere)
    expect(await codeOf(openAt(elsewhere))).toBe('internal')
  })

  it('removes what a crash has left, and only where it owns the place', async () => {
    const root = join(folder, 'crash')
    const first = await openAt(root)
    const { intake } = await first.takeIn(streamOf(bytesOf(5000)), { maxBytes: 5000 })
    await first.close()
    const rest = join(root, 'intake', 'half.part')
    writeFileSync(rest, 'half')
    await (await openAt(root)).close()
    expect(statSync(rest, { throwIfNoEntry: false })).toBeDefined()
    const owner = await openAt(root, true)
    expect(statSync(rest, { throwIfNoEntry: false })).toBeUndefined()
    expect(await collect(await owner.openIntake(intake))).toEqual(bytesOf(5000))
    await owner.close()
  })

  it('makes no new keys for old contents', async () => {
    const root = join(folder, 'keyless')
    const vault = await openAt(root)
    await vault.takeIn(streamOf(bytesOf(10)), { maxBytes: 10 })
    await vault.close()
    rmSync(`${root}.keys`)
    await expect(openAt(root)).rejects.toThrow('put it back')
    writeFileSync(`${root}.keys`, '{"version":1', { mode: 0o600 })
    await expect(openAt(root)).rejects.toThrow('damaged')
  })

  it('changes the key file one after the other, and takes over the lock of a process that was killed', async () => {
    const root = join(folder, 'locks')
    const vaults = await Promise.all([openAt(root), openAt(root), openAt(root)])
    const dead = spawnSync(process.execPath, ['-e', '']).pid
    writeFileSync(`${root}.keys.lock`, `${hostname()} ${dead} x`, { mode: 0o600 })
    const keys = await Promise.all(vaults.map(vault => vault.rotate()))
    const file = JSON.parse(readFileSync(`${root}.keys`, 'utf8')) as { keys: { id: string }[] }
    expect(
      file.keys
        .slice(1)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(keys.map(({ key }) => key).sort())
    expect(readdirSync(folder).filter(name => name.startsWith('locks.keys.'))).toEqual([])
    for (const vault of vaults) await vault.close()
  })

  it('goes on with a rotation that was interrupted anywhere', async () => {
    const root = join(folder, 'rotation')
    const vault = await openAt(root)
    const digests: string[] = []
    for (let seed = 0; seed < 8; seed++) {
      const taken = await vault.takeIn(streamOf(bytesOf(3000, seed)), { maxBytes: 3000 })
      await vault.keep(taken.intake, taken.sha256)
      digests.push(taken.sha256)
    }
    await vault.rotate()
    // Ends at the next content.
    await vault.close()
    const torn = filesBelow(join(root, 'store'))[0]
    const bytes = readFileSync(torn)
    // A write of the new slot that was torn: the old slot counts.
    const [used, free] = bytes.readUInt32LE(32) > bytes.readUInt32LE(160) ? [32, 160] : [160, 32]
    bytes.writeUInt32LE(bytes.readUInt32LE(used) + 1, free)
    bytes.fill(0x55, free + 4, free + 60)
    writeFileSync(torn, bytes)
    const again = await openAt(root, true)
    const { key } = await again.status()
    await again.rewrap()
    await expect.poll(async () => [...(await again.check({ deep: true })).byKey.entries()]).toEqual([[key, 8]])
    for (const [seed, digest] of digests.entries()) {
      expect(sha256(await collect((await again.open(digest)).stream))).toBe(sha256(bytesOf(3000, seed)))
    }
    await again.close()
  })

  it('deletes while somebody reads, who reads to the end', async () => {
    const vault = await openAt(join(folder, 'reading'))
    const bytes = bytesOf(20_000)
    const taken = await vault.takeIn(streamOf(bytes), { maxBytes: 20_000 })
    await vault.keep(taken.intake, taken.sha256)
    const { stream } = await vault.open(taken.sha256)
    await vault.delete(taken.sha256)
    expect(await collect(stream)).toEqual(bytes)
    expect(filesBelow(join(folder, 'reading'))).toEqual([])
    await vault.close()
  })
})

function mountSmallDisk(path: string): boolean {
  try {
    execFileSync('mkdir', ['-p', path])
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const disk = join(folder, 'disk')
const isMounted = mountSmallDisk(disk)
describe.skipIf(!isMounted)('vault on a full disk (needs the right to mount)', () => {
  afterAll(() => execFileSync('umount', [disk]))

  it('says so, leaves nothing half, and loses nothing', async () => {
    const root = join(disk, 'vault')
    const vault = await openAt(root)
    const small = await vault.takeIn(streamOf(bytesOf(100_000)), { maxBytes: 1e9 })
    await vault.keep(small.intake, small.sha256)
    const before = filesBelow(root)
    expect(await codeOf(vault.takeIn(streamOf(bytesOf(3_000_000)), { maxBytes: 1e9 }))).toBe('storage-full')
    expect(filesBelow(root)).toEqual(before)
    expect(await codeOf(vault.rotate())).toBe('no error')
    await vault.rewrap()
    expect(sha256(await collect((await vault.open(small.sha256)).stream))).toBe(small.sha256)
    const next = await vault.takeIn(streamOf(bytesOf(100_000, 8)), { maxBytes: 1e9 })
    expect(next.sizeBytes).toBe(100_000)
    expect((await vault.status()).freeBytes).toBeLessThan(900_000)
    await vault.close()
  })
})
